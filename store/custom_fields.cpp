#include "store/custom_fields.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry::store {
namespace {

CustomField read_custom_field(const Cursor& cursor) {
  CustomField field;
  field.key = cursor.text(0);
  field.display_name = cursor.text(1);
  field.type = cursor.text(2);
  if (!cursor.is_null(3)) {
    const json::value options = json::parse(cursor.text(3));
    for (const json::value& option : options.as_array())
      field.options.emplace_back(std::string_view(option.as_string()));
  }
  field.required = cursor.integer(4) != 0;
  field.unique = cursor.integer(5) != 0;
  return field;
}

std::string keys_text(const std::vector<CustomField>& fields) {
  if (fields.empty()) return "there are none";
  std::string text = "there are ";
  for (const CustomField& field : fields) {
    if (&field != &fields.front()) text += ", ";
    text += field.key;
  }
  return text;
}

}  // namespace

std::vector<CustomField> custom_fields_of(Connection& connection, const Kind& kind) {
  std::vector<CustomField> fields;
  Cursor cursor = connection.query(
      "SELECT key,display_name,type,options,required,\"unique\" FROM custom_field "
      "WHERE record_kind=?1 AND archived_at IS NULL ORDER BY position,id",
      kind.name);
  while (cursor.next()) fields.push_back(read_custom_field(cursor));
  return fields;
}

// From key to key through the index of values, whatever number of records has one.
std::vector<CustomField> custom_columns_of(Connection& connection, const Kind& kind) {
  std::vector<CustomField> fields = custom_fields_of(connection, kind);
  const std::size_t defined = fields.size();
  const std::string end = fmt::format("{}/", kind.name);  // '/' follows '.'
  for (std::string at = custom_value_field(kind, "");;) {
    Cursor cursor = connection.query(
        "SELECT field FROM custom_value WHERE field>?1 AND field<?2 ORDER BY field LIMIT 1", at,
        end);
    if (!cursor.next()) return fields;
    at = cursor.text(0);
    const std::string key = at.substr(kind.name.size() + 1);
    const auto has_key = [&](const CustomField& each) { return each.key == key; };
    if (std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(defined), has_key))
      continue;
    CustomField& closed = fields.emplace_back();
    closed.key = key;
    closed.open = false;
  }
}

std::optional<FieldError> complaint_about(const CustomField& field, const json::value& value,
                                          std::string pointer) {
  const auto refuse = [&](const char* code, std::string detail) {
    return FieldError{std::move(pointer), code, std::move(detail)};
  };
  if (!field.open)
    return refuse("unknown_field",
                  "is archived here, or not defined: what records have stays, as it is");
  if (field.type == "number") {
    if (!value.is_number()) return refuse("wrong_type", "must be a number");
    return std::nullopt;
  }
  if (field.type == "boolean") {
    if (!value.is_bool()) return refuse("wrong_type", "must be true or false");
    return std::nullopt;
  }
  const json::string* text = value.if_string();
  if (!text) return refuse("wrong_type", "must be a string");
  if (field.type == "date" && !is_date(*text))
    return refuse("bad_date", "is not a day such as 2026-03-02");
  const auto& options = field.options;
  if (field.type == "option" &&
      std::find(options.begin(), options.end(), std::string_view(*text)) == options.end())
    return refuse("bad_choice", fmt::format("must be one of {}", fmt::join(options, ", ")));
  return std::nullopt;
}

void check_custom_values(const std::vector<CustomField>& fields, const Record& record,
                         const json::value& before, bool is_new, std::vector<FieldError>& errors) {
  const json::value& after = record.value("custom");
  const auto pointer = [](std::string_view key) { return fmt::format("/custom/{}", key); };
  if (const json::object* values = after.if_object()) {
    for (const auto& [key, value] : *values) {
      if (value == member_of(before, key)) continue;
      const std::string_view wanted = key;
      const auto field = std::find_if(fields.begin(), fields.end(),
                                      [&](const CustomField& each) { return each.key == wanted; });
      if (field == fields.end()) {
        errors.push_back({pointer(key), "unknown_field",
                          fmt::format("is no custom field of {}; {}",
                                      with_article(record.kind->name), keys_text(fields))});
      } else if (auto complaint = complaint_about(*field, value, pointer(key))) {
        errors.push_back(std::move(*complaint));
      }
    }
  }
  for (const CustomField& field : fields) {
    const bool taken_away = !is_new && !member_of(before, field.key).is_null();
    if (field.required && member_of(after, field.key).is_null() && (is_new || taken_away))
      errors.push_back({pointer(field.key), "required", "is required"});
  }
}

std::vector<SharedCustomValue> find_same_custom(Connection& connection, const Record& record,
                                                const json::value& before) {
  std::vector<SharedCustomValue> found;
  const int position = record.kind->find_field("custom");
  if (position < 0) return found;
  const json::value& values = record.values[static_cast<std::size_t>(position)];
  if (values.is_null()) return found;
  for (const CustomField& field : custom_fields_of(connection, *record.kind)) {
    const json::value& value = member_of(values, field.key);
    if (!field.unique || value.is_null() || value == member_of(before, field.key)) continue;
    const std::string name = custom_value_field(*record.kind, field.key);
    const std::string text = custom_value_text(value);
    Cursor cursor = connection.query(
        "SELECT record FROM custom_value WHERE field=?1 AND value=?2 AND record<>?3 LIMIT 1", name,
        text, record.id);
    if (cursor.next()) found.push_back({field.key, cursor.id<RecordId>(0)});
  }
  return found;
}

bool has_custom_values(Connection& connection, const Record& definition) {
  const Kind* kind = find_kind(std::string_view(definition.value("record_kind").as_string()));
  const std::string field =
      custom_value_field(*kind, std::string_view(definition.value("key").as_string()));
  return connection.query("SELECT 1 FROM custom_value WHERE field=?1 LIMIT 1", field).next();
}

void index_custom_values(Connection& connection, const Record& record, const json::value& before,
                         const json::value& after) {
  if (before == after) return;
  // What `from` has and `to` has otherwise.
  const auto run = [&](const json::value& from, const json::value& to, std::string_view sql) {
    const json::object* values = from.if_object();
    if (!values) return;
    for (const auto& [key, value] : *values) {
      if (value == member_of(to, key)) continue;
      const std::string field = custom_value_field(*record.kind, key);
      const std::string text = custom_value_text(value);
      connection.execute(sql, field, text, record.id);
    }
  };
  run(before, after, "DELETE FROM custom_value WHERE field=?1 AND value=?2 AND record=?3");
  run(after, before, "INSERT INTO custom_value(field,value,record) VALUES(?1,?2,?3)");
}

std::string custom_value_field(const Kind& kind, std::string_view key) {
  return fmt::format("{}.{}", kind.name, key);
}

std::string custom_value_text(const json::value& value) {
  const json::string* text = value.if_string();
  return text ? std::string(*text) : to_json_text(value);
}

}  // namespace skerry::store
