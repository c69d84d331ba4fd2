// Examples of records: by hand where records.json has one, otherwise made from the field's type.
#include "api/openapi/kind_schemas.hpp"
#include "api/openapi/parts.hpp"

namespace skerry::api::openapi {
namespace {

using json::array;
using json::object;

constexpr std::string_view example_id = "0199c0de-0000-7000-8000-000000000001";
constexpr std::string_view example_time = "2026-03-02T10:11:12.000Z";

const json::value* by_hand(std::string_view of, std::string_view field) {
  const json::value* const written = parts().record_examples.if_contains(of);
  return written ? written->as_object().if_contains(field) : nullptr;
}

json::value text(std::string_view characters) { return json::string(characters); }

json::value example_value(std::string_view of, const Field& field);

object example_group(const Field& field) {
  object group;
  for (const Field& member : field.members) group[member.name] = example_value(field.name, member);
  return group;
}

json::value example_value(std::string_view of, const Field& field) {
  if (const json::value* const written = by_hand(of, field.name)) return *written;
  switch (field.type) {
    case FieldType::boolean:
      return field.default_json == "true";
    case FieldType::timestamp:
      return text(example_time);
    case FieldType::date:
      return text("2026-03-02");
    case FieldType::decimal:
      return text("12.50");
    case FieldType::integer:
      return 3;
    case FieldType::reference:
      return text(example_id);
    case FieldType::scope:
      return "all";
    case FieldType::choice:
      return text(field.options.front());
    case FieldType::choices:
      return array{field.options.front()};
    case FieldType::texts:
      return array{"first", "second"};
    case FieldType::custom_key:
      return text("inspected_on");
    case FieldType::country:
      return "NO";
    case FieldType::phone:
      return "+4755512345";
    case FieldType::email:
      return "post@bakery.example";
    case FieldType::url:
      return "https://bakery.example";
    case FieldType::group:
      return example_group(field);
    case FieldType::custom:
    case FieldType::settings:
      return object();
    case FieldType::text:
      break;
  }
  return text(field.title.substr(0, field.length_max));
}

// A record as most are: not archived, not disabled, nothing special.
bool left_empty(const Field& field) {
  return !field.required && (field.type == FieldType::timestamp || field.type == FieldType::date ||
                             field.type == FieldType::custom || field.type == FieldType::decimal);
}

json::value example_of(const Kind& kind, const Field& field) {
  return left_empty(field) ? json::value() : example_value(kind.name, field);
}

// The field a person would change first.
const Field& changed_field(const Kind& kind) {
  for (const Field& field : kind.fields)
    if (field.type == FieldType::text && !field.required && !field.read_only) return field;
  for (const Field& field : kind.fields)
    if (field.type != FieldType::reference && !field.read_only) return field;
  return kind.fields.front();
}

}  // namespace

json::object kind_example(const Kind& kind, Form form) {
  object example;
  if (form == Form::patch) {
    const Field& field = changed_field(kind);
    example[field.name] = example_value(kind.name, field);
    return example;
  }
  if (form == Form::record)
    example = {{"id", example_id},
               {"revision", 1},
               {"created_at", example_time},
               {"updated_at", example_time}};
  for (const Field& field : kind.fields) {
    json::value value = example_of(kind, field);
    if (form == Form::create &&
        (field.read_only || value.is_null() || !(field.required || by_hand(kind.name, field.name))))
      continue;
    example[field.name] = std::move(value);
  }
  if (form == Form::record)
    for (const Field& field : kind.derived) example[field.name] = example_of(kind, field);
  return example;
}

}  // namespace skerry::api::openapi
