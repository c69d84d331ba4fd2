#include "core/period.hpp"

#include <charconv>
#include <chrono>

namespace skerry {
namespace {

constexpr int years_max = 100;

// A number and its letter at the front of `text`, which loses them.
std::optional<std::pair<int, char>> take_part(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || text.front() == '-' || used >= text.size()) return std::nullopt;
  const char letter = text[used];
  text.remove_prefix(used + 1);
  return std::pair(number, letter);
}

}  // namespace

std::optional<Period> parse_period(std::string_view text) {
  constexpr std::string_view letters = "YMWD";
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::size_t next = 0;  // each letter at most once, in this order
  while (!text.empty()) {
    const auto part = take_part(text);
    const std::size_t at = part ? letters.find(part->second, next) : letters.npos;
    if (at == letters.npos) return std::nullopt;
    next = at + 1;
    if (part->second == 'Y') months += std::int64_t{12} * part->first;
    if (part->second == 'M') months += part->first;
    if (part->second == 'W') days += std::int64_t{7} * part->first;
    if (part->second == 'D') days += part->first;
  }
  if (months + days == 0 || months * 31 + days > years_max * 372) return std::nullopt;
  return Period{static_cast<int>(months), static_cast<int>(days)};
}

UnixMillis add_period(UnixMillis time, const Period& period) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(time)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  year_month_day moved = date + months(period.months);
  if (!moved.ok()) moved = moved.year() / moved.month() / last;
  const sys_days later = sys_days(moved) + days(period.days);
  return (later.time_since_epoch() + (at - day)).count();
}

}  // namespace skerry
