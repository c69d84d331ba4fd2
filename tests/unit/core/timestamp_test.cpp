#include "core/timestamp.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace skerry {
namespace {

constexpr UnixMillis a_day = 86'400'000;

struct TimeCase {
  const char* text;
  UnixMillis time;
};

TEST(Timestamp, Formats) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_timestamp(1'772'446'272'345), "2026-03-02T10:11:12.345Z");
  EXPECT_EQ(format_timestamp(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(Timestamp, WhatIsFormattedIsReadBack) {
  for (UnixMillis time = -62'135'596'800'000; time < 253'402'300'799'999; time += 997 * a_day + 7)
    ASSERT_EQ(parse_timestamp(format_timestamp(time)), time) << time;
}

TEST(Timestamp, TextOrderIsTimeOrder) {
  std::string earlier = format_timestamp(std::numeric_limits<UnixMillis>::min());
  for (UnixMillis time = -62'135'596'799'999; time < 253'402'300'799'999; time += 1'009 * a_day) {
    const std::string later = format_timestamp(time);
    ASSERT_LT(earlier, later);
    earlier = later;
  }
}

TEST(Timestamp, InstantsBeyondTheCalendarAreItsEnds) {
  EXPECT_EQ(format_timestamp(std::numeric_limits<UnixMillis>::min()), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(format_timestamp(std::numeric_limits<UnixMillis>::max()), "9999-12-31T23:59:59.999Z");
}

TEST(Timestamp, Reads) {
  const TimeCase cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1970-01-01T00:00:00.5Z", 500},
      {"1970-01-01T00:00:00.0019999Z", 1},
      {"1970-01-01T00:00:00.123456789123456789123456789Z", 123},
      {"1970-01-01T01:00:00+01:00", 0},
      {"1969-12-31T19:00:00-05:00", 0},
      {"1970-01-01T05:45:00+05:45", 0},
      {"1970-01-01T00:00:00-00:00", 0},
      {"1970-01-01T23:59:00+23:59", 0},
      {"2000-02-29T00:00:00Z", 951'782'400'000},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"2023-03-01T00:00:00+00:01", 1'677'628'740'000},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
      // Leap seconds stand for the second that follows.
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},
      {"2016-12-31T15:59:60-08:00", 1'483'228'800'000},
      {"2016-12-31T23:59:60.25Z", 1'483'228'800'250},
  };
  for (const TimeCase& c : cases) EXPECT_EQ(parse_timestamp(c.text), c.time) << c.text;
}

TEST(Timestamp, Refuses) {
  for (const char* text : {
           "",
           "2026-03-02",
           "2026-03-02T10:11:12",        // no offset
           "2026-03-02 10:11:12Z",       // a space for T
           "2026-03-02T10:11Z",          // no seconds
           "2026-03-02T10:11:12.Z",      // a point without digits
           "2026-03-02T10:11:12,5Z",     // a comma
           "2026-03-02T10:11:12Z ",      // trailing text
           " 2026-03-02T10:11:12Z",      // leading text
           "2026-03-02T10:11:12+1:00",   // one digit
           "2026-03-02T10:11:12+0100",   // no colon
           "2026-03-02T10:11:12+01",     // no minutes
           "2026-03-02T10:11:12+24:00",  // no such offset
           "2026-03-02T10:11:12+01:60",  // nor this
           "2026-3-02T10:11:12Z",        // one digit
           "26-03-02T10:11:12Z",         // two digits
           "12026-03-02T10:11:12Z",      // five digits
           "-026-03-02T10:11:12Z",       // a sign
           "2026-00-02T10:11:12Z",       // month 0
           "2026-13-02T10:11:12Z",       // month 13
           "2026-03-00T10:11:12Z",       // day 0
           "2026-04-31T10:11:12Z",       // 30 days
           "2023-02-29T10:11:12Z",       // no leap year
           "1900-02-29T10:11:12Z",       // nor this
           "2026-03-02T24:00:00Z",       // hour 24
           "2026-03-02T10:60:00Z",       // minute 60
           "2026-03-02T10:11:61Z",       // second 61
           "2026-03-02T10:11:60Z",       // a leap second within a day
           "2016-12-31T23:59:60+01:00",  // also this
           "0000-01-01T00:00:00Z",       // before year 1
           "0001-01-01T00:00:00+00:01",  // before year 1 in UTC
           "9999-12-31T23:59:59-00:01",  // after year 9999 in UTC
           "9999-12-31T23:59:60Z",       // also this
           "2026-03-02T1\xc2\xb2:11:12Z",
       })
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Timestamp, EveryCutIsRefused) {
  const std::string text = "2026-03-02T10:11:12.345+01:00";
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(parse_timestamp(text.substr(0, length))) << length;
}

TEST(Timestamp, Dates) {
  for (const char* text : {"2026-03-02", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"})
    EXPECT_TRUE(is_date(text)) << text;
  for (const char* text : {"", "2026-3-2", "2023-02-29", "2100-02-29", "2026-02-30", "0000-01-01",
                           "2026-03-02Z", "2026/03/02", "20260302", "2026-03-02T00:00:00Z"})
    EXPECT_FALSE(is_date(text)) << text;
}

}  // namespace
}  // namespace skerry
