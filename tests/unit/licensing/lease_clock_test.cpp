#include "licensing/lease_clock.hpp"

#include <gtest/gtest.h>

#include "tests/unit/licensing/two_clocks.hpp"

namespace skerry::licensing {
namespace {

constexpr std::int64_t clock_day_ms = 24ll * 3600 * 1000;

TEST(LeaseClock, BeginsAtTheWallClockAndRunsOnTheMonotonicOne) {
  TwoClocks clocks;
  const LeaseClock clock(clocks, 0);
  EXPECT_EQ(clock.now(), TwoClocks::began);
  clocks.pass(60);
  EXPECT_EQ(clock.now(), TwoClocks::began + 60'000);
  clocks.wall += 30 * clock_day_ms;
  EXPECT_EQ(clock.now(), TwoClocks::began + 60'000);
  clocks.wall -= 90 * clock_day_ms;
  EXPECT_EQ(clock.now(), TwoClocks::began + 60'000);
}

TEST(LeaseClock, NeverBeginsBeforeItsFloor) {
  TwoClocks clocks;
  const LeaseClock clock(clocks, TwoClocks::began + clock_day_ms);
  EXPECT_EQ(clock.now(), TwoClocks::began + clock_day_ms);
  clocks.pass(1);
  EXPECT_EQ(clock.now(), TwoClocks::began + clock_day_ms + 1000);
}

TEST(LeaseClock, WhatABundleTellsRaisesTheFloorAndEndsNoLease) {
  TwoClocks clocks;
  LeaseClock clock(clocks, 0);
  clock.raise(TwoClocks::began + clock_day_ms);
  EXPECT_EQ(clock.now(), TwoClocks::began);
  EXPECT_EQ(clock.floor(), TwoClocks::began + clock_day_ms);
  clock.raise(TwoClocks::began - clock_day_ms);
  EXPECT_EQ(clock.floor(), TwoClocks::began + clock_day_ms);
  clocks.pass(2 * 24 * 3600);
  EXPECT_EQ(clock.floor(), clock.now());
}

TEST(LeaseClock, TellsAJumpOnce) {
  TwoClocks clocks;
  LeaseClock clock(clocks, 0);
  clocks.pass(3600);
  EXPECT_EQ(clock.check(), std::nullopt);
  clocks.wall += clock_day_ms;
  EXPECT_EQ(clock.check(),
            (ClockJump{TwoClocks::began + 3'600'000, TwoClocks::began + 3'600'000 + clock_day_ms}));
  EXPECT_EQ(clock.check(), std::nullopt);
  clocks.wall -= clock_day_ms;
  EXPECT_EQ(clock.check(),
            (ClockJump{TwoClocks::began + 3'600'000 + clock_day_ms, TwoClocks::began + 3'600'000}));
}

TEST(LeaseClock, AClockBeingDisciplinedIsNoJump) {
  TwoClocks clocks;
  LeaseClock clock(clocks, 0);
  for (int i = 0; i < 10; ++i) {
    clocks.wall += LeaseClock::jump_ms_min - 1;
    EXPECT_EQ(clock.check(), std::nullopt);
  }
}

TEST(LeaseClock, AWallClockBehindTheFloorIsAJumpBetweenTwoRuns) {
  TwoClocks clocks;
  LeaseClock clock(clocks, TwoClocks::began + clock_day_ms);
  EXPECT_EQ(clock.check(), (ClockJump{TwoClocks::began + clock_day_ms, TwoClocks::began}));
  EXPECT_EQ(clock.check(), std::nullopt);
}

}  // namespace
}  // namespace skerry::licensing
