// A clock whose wall and monotonic time a test moves apart.
#pragma once

#include "core/clock.hpp"

namespace skerry::licensing {

class TwoClocks final : public Clock {
 public:
  static constexpr UnixMillis began = 1'780'000'000'000;
  UnixMillis wall_ms() const override { return wall; }
  std::int64_t monotonic_ms() const override { return monotonic; }
  void pass(std::int64_t seconds) {
    wall += seconds * 1000;
    monotonic += seconds * 1000;
  }

  UnixMillis wall = began;
  std::int64_t monotonic = 5'000;
};

}  // namespace skerry::licensing
