// A clock that stands still until a test moves it.
#pragma once

#include <atomic>

#include "core/clock.hpp"

namespace skerry::store {

class TestClock final : public Clock {
 public:
  UnixMillis wall_ms() const override { return now.load(); }
  std::int64_t monotonic_ms() const override { return now.load(); }
  std::atomic<UnixMillis> now{1'780'000'000'000};
};

}  // namespace skerry::store
