#include "sync/json_fields.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t time_bytes_max = 32;
// What is read here may be anybody's, and what is wrong with it is kept: names that it gives are as
// long as it likes.
constexpr std::size_t pointer_bytes_max = 200;

// "skerry/bundle/v7" when the family is `expected`'s and only the version differs.
bool is_other_version(std::string_view type, std::string_view expected) {
  const std::string_view family = expected.substr(0, expected.rfind('v') + 1);
  if (!type.starts_with(family) || type == expected) return false;
  const std::string_view version = type.substr(family.size());
  return !version.empty() && version.size() <= 6 &&
         std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string JsonFields::text(std::string_view name, std::size_t bytes_max) {
  const json::value* value = find(name, json::kind::string, "a string");
  if (value == nullptr) return {};
  const json::string& string = value->get_string();
  if (string.empty() || string.size() > bytes_max) {
    refuse(name, "bad_length", fmt::format("1 to {} bytes are expected", bytes_max));
    return {};
  }
  return std::string(string);
}

std::int64_t JsonFields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const json::value* value = find(name, json::kind::int64, "an integer");
  if (value == nullptr) return 0;
  const std::int64_t number = value->get_int64();
  if (number >= min && number <= max) return number;
  refuse(name, "out_of_range", fmt::format("{} to {} is expected", min, max));
  return 0;
}

bool JsonFields::flag(std::string_view name) {
  if (!object_.contains(name)) return false;
  const json::value* value = find(name, json::kind::bool_, "true or false");
  return value != nullptr && value->get_bool();
}

Hash JsonFields::hash(std::string_view name) {
  const std::string value = text(name, 64);
  if (const std::optional<Hash> parsed = hash_from_hex(value)) return *parsed;
  if (!value.empty()) refuse(name, "bad_hash", "64 hexadecimal digits in lower case are expected");
  return {};
}

const json::array* JsonFields::array(std::string_view name, std::size_t count_max) {
  const json::value* value = find(name, json::kind::array, "an array");
  if (value == nullptr) return nullptr;
  if (value->get_array().size() <= count_max) return &value->get_array();
  refuse(name, "too_many", fmt::format("at most {} elements are expected", count_max));
  return nullptr;
}

UnixMillis JsonFields::time(std::string_view name) {
  const std::string value = text(name, time_bytes_max);
  const std::optional<UnixMillis> time = parse_timestamp(value);
  if (time && format_timestamp(*time) == value) return *time;
  if (!value.empty()) refuse(name, "bad_time", "a time like 2026-03-02T10:11:12.345Z is expected");
  return 0;
}

std::optional<JsonFields> JsonFields::object(std::string_view name) {
  const json::value* value = find(name, json::kind::object, "an object");
  if (value == nullptr) return std::nullopt;
  return JsonFields(value->get_object(), pointer_ + "/" + escape_pointer(name), errors_);
}

void JsonFields::refuse_unread() {
  for (const auto& member : unread()) refuse(member.key(), "unknown_member", "no such member");
}

json::object JsonFields::unread() const {
  json::object rest;
  for (const auto& member : object_)
    if (std::find(read_.begin(), read_.end(), member.key()) == read_.end())
      rest.emplace(member.key(), member.value());
  return rest;
}

void JsonFields::refuse(std::string_view name, std::string_view code, std::string detail) {
  if (errors_.size() >= complaints_max) return;
  std::string pointer(beginning_of(pointer_ + "/" + escape_pointer(name), pointer_bytes_max));
  errors_.push_back({std::move(pointer), std::string(code), std::move(detail)});
}

const json::value* JsonFields::find(std::string_view name, json::kind kind,
                                    std::string_view expected) {
  read_.emplace_back(name);
  const json::value* value = object_.if_contains(name);
  if (value == nullptr) {
    refuse(name, "missing", fmt::format("{} is expected", expected));
    return nullptr;
  }
  if (value->kind() == kind) return value;
  refuse(name, "wrong_type", fmt::format("{} is expected", expected));
  return nullptr;
}

Result<void> check_type(const json::object& object, std::string_view expected) {
  const json::value* value = object.if_contains("_type");
  const json::string* type = value == nullptr ? nullptr : value->if_string();
  if (type == nullptr)
    return fail(Errc::corrupt_bundle, fmt::format("/_type: \"{}\" is expected", expected));
  if (is_other_version(*type, expected))
    return fail(
        Errc::unsupported_version,
        fmt::format("the format is {}, this program reads {}", std::string_view(*type), expected),
        fmt::format("update skerry to a version that reads {}", std::string_view(*type)));
  if (*type != expected)
    return fail(Errc::corrupt_bundle, fmt::format("/_type: \"{}\" is expected", expected));
  return {};
}

Result<void> refuse_if_any(std::vector<FieldError> errors, std::string_view what) {
  if (errors.empty()) return {};
  std::string detail = fmt::format("{}: {} {}", what, errors[0].pointer, errors[0].detail);
  if (errors.size() > 1) detail += fmt::format(", and {} more", errors.size() - 1);
  return fail(Error(Errc::corrupt_bundle, std::move(detail), {}, std::move(errors)));
}

}  // namespace skerry::sync
