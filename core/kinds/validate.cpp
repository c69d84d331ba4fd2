#include "core/kinds/validate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/ids.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry {
namespace {

// One field's place and where complaints about it go.
struct Place {
  const std::string& pointer;
  std::vector<FieldError>& errors;

  json::value refuse(std::string code, std::string detail) const {
    errors.push_back({pointer, std::move(code), std::move(detail)});
    return nullptr;
  }
};

constexpr std::size_t elements_max = 200;

json::value refuse_so_many(const Place& at) {
  return at.refuse("too_many", fmt::format("at most {} fit", elements_max));
}

json::value read_text(const Field& field, std::string_view text, const Place& at) {
  const std::size_t length = count_characters(text);
  if (length == 0)
    return at.refuse("empty", field.required ? "must not be empty"
                                             : "must not be empty; send null for no value");
  if (length > field.length_max)
    return at.refuse("too_long",
                     fmt::format("has {} characters, at most {} fit", length, field.length_max));
  if (has_control_characters(text))
    return at.refuse("control_character", "holds a control character");
  if (is_blank(text)) return at.refuse("empty", "must not be blank");
  return json::string(text);
}

json::value read_timestamp(std::string_view text, const Place& at) {
  const auto time = parse_moment(text);
  if (!time)
    return at.refuse("bad_timestamp", "is not an RFC 3339 time such as 2026-03-02T10:11:12Z");
  return json::string(format_timestamp(*time));
}

// [-]digits[.digits], to 15 digits before the point and 6 behind it; zeros that mean nothing go.
json::value read_decimal(std::string_view text, const Place& at) {
  const auto refuse = [&] {
    return at.refuse("bad_decimal", "is not a decimal number such as 12.50");
  };
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "";
  const auto digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || (point < text.size() && fraction.empty()) || !digits(whole) ||
      !digits(fraction))
    return refuse();
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  if (whole.size() > 15 || fraction.size() > 6) return refuse();
  const bool zero = whole == "0" && fraction.find_first_not_of('0') == std::string_view::npos;
  return json::string(fmt::format("{}{}{}{}", negative && !zero ? "-" : "", whole,
                                  fraction.empty() ? "" : ".", fraction));
}

// A number of JSON without an exponent, whichever way it was written: 1e3 is 1000.
std::string plain_digits(const json::value& number) {
  const double* fraction = number.if_double();
  if (!fraction) return to_json_text(number);
  std::array<char, 400> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), *fraction,
                                          std::chars_format::fixed);
  SKERRY_CHECK(error == std::errc());
  return std::string(digits.data(), end);
}

bool is_option(const Field& field, std::string_view text) {
  return std::find(field.options.begin(), field.options.end(), text) != field.options.end();
}

std::string options_text(const Field& field) {
  return fmt::format("must be one of {}", fmt::join(field.options, ", "));
}

json::value read_string(const Field& field, std::string_view text, const Place& at) {
  switch (field.type) {
    case FieldType::email:
      if (!is_email(text)) return at.refuse("bad_email", "is not an e-mail address");
      return read_text(field, text, at);
    case FieldType::phone:
      if (!is_e164(text))
        return at.refuse("bad_phone", "is not a number in E.164 form such as +4930123456");
      return read_text(field, text, at);
    case FieldType::url:
      if (!is_web_address(text)) return at.refuse("bad_url", "is not an http or https address");
      return read_text(field, text, at);
    case FieldType::country:
      if (!is_country_code(text))
        return at.refuse("bad_country", "is not an ISO 3166-1 alpha-2 code such as DE");
      return json::string(text);
    case FieldType::timestamp:
      return read_timestamp(text, at);
    case FieldType::date:
      if (!is_date(text)) return at.refuse("bad_date", "is not a day such as 2026-03-02");
      return json::string(text);
    case FieldType::decimal:
      return read_decimal(text, at);
    case FieldType::custom_key:
      if (!is_custom_key(text))
        return at.refuse("bad_key",
                         "must begin with a letter a-z and hold only a-z, 0-9, _ . - (50 at most)");
      return json::string(text);
    case FieldType::choice:
      if (!is_option(field, text)) return at.refuse("bad_choice", options_text(field));
      return json::string(text);
    case FieldType::reference: {
      const auto id = parse_id<RecordId>(text);
      if (!id) return at.refuse("bad_id", "is not a record id (a UUID)");
      return json::string(to_string(*id));
    }
    default:
      return read_text(field, text, at);
  }
}

json::value read_choices(const Field& field, const json::array& elements, const Place& at) {
  if (elements.size() > elements_max) return refuse_so_many(at);
  std::vector<std::string_view> chosen;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const json::string* text = elements[i].if_string();
    if (!text || !is_option(field, *text)) {
      at.errors.push_back({fmt::format("{}/{}", at.pointer, i), "bad_choice", options_text(field)});
      continue;
    }
    chosen.push_back(*text);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return json::array(chosen.begin(), chosen.end());
}

json::value read_group(const Field& field, const json::object& object, const Place& at) {
  json::object canonical;
  const std::size_t enough = at.errors.size() + complaints_max;
  for (const auto& given : object) {
    if (at.errors.size() >= enough) break;
    const std::string_view key = given.key();
    const auto member = std::find_if(field.members.begin(), field.members.end(),
                                     [&](const Field& m) { return m.name == key; });
    if (member == field.members.end())
      at.errors.push_back({fmt::format("{}/{}", at.pointer, escape_pointer(key)), "unknown_field",
                           fmt::format("is no member of {}", field.name)});
  }
  for (const Field& member : field.members) {
    const json::value* value = object.if_contains(member.name);
    if (!value || value->is_null()) continue;
    canonical[member.name] =
        read_value(member, *value, fmt::format("{}/{}", at.pointer, member.name), at.errors);
  }
  if (canonical.empty()) return nullptr;
  return canonical;
}

