#include "core/hlc.hpp"

#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace skerry {
namespace {

constexpr UnixMillis now_ms = 1'760'000'000'000;
constexpr UnixMillis day_ms = 86'400'000;
constexpr HlcStamp last_stamp{std::numeric_limits<std::uint64_t>::max()};

TEST(Hlc, FollowsAClockThatRuns) {
  Hlc clock;
  EXPECT_EQ(clock.tick(now_ms), HlcStamp::at(now_ms));
  EXPECT_EQ(clock.tick(now_ms + 1), HlcStamp::at(now_ms + 1));
}

TEST(Hlc, CountsWithinAMillisecond) {
  Hlc clock;
  clock.tick(now_ms);
  EXPECT_EQ(clock.tick(now_ms), HlcStamp::at(now_ms, 1));
  EXPECT_EQ(clock.tick(now_ms), HlcStamp::at(now_ms, 2));
}

TEST(Hlc, NeverGoesBackUnderAnyClock) {
  std::mt19937_64 random(7);
  Hlc clock;
  HlcStamp before = clock.last();
  for (int i = 0; i < 100'000; ++i) {
    const auto jump = static_cast<UnixMillis>(random() % 2'000'000'001) - 1'000'000'000;
    const HlcStamp stamp = clock.tick(now_ms + jump);
    ASSERT_GT(stamp, before);
    ASSERT_GE(stamp.ms(), now_ms + jump);
    before = stamp;
  }
}

TEST(Hlc, SurvivesClocksWithoutSense) {
  Hlc clock(HlcStamp::at(now_ms));
  for (const UnixMillis wall :
       {std::numeric_limits<UnixMillis>::min(), UnixMillis{-1}, UnixMillis{0}})
    EXPECT_EQ(clock.tick(wall).ms(), now_ms) << wall;
  EXPECT_EQ(HlcStamp::at(-1), HlcStamp{});
  EXPECT_EQ(HlcStamp::at(std::numeric_limits<UnixMillis>::max()).ms(), (UnixMillis{1} << 48) - 1);
}

TEST(Hlc, AFullCounterRunsOverIntoTheMilliseconds) {
  Hlc clock(HlcStamp::at(now_ms, 0xfffe));
  EXPECT_EQ(clock.tick(0), HlcStamp::at(now_ms, 0xffff));
  EXPECT_EQ(clock.tick(0), HlcStamp::at(now_ms + 1, 0));
}

TEST(Hlc, StandsStillAtItsEndInsteadOfStartingAgain) {
  Hlc clock;
  clock.observe(last_stamp);
  EXPECT_EQ(clock.tick(now_ms), last_stamp);
  EXPECT_EQ(clock.tick(now_ms + 1), last_stamp);
}

TEST(Hlc, ObservingRaisesAndNeverLowers) {
  Hlc clock(HlcStamp::at(now_ms));
  clock.observe(HlcStamp::at(now_ms - 5));
  EXPECT_EQ(clock.last(), HlcStamp::at(now_ms));
  clock.observe(HlcStamp::at(now_ms + 5, 9));
  EXPECT_EQ(clock.tick(now_ms), HlcStamp::at(now_ms + 5, 10));
}

TEST(Hlc, TextRoundTripsAndKeepsOrder) {
  EXPECT_EQ(to_string(HlcStamp::at(0x0199c0de1234, 3)), "0199c0de1234-0003");
  std::mt19937_64 random(8);
  for (int i = 0; i < 1'000; ++i) {
    const HlcStamp a{random()};
    const HlcStamp b{random()};
    EXPECT_EQ(parse_hlc(to_string(a)), a);
    EXPECT_EQ(a < b, to_string(a) < to_string(b));
  }
}

TEST(Hlc, ParseRefusesOtherSpellings) {
  for (const char* text :
       {"", "0199c0de1234", "0199c0de1234-", "0199c0de1234-003", "0199c0de1234-00003",
        "0199c0de12340-0003", "0199C0DE1234-0003", "0199c0de1234_0003", "0199c0de123g-0003",
        "0199c0de1234-000 ", "+199c0de1234-0003", "-199c0de1234-0003", "0x99c0de1234-0003",
        "0199c0de1234--003"})
    EXPECT_FALSE(parse_hlc(text)) << text;
}

TEST(Hlc, H6_NoStampCountsLaterThanAMinuteAfterItCame) {
  const HlcStamp limit = HlcStamp::at(now_ms + 60'000);
  EXPECT_EQ(effective_stamp(HlcStamp::at(now_ms, 5), now_ms), HlcStamp::at(now_ms, 5));
  EXPECT_EQ(effective_stamp(HlcStamp::at(now_ms - day_ms, 5), now_ms).ms(), now_ms - day_ms);
  EXPECT_EQ(effective_stamp(limit, now_ms), limit);
  EXPECT_EQ(effective_stamp(HlcStamp::at(now_ms + 60'000, 1), now_ms), limit);
  EXPECT_EQ(effective_stamp(last_stamp, now_ms), limit);
}

TEST(Hlc, SuspectsClocksMoreThanFiveMinutesOff) {
  EXPECT_FALSE(clock_suspect(HlcStamp::at(now_ms + 300'000), now_ms));
  EXPECT_FALSE(clock_suspect(HlcStamp::at(now_ms - 300'000), now_ms));
  EXPECT_TRUE(clock_suspect(HlcStamp::at(now_ms + 300'001), now_ms));
  EXPECT_TRUE(clock_suspect(HlcStamp::at(now_ms - 300'001), now_ms));
  EXPECT_TRUE(clock_suspect(HlcStamp{}, now_ms));
}

}  // namespace
}  // namespace skerry
