// The one reader of JSON that comes from outside: what it accepts has one meaning.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <string_view>

#include "core/result.hpp"

namespace skerry {

namespace json = boost::json;

struct JsonLimits {
  std::size_t depth_max = 32;
  // Takes finite numbers with a fraction or an exponent, as IEEE doubles: only custom fields and
  // prices have them, and for these shortest decimal text and double are the same thing.
  bool fractions = false;
};

// RFC 8259 text, UTF-8, nothing after the value. Refused beyond that: duplicate keys (Boost.JSON
// keeps the last one silently), numbers with a fraction or exponent unless asked for, and integers
// outside ±(2^53−1), which some readers would round (SYNC 4.1). Errc::bad_json names the byte
// offset, or the pointer of the key that stands twice.
Result<json::value> parse_json(std::string_view text, JsonLimits limits = {});

// What this program wrote itself, to_json_text() most likely: a double is the same again, which it
// is not by boost::json::parse. Throws where somebody else wrote it.
json::value parse_kept_json(std::string_view text);

// As parse_json, and the value is an object.
Result<json::object> parse_json_object(std::string_view text, JsonLimits limits = {});

}  // namespace skerry
