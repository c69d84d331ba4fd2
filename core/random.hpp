// Port: where random bytes come from. The simulator injects a seeded one.
#pragma once

#include <cstdint>
#include <span>

namespace skerry {

class Random {
 public:
  virtual ~Random() = default;
  // Fills `out` with bytes an attacker cannot guess (in production). Thread-safe.
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace skerry
