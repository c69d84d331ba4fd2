// A Random that repeats itself, for tests.
#pragma once

#include <random>

#include "core/random.hpp"

namespace skerry {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint32_t seed) : engine_(seed) {}

  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_;
};

}  // namespace skerry