json::value read_integer(const Field& field, const json::value& value, const Place& at) {
  const std::int64_t* number = value.if_int64();
  if (!number) return at.refuse("wrong_type", "must be a whole number");
  if (*number < field.least || *number > static_cast<std::int64_t>(field.length_max))
    return at.refuse("out_of_range",
                     fmt::format("must be from {} to {}", field.least, field.length_max));
  return *number;
}

json::value read_texts(const Field& field, const json::array& elements, const Place& at) {
  if (elements.size() > elements_max) return refuse_so_many(at);
  json::array texts;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::string pointer = fmt::format("{}/{}", at.pointer, i);
    const json::string* text = elements[i].if_string();
    const Place element{pointer, at.errors};
    json::value read =
        text ? read_text(field, *text, element) : element.refuse("wrong_type", "must be a string");
    if (!read.is_null() && std::find(texts.begin(), texts.end(), read) != texts.end())
      element.refuse("repeated", "stands there twice");
    texts.push_back(std::move(read));
  }
  if (texts.empty()) return nullptr;
  return texts;
}

// "all", or an array of different ids in the order of their bytes.
json::value read_scope(const Field& field, const json::value& value, const Place& at) {
  if (value == json::value("all")) return value;
  const json::array* elements = value.if_array();
  if (!elements)
    return at.refuse("bad_choice", fmt::format("must be \"all\" or an array of ids of {}s",
                                               fmt::join(field.options, ", ")));
  std::vector<std::string> ids;
  const std::size_t enough = at.errors.size() + complaints_max;
  for (std::size_t i = 0; i < elements->size() && at.errors.size() < enough; ++i) {
    const json::string* text = (*elements)[i].if_string();
    const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
    if (id)
      ids.push_back(to_string(*id));
    else
      at.errors.push_back(
          {fmt::format("{}/{}", at.pointer, i), "bad_id", "is not a record id (a UUID)"});
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return json::array(ids.begin(), ids.end());
}

json::value read_custom_value(const json::value& value, const Place& at) {
  constexpr Field text{.name = "custom", .title = "Custom field", .length_max = 1000};
  constexpr double whole_max = 9007199254740992.0;  // 2^53
  if (const json::string* string = value.if_string()) return read_text(text, *string, at);
  if (value.is_bool() || value.is_int64()) return value;
  if (const double* number = value.if_double()) {
    if (std::abs(*number) < whole_max && *number == std::trunc(*number))
      return static_cast<std::int64_t>(*number);
    return *number;
  }
  return at.refuse("wrong_type", "must be a string, a number or a boolean");
}

json::value read_custom(const json::object& object, const Place& at) {
  constexpr std::size_t keys_max = 100;
  std::vector<std::string_view> keys;
  const std::size_t enough = at.errors.size() + complaints_max;
  for (const auto& [key, value] : object) {
    if (at.errors.size() >= enough) break;
    if (!is_custom_key(key))
      at.errors.push_back(
          {fmt::format("{}/{}", at.pointer, escape_pointer(key)), "bad_key", "is not a key"});
    else if (!value.is_null())
      keys.push_back(key);
  }
  if (keys.size() > keys_max)
    return at.refuse("too_many", fmt::format("at most {} keys fit", keys_max));
  std::sort(keys.begin(), keys.end());
  json::object canonical;
  for (const std::string_view key : keys) {
    const std::string pointer = fmt::format("{}/{}", at.pointer, key);
    canonical[key] = read_custom_value(object.at(key), Place{pointer, at.errors});
  }
  if (canonical.empty()) return nullptr;
  return canonical;
}

}  // namespace

bool is_custom_key(std::string_view text) {
  constexpr std::string_view others = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !text.empty() && text.size() <= 50 && text.front() >= 'a' && text.front() <= 'z' &&
         text.find_first_not_of(others) == std::string_view::npos;
}

json::value read_value(const Field& field, const json::value& value, const std::string& pointer,
                       std::vector<FieldError>& errors) {
  const Place at{pointer, errors};
  if (value.is_null()) return nullptr;
  switch (field.type) {
    case FieldType::boolean:
      if (!value.is_bool()) return at.refuse("wrong_type", "must be true or false");
      return value;
    case FieldType::choices:
      if (!value.is_array()) return at.refuse("wrong_type", "must be an array of strings");
      return read_choices(field, value.get_array(), at);
    case FieldType::group:
      if (!value.is_object()) return at.refuse("wrong_type", "must be an object");
      return read_group(field, value.get_object(), at);
    case FieldType::custom:
    case FieldType::settings:
      if (!value.is_object()) return at.refuse("wrong_type", "must be an object");
      return read_custom(value.get_object(), at);
    case FieldType::texts:
      if (!value.is_array()) return at.refuse("wrong_type", "must be an array of strings");
      return read_texts(field, value.get_array(), at);
    case FieldType::integer:
      return read_integer(field, value, at);
    case FieldType::scope:
      return read_scope(field, value, at);
    case FieldType::decimal:
      if (value.is_string()) return read_decimal(value.get_string(), at);
      if (!value.is_number()) return at.refuse("wrong_type", "must be a decimal number");
      return read_decimal(plain_digits(value), at);
    default:
      if (!value.is_string()) return at.refuse("wrong_type", "must be a string");
      return read_string(field, value.get_string(), at);
  }
}

json::value default_value(const Field& field) {
  if (field.default_json == "null") return nullptr;
  return json::parse(field.default_json);
}

bool is_record_id(const RecordId& id) {
  return (id.bytes[6] & 0xf0) == 0x70 && (id.bytes[8] & 0xc0) == 0x80;
}

}  // namespace skerry
