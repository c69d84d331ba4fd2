// RFC 3339 timestamps in UTC, the only form of an instant on the wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace skerry {

// "2026-03-02T10:11:12.345Z"; milliseconds always, so that text order is time order. An instant
// outside the years 0001 to 9999 is written as the nearest end of them.
std::string format_timestamp(UnixMillis time);

// Any RFC 3339 date-time, with any offset, whose instant lies in the years 0001 to 9999 of UTC. A
// leap second (:60, at the end of a UTC day only) is read as the second that follows. Fractions
// beyond milliseconds are cut.
std::optional<UnixMillis> parse_timestamp(std::string_view text);

// "2026-03-02": a real calendar date.
bool is_date(std::string_view text);

// As parse_timestamp(), and a day alone: its midnight UTC.
std::optional<UnixMillis> parse_moment(std::string_view text);

}  // namespace skerry
