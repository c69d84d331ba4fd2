// A generator that gives the same bytes in every run. Never for real keys.
#pragma once

#include <random>

#include "core/bytes.hpp"
#include "core/random.hpp"

namespace skerry::crypto {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint32_t seed) : engine_(seed) {}

  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine_() >> 24);
  }

 private:
  std::mt19937 engine_;
};

inline Bytes seeded_bytes(std::size_t size, std::uint32_t seed = 1) {
  Bytes bytes(size);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

}  // namespace skerry::crypto
