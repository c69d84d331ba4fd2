#include "core/clock.hpp"

#include <gtest/gtest.h>

namespace skerry {
namespace {

TEST(Clock, WallTimeIsInMillisecondsOfThisCentury) {
  const SystemClock clock;
  EXPECT_GT(clock.wall_ms(), 946'684'800'000);    // 2000
  EXPECT_LT(clock.wall_ms(), 4'102'444'800'000);  // 2100
}

TEST(Clock, MonotonicTimeNeverGoesBack) {
  const SystemClock clock;
  std::int64_t before = clock.monotonic_ms();
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t after = clock.monotonic_ms();
    ASSERT_GE(after, before);
    before = after;
  }
}

}  // namespace
}  // namespace skerry
