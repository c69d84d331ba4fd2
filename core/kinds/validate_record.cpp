// What a client sends as a record or a change of one: declared in core/kinds/validate.hpp.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "core/kinds/rules.hpp"
#include "core/kinds/validate.hpp"
#include "core/text.hpp"

namespace skerry {
namespace {

// What every record shows beside its fields.
constexpr std::array<std::string_view, 4> made_by_us{"id", "revision", "created_at", "updated_at"};

void refuse_unknown(const Kind& kind, const json::object& body, std::vector<FieldError>& errors) {
  const std::size_t enough = errors.size() + complaints_max;
  for (const auto& [key, value] : body) {
    if (errors.size() >= enough) return;
    const int field = kind.find_field(key);
    if (field >= 0 && !kind.fields[static_cast<std::size_t>(field)].read_only) continue;
    const std::string pointer = fmt::format("/{}", escape_pointer(key));
    if (std::count(made_by_us.begin(), made_by_us.end(), key) > 0 || kind.find_column(key) >= 0)
      errors.push_back({pointer, "read_only", "follows from other things; it is not written"});
    else
      errors.push_back(
          {pointer, "unknown_field", fmt::format("is no field of {}", with_article(kind.name))});
  }
}

std::string pointer_to(const Field& field) {
  std::string pointer = "/";
  pointer += field.name;
  return pointer;
}

FieldError missing(const Field& field) { return {pointer_to(field), "required", "is required"}; }

// RFC 7396 for one level: members named in the patch replace or remove.
json::value patched_object(const json::value& current, const json::object& patch) {
  json::object merged = current.is_object() ? current.get_object() : json::object();
  for (const auto& [key, value] : patch) {
    if (value.is_null())
      merged.erase(key);
    else
      merged[key] = value;
  }
  return merged;
}

}  // namespace

bool is_never_empty(const Field& field) {
  const bool chosen = field.type == FieldType::boolean || field.type == FieldType::choice ||
                      field.type == FieldType::choices;
  return chosen && !field.required && field.default_json != "null";
}

FieldValues read_new(const Kind& kind, const json::object& body, std::vector<FieldError>& errors) {
  FieldValues values;
  refuse_unknown(kind, body, errors);
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    const json::value* given = body.if_contains(field.name);
    json::value value =
        given ? read_value(field, *given, pointer_to(field), errors) : default_value(field);
    if (given && given->is_null() && is_never_empty(field)) value = default_value(field);
    if (given && field.type == FieldType::settings) check_new_settings(field, *given, errors);
    const bool absent = given ? given->is_null() : field.default_json == "null";
    if (field.required && absent) errors.push_back(missing(field));
    if (!value.is_null()) values.push_back({i, std::move(value)});
  }
  return values;
}

Result<FieldValues> read_new(const Kind& kind, const json::object& body) {
  std::vector<FieldError> errors;
  FieldValues values = read_new(kind, body, errors);
  if (!errors.empty()) return fail(refusal_of(kind, std::move(errors)));
  return values;
}

FieldValues read_patch(const Kind& kind, const json::object& patch,
                       const std::vector<json::value>& current, std::vector<FieldError>& errors) {
  FieldValues values;
  refuse_unknown(kind, patch, errors);
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    const json::value* given = patch.if_contains(field.name);
    if (!given) continue;
    const std::string pointer = pointer_to(field);
    const bool into_object = (field.type == FieldType::group || field.type == FieldType::custom ||
                              field.type == FieldType::settings) &&
                             given->is_object();
    const std::size_t before = errors.size();
    json::value value =
        into_object
            ? read_value(field, patched_object(current[i], given->get_object()), pointer, errors)
            : read_value(field, *given, pointer, errors);
    if (field.required && given->is_null()) errors.push_back(missing(field));
    if (given->is_null() && !current[i].is_null() && is_never_empty(field))
      value = default_value(field);
    if (errors.size() == before && value != current[i]) values.push_back({i, std::move(value)});
  }
  return values;
}

Result<FieldValues> read_patch(const Kind& kind, const json::object& patch,
                               const std::vector<json::value>& current) {
  std::vector<FieldError> errors;
  FieldValues values = read_patch(kind, patch, current, errors);
  if (!errors.empty()) return fail(refusal_of(kind, std::move(errors)));
  return values;
}

Error refusal_of(const Kind& kind, std::vector<FieldError> errors) {
  const FieldError& first = errors.front();
  const std::size_t slash = first.pointer.starts_with('/') ? 1 : 0;
  const ErrcInfo* common = find_errc(first.code);
  for (const FieldError& each : errors)
    if (each.code != first.code) common = nullptr;
  std::string detail =
      errors.size() == 1
          ? fmt::format("{} {}", std::string_view(first.pointer).substr(slash), first.detail)
          : fmt::format("{} values of the {} are not acceptable", errors.size(), kind.name);
  return Error(common ? common->code : Errc::validation_failed, std::move(detail), {},
               std::move(errors));
}

}  // namespace skerry
