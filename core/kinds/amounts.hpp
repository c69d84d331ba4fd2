// What the terms of a licence say in one value: amounts of features, overdrafts, attributes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/strict_json.hpp"

namespace skerry {

// How many of something there are: none said is no limit.
struct Amount {
  std::optional<std::int64_t> limit;
  bool operator==(const Amount&) const = default;
};

// A whole number from 0 on, or "unlimited"; nullopt for anything else.
std::optional<Amount> read_amount(const json::value& value);
json::value to_json(const Amount& amount);

// How far beyond a limit one may go.
struct Overdraft {
  enum class Kind : std::uint8_t { none, absolute, percentage, unlimited };
  Kind kind = Kind::none;
  std::int64_t number = 0;  // so many, or per cent
  bool operator==(const Overdraft&) const = default;

  // The limit with it: nothing is added to what has no limit. Per cents are rounded down.
  Amount above(const Amount& amount) const;
};

// "none", a whole number (or its text), "10%" up to "1000%", "unlimited"; null is none. nullopt for
// anything else.
std::optional<Overdraft> parse_overdraft(const json::value& value);

// Whether the value is one of an attribute of this type: number, date or string; of a string,
// whether it fits `pattern`, which is "email", a Pattern, or empty for any.
bool is_attribute(std::string_view type, std::string_view pattern, const json::value& value);

}  // namespace skerry
