#include "daemon/movable_clock.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t slack_ms = 60'000;  // between two looks at a clock on a busy machine

class MovableClockTest : public ::testing::Test {
 protected:
  ClockLever lever() { return std::move(*ClockLever::open(file, true)); }

  TemporaryFolder temporary;
  const std::filesystem::path file = temporary.path() / "clock";
  const SystemClock system;
};

TEST_F(MovableClockTest, IsTheSystemsWithoutALever) {
  const MovableClock clock;
  EXPECT_LT(std::abs(clock.wall_ms() - system.wall_ms()), slack_ms);
  EXPECT_LT(std::abs(clock.monotonic_ms() - system.monotonic_ms()), slack_ms);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(MovableClockTest, AMoveOfAnotherProcessCountsAtOnce) {
  MovableClock clock;
  clock.follow(lever());
  EXPECT_LT(std::abs(clock.wall_ms() - system.wall_ms()), slack_ms);
  ClockLever other = lever();
  other.set_wall(-2 * hour_ms);
  EXPECT_LT(std::abs(clock.wall_ms() - (system.wall_ms() - 2 * hour_ms)), slack_ms);
  EXPECT_LT(std::abs(clock.monotonic_ms() - system.monotonic_ms()), slack_ms)
      << "only the wall moved";
  other.pass(hour_ms);
  other.pass(hour_ms);
  EXPECT_LT(std::abs(clock.monotonic_ms() - (system.monotonic_ms() + 2 * hour_ms)), slack_ms);
}

TEST_F(MovableClockTest, StaysWhereItIsPut) {
  lever().set_wall(hour_ms);
  lever().pass(1);
  EXPECT_EQ(lever().wall_ms(), hour_ms);
  EXPECT_EQ(lever().passed_ms(), 1);
}

TEST_F(MovableClockTest, IsNotMadeByWhoOnlyLooks) {
  const auto none = ClockLever::open(file, false);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
}

}  // namespace
}  // namespace skerry::daemon
