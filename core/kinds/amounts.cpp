#include "core/kinds/amounts.hpp"

#include <charconv>
#include <cmath>

#include "core/pattern.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry {
namespace {

constexpr std::int64_t amount_max = 1'000'000'000'000;
constexpr std::int64_t percent_max = 1000;

std::optional<std::int64_t> read_number(std::string_view text, std::int64_t largest) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > largest)
    return std::nullopt;
  return number;
}

// A decimal number without an exponent: -12.50.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (point == std::string_view::npos) return digits(text);
  return digits(text.substr(0, point)) && digits(text.substr(point + 1));
}

}  // namespace

std::optional<Amount> read_amount(const json::value& value) {
  if (const std::int64_t* number = value.if_int64())
    return *number >= 0 && *number <= amount_max ? std::optional(Amount{*number}) : std::nullopt;
  if (value == json::value("unlimited")) return Amount{};
  return std::nullopt;
}

json::value to_json(const Amount& amount) {
  return amount.limit ? json::value(*amount.limit) : json::value("unlimited");
}

Amount Overdraft::above(const Amount& amount) const {
  if (!amount.limit || kind == Kind::unlimited) return {};
  if (kind == Kind::absolute) return {*amount.limit + number};
  if (kind == Kind::percentage) return {*amount.limit + *amount.limit * number / 100};
  return amount;
}

std::optional<Overdraft> parse_overdraft(const json::value& value) {
  using enum Overdraft::Kind;
  if (value.is_null()) return Overdraft{};
  if (const std::int64_t* number = value.if_int64())
    return *number >= 0 && *number <= amount_max ? std::optional(Overdraft{absolute, *number})
                                                 : std::nullopt;
  const json::string* string = value.if_string();
  if (!string) return std::nullopt;
  std::string_view text = *string;
  if (text == "none") return Overdraft{};
  if (text == "unlimited") return Overdraft{unlimited, 0};
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const auto number = read_number(text, percent ? percent_max : amount_max);
  if (!number) return std::nullopt;
  return Overdraft{percent ? percentage : absolute, *number};
}

bool is_attribute(std::string_view type, std::string_view pattern, const json::value& value) {
  const json::string* text = value.if_string();
  if (type == "number") return value.is_number() || (text && is_number(*text));
  if (!text) return false;
  if (type == "date") return is_date(*text);
  if (pattern == "email") return is_email(*text);
  const auto wanted = Pattern::parse(pattern);
  return !wanted || wanted->matches(*text);
}

}  // namespace skerry
