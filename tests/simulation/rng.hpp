// Where a simulated run gets its chances and its random bytes: the same for the same seed, on every
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace skerry::sim {

// SplitMix64 (Steele, Lea, Flood 2014).
class Rng final : public Random {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // The position of a weight, as often as it weighs; they are not all 0.
  std::size_t weighted(const std::vector<unsigned>& weights) {
    std::size_t dice = below(std::accumulate(weights.begin(), weights.end(), std::size_t{0}));
    std::size_t at = 0;
    while (dice >= weights[at]) dice -= weights[at++];
    return at;
  }
  // 0 … count − 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1)));
  }
  bool percent(unsigned chance) { return below(100) < chance; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  // Amid what somebody does that wants random bytes, once.
  std::function<void()> at_next_fill;

  void fill(std::span<std::uint8_t> out) override {
    if (const auto happens = std::exchange(at_next_fill, nullptr)) happens();
    for (std::size_t i = 0; i < out.size(); i += 8) {
      std::uint64_t bits = next();
      for (std::size_t j = i; j < out.size() && j < i + 8; ++j, bits >>= 8)
        out[j] = static_cast<std::uint8_t>(bits);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace skerry::sim
