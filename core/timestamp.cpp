#include "core/timestamp.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/compile.h>

namespace skerry {
namespace {

using namespace std::chrono;

constexpr UnixMillis day_ms = 86'400'000;
constexpr UnixMillis first_ms = -62'135'596'800'000;  // 0001-01-01T00:00:00.000Z
constexpr UnixMillis last_ms = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z

// Reads exactly `digits` decimal digits at `at` and moves past them.
std::optional<int> read_digits(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (const std::size_t end = at + digits; at < end; ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

bool read_char(std::string_view text, std::size_t& at, char expected) {
  return at < text.size() && text[at++] == expected;
}

std::optional<year_month_day> read_date(std::string_view text, std::size_t& at) {
  const auto y = read_digits(text, at, 4);
  if (!y || !read_char(text, at, '-')) return std::nullopt;
  const auto m = read_digits(text, at, 2);
  if (!m || !read_char(text, at, '-')) return std::nullopt;
  const auto d = read_digits(text, at, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)},
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *y == 0) return std::nullopt;
  return date;
}

struct TimeOfDay {
  std::int64_t ms;  // since midnight, without the offset
  bool leap;        // second 60
};

std::optional<TimeOfDay> read_time(std::string_view text, std::size_t& at) {
  const auto h = read_digits(text, at, 2);
  if (!h || *h > 23 || !read_char(text, at, ':')) return std::nullopt;
  const auto m = read_digits(text, at, 2);
  if (!m || *m > 59 || !read_char(text, at, ':')) return std::nullopt;
  const auto s = read_digits(text, at, 2);
  if (!s || *s > 60) return std::nullopt;
  std::int64_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    for (std::int64_t weight = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      fraction += weight * (text[at] - '0');
      weight /= 10;
    }
    if (at == first) return std::nullopt;
  }
  return TimeOfDay{((*h * 60LL + *m) * 60 + *s) * 1000 + fraction, *s == 60};
}

// Milliseconds to subtract; the offset ends the text.
std::optional<std::int64_t> read_offset(std::string_view text, std::size_t& at) {
  if (at >= text.size()) return std::nullopt;
  const char sign = text[at++];
  if (sign == 'Z' || sign == 'z') return 0;
  if (sign != '+' && sign != '-') return std::nullopt;
  const auto h = read_digits(text, at, 2);
  if (!h || *h > 23 || !read_char(text, at, ':')) return std::nullopt;
  const auto m = read_digits(text, at, 2);
  if (!m || *m > 59) return std::nullopt;
  return (sign == '+' ? 1 : -1) * (*h * 60LL + *m) * 60'000;
}

}  // namespace

std::string format_timestamp(UnixMillis time) {
  const sys_time<milliseconds> instant{milliseconds{std::clamp(time, first_ms, last_ms)}};
  const auto midnight = floor<days>(instant);
  const year_month_day date{midnight};
  const hh_mm_ss clock{instant - midnight};
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"),
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<UnixMillis> parse_timestamp(std::string_view text) {
  std::size_t at = 0;
  const auto date = read_date(text, at);
  if (!date || at >= text.size() || (text[at] != 'T' && text[at] != 't')) return std::nullopt;
  ++at;
  const auto time = read_time(text, at);
  if (!time) return std::nullopt;
  const auto offset = read_offset(text, at);
  if (!offset || at != text.size()) return std::nullopt;
  const auto midnight = sys_days{*date}.time_since_epoch();
  const UnixMillis instant = duration_cast<milliseconds>(midnight).count() + time->ms - *offset;
  if (instant < first_ms || instant > last_ms) return std::nullopt;
  const bool first_second_of_day = (instant - first_ms) % day_ms < 1000;
  if (time->leap && !first_second_of_day) return std::nullopt;
  return instant;
}

bool is_date(std::string_view text) {
  std::size_t at = 0;
  return read_date(text, at).has_value() && at == text.size();
}

std::optional<UnixMillis> parse_moment(std::string_view text) {
  return parse_timestamp(is_date(text) ? std::string(text) + "T00:00:00Z" : std::string(text));
}

}  // namespace skerry
