#include "api/handlers/body_reader.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry::api {

BodyReader::BodyReader(const json::object& body, std::initializer_list<std::string_view> known)
    : body_(body) {
  for (const auto& [member, ignored] : body)
    if (std::find(known.begin(), known.end(), std::string_view(member)) == known.end())
      refuse(member, "unknown_field", "there is no such member here");
}

const json::value* BodyReader::required(std::string_view member) {
  const json::value* const value = body_.if_contains(member);
  if (!value) refuse(member, "required", "is required");
  return value;
}

void BodyReader::refuse(std::string_view member, std::string code, std::string detail) {
  errors_.push_back({"/" + escape_pointer(member), std::move(code), std::move(detail)});
}

std::string BodyReader::name(std::string_view member, bool required, std::size_t most) {
  const json::value* const value = body_.if_contains(member);
  if (!value) {
    if (required) refuse(member, "required", "is required");
    return {};
  }
  const json::string* const text = value->if_string();
  if (!text) {
    refuse(member, "wrong_type", "must be a string");
  } else if (is_blank(*text) || has_control_characters(*text) || count_characters(*text) > most ||
             text->find_first_of("\t\r\n") != json::string::npos) {
    refuse(member, "bad_name",
           fmt::format("must be 1 to {} characters, no control characters", most));
  } else {
    return std::string(*text);
  }
  return {};
}

std::int64_t BodyReader::count(std::string_view member, std::int64_t most) {
  const json::value* const value = required(member);
  if (!value) return 0;
  if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > most) {
    refuse(member, "out_of_range", fmt::format("must be a whole number from 1 to {}", most));
  } else {
    return value->get_int64();
  }
  return 0;
}

UnixMillis BodyReader::instant(std::string_view member) {
  const json::value* const value = body_.if_contains(member);
  const json::string* const text = value ? value->if_string() : nullptr;
  const auto instant = text ? parse_timestamp(*text) : std::nullopt;
  if (instant) return *instant;
  refuse(member, value ? "bad_time" : "required", "must be a time such as 2026-03-02T10:11:12Z");
  return 0;
}

Result<void> BodyReader::done(std::string_view what) {
  if (errors_.empty()) return {};
  return fail(Error(Errc::validation_failed, fmt::format("{} is not acceptable", what), {},
                    std::move(errors_)));
}

std::string_view BodyReader::text(std::string_view member) {
  const json::value* const value = required(member);
  if (!value) return {};
  const json::string* const text = value->if_string();
  if (text && !has_control_characters(*text)) return *text;
  refuse(member, text ? "bad_text" : "wrong_type", "must be a string without control characters");
  return {};
}

std::string BodyReader::content(std::string_view member, std::size_t bytes_max) {
  const json::value* const value = body_.if_contains(member);
  const json::string* const text = value ? value->if_string() : nullptr;
  if (text && !text->empty() && text->size() <= bytes_max) return std::string(*text);
  refuse(member, value ? "wrong_type" : "required",
         fmt::format("must be a string of 1 to {} bytes", bytes_max));
  return {};
}

std::optional<UnixMillis> BodyReader::end(std::string_view member, UnixMillis now) {
  const json::value* const value = body_.if_contains(member);
  if (!value || value->is_null()) return std::nullopt;
  const json::string* const text = value->if_string();
  const auto end = text ? parse_timestamp(*text) : std::nullopt;
  if (!end)
    refuse(member, "bad_time", "must be a time such as 2026-03-02T10:11:12Z");
  else if (*end <= now)
    refuse(member, "in_the_past", "must be in the future");
  return end;
}

std::vector<RecordId> BodyReader::customers(std::string_view member) {
  std::vector<RecordId> ids;
  const json::value* const value = body_.if_contains(member);
  if (!value || value->is_null()) return ids;
  const json::array* const given = value->if_array();
  if (given && !given->empty() && given->size() <= customers_max) {
    for (const json::value& each : *given) {
      const json::string* const text = each.if_string();
      const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
      if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
    }
    if (ids.size() == given->size()) return ids;
  }
  refuse(member, "bad_customers",
         fmt::format("must be null, or 1 to {} ids of customers, each once", customers_max));
  return {};
}

}  // namespace skerry::api
