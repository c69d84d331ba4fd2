// Calendar periods as ISO 8601 writes them: P1Y, P6M, P2W, P1Y6M10D. Days of the calendar in UTC,
// no times of day.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.hpp"

namespace skerry {

struct Period {
  int months = 0;  // years are twelve of them
  int days = 0;    // weeks are seven of them
  bool operator==(const Period&) const = default;
};

// At most 100 years, at least a day; nullopt for any other text.
std::optional<Period> parse_period(std::string_view text);

// The same time of day, that period later: the day of the month as it was or, in a shorter month,
// the last one; then the days. `time` lies in the years 0001 to 9899.
UnixMillis add_period(UnixMillis time, const Period& period);

}  // namespace skerry
