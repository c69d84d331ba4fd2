#include "core/period.hpp"

#include <gtest/gtest.h>
#include <string>

#include "core/timestamp.hpp"

namespace skerry {
namespace {

std::string later(std::string_view day, std::string_view period) {
  const auto time = parse_timestamp(std::string(day) + "T12:34:56.789Z");
  const auto parsed = parse_period(period);
  if (!time || !parsed) return "none";
  return format_timestamp(add_period(*time, *parsed)).substr(0, 23);
}

TEST(PeriodTest, Reads) {
  EXPECT_EQ(parse_period("P1Y"), (Period{12, 0}));
  EXPECT_EQ(parse_period("P1Y6M10D"), (Period{18, 10}));
  EXPECT_EQ(parse_period("P2W"), (Period{0, 14}));
  EXPECT_EQ(parse_period("P100Y"), (Period{1200, 0}));
  EXPECT_EQ(parse_period("P0Y1D"), (Period{0, 1}));
}

TEST(PeriodTest, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", "P", "1Y", "P1", "PY", "P-1Y", "P+1Y", "P1H", "PT1H", "P1D1Y", "P1Y1Y", "P0D", "P101Y",
        "P99999999999Y", "P1Y ", " P1Y", "p1y", "P1.5Y", "P37201D"})
    EXPECT_EQ(parse_period(bad), std::nullopt) << bad;
}

TEST(PeriodTest, KeepsTheTimeOfDayAndTheDayOfTheMonth) {
  EXPECT_EQ(later("2026-05-28", "P1Y"), "2027-05-28T12:34:56.789");
  EXPECT_EQ(later("2026-11-30", "P1M"), "2026-12-30T12:34:56.789");
  EXPECT_EQ(later("2026-02-28", "P2W"), "2026-03-14T12:34:56.789");
  EXPECT_EQ(later("1969-12-31", "P1D"), "1970-01-01T12:34:56.789");
}

TEST(PeriodTest, EndsWithAShorterMonth) {
  EXPECT_EQ(later("2026-01-31", "P1M"), "2026-02-28T12:34:56.789");
  EXPECT_EQ(later("2028-01-31", "P1M"), "2028-02-29T12:34:56.789");
  EXPECT_EQ(later("2028-02-29", "P1Y"), "2029-02-28T12:34:56.789");
  EXPECT_EQ(later("2026-01-31", "P1M1D"), "2026-03-01T12:34:56.789");
}

}  // namespace
}  // namespace skerry
