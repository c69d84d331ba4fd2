#include "api/openapi/kind_schemas.hpp"

#include <fmt/format.h>

#include "store/list_fields.hpp"

namespace skerry::api::openapi {
namespace {

using json::array;
using json::object;

constexpr std::string_view decimal_pattern = "^-?[0-9]{1,15}(\\.[0-9]{1,6})?$";
constexpr std::string_view custom_key_pattern = "^[a-z][a-z0-9_.-]{0,49}$";
constexpr std::string_view custom_filter_pattern = "^custom\\.[a-z][a-z0-9_.-]{0,49}$";

// "CustomField" for "custom_field".
std::string camel_case(std::string_view name) {
  std::string word;
  bool start = true;
  for (const char c : name) {
    if (c != '_') word += start ? static_cast<char>(c - 'a' + 'A') : c;
    start = c == '_';
  }
  return word;
}

array names_of(std::span<const std::string_view> names) {
  array made;
  for (const std::string_view name : names) made.emplace_back(name);
  return made;
}

object text_schema(std::size_t length_max) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}};
}

object custom_schema(std::string_view description) {
  return {{"type", "object"},
          {"description", description},
          {"additionalProperties", object{{"type", array{"string", "number", "boolean", "null"}}}}};
}

object scope_schema() {
  const object ids{{"type", "array"},
                   {"uniqueItems", true},
                   {"items", object{{"type", "string"}, {"format", "uuid"}}}};
  return {{"oneOf", array{object{{"type", "string"}, {"enum", array{"all"}}}, ids}}};
}

// With null for each member: in a patch it empties the member.
object group_schema(const Field& field);

// What a field may hold, null aside.
object value_schema(const Field& field) {
  switch (field.type) {
    case FieldType::boolean:
      return {{"type", "boolean"}};
    case FieldType::timestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case FieldType::date:
      return {{"type", "string"}, {"format", "date"}};
    case FieldType::decimal:
      return {{"type", "string"}, {"pattern", decimal_pattern}};
    case FieldType::integer:
      return {{"type", "integer"}, {"minimum", field.least}, {"maximum", field.length_max}};
    case FieldType::reference:
      return {{"type", "string"}, {"format", "uuid"}};
    case FieldType::scope:
      return scope_schema();
    case FieldType::choice:
      return {{"type", "string"}, {"enum", names_of(field.options)}};
    case FieldType::choices:
      return {{"type", "array"},
              {"uniqueItems", true},
              {"items", object{{"type", "string"}, {"enum", names_of(field.options)}}}};
    case FieldType::texts:
      return {{"type", "array"}, {"uniqueItems", true}, {"items", text_schema(field.length_max)}};
    case FieldType::custom_key:
      return {{"type", "string"}, {"pattern", custom_key_pattern}};
    case FieldType::country:
      return {{"type", "string"}, {"pattern", "^[A-Z]{2}$"}};
    case FieldType::phone:
      return {{"type", "string"}, {"pattern", "^\\+[1-9][0-9]{6,14}$"}};
    case FieldType::email:
      return {{"type", "string"}, {"format", "idn-email"}, {"maxLength", field.length_max}};
    case FieldType::url:
      return {{"type", "string"}, {"format", "iri"}, {"maxLength", field.length_max}};
    case FieldType::group:
      return group_schema(field);
    case FieldType::custom:
      return custom_schema("By the key of a custom field of this kind");
    case FieldType::settings:
      return custom_schema(
          "By the key of a feature or an attribute of the product; of a feature's amount, "
          "`unlimited` is no limit. In a change null takes a key back, in a new record it is "
          "refused");
    case FieldType::text:
      break;
  }
  return text_schema(field.length_max);
}

void allow_null(object& schema) {
  schema["type"] = array{schema["type"], "null"};
  if (json::value* const options = schema.if_contains("enum"))
    options->as_array().push_back(nullptr);
}

object group_schema(const Field& field) {
  object members;
  for (const Field& member : field.members) {
    object schema = value_schema(member);
    allow_null(schema);
    schema["title"] = member.title;
    members[member.name] = std::move(schema);
  }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
}

// What the type does not say.
std::string remarks(const Field& field, bool derived) {
  std::string text;
  const auto add = [&text](const std::string& sentence) {
    if (!text.empty()) text += ". ";
    text += sentence;
  };
  if (derived || field.read_only) add("Follows from other things; it is not written");
  if (field.type == FieldType::scope)
    add(fmt::format("Every {0}, or the {0}s with these ids: what is seen is theirs",
                    fmt::join(field.options, " or ")));
  if (field.type == FieldType::reference)
    add(fmt::format("The id of a record: {}", fmt::join(field.options, " or ")));
  if (field.type == FieldType::country) add("ISO 3166-1 alpha-2");
  if (field.type == FieldType::phone) add("E.164");
  if (field.type == FieldType::decimal) add("A decimal number as text, so that nothing rounds it");
  if (field.unique == Unique::everywhere) add("Unique");
  if (field.unique == Unique::within)
    add(fmt::format("Unique among those of the same {}", field.unique_within));
  if (!derived && !field.read_only && field.merge == MergeClass::central)
    add("Only central writes it");
  if (field.searchable) add("Found by its words");
  return text;
}

// What is taken beside the form in which it is given back.
void accept_more(object& schema, const Field& field) {
  if (field.type == FieldType::timestamp) {  // a day alone is its midnight
    schema.erase("format");
    schema["pattern"] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?$";
  }
  if (field.type == FieldType::decimal) schema["type"] = array{"string", "number", "null"};
  if (field.type == FieldType::choices) schema.erase("uniqueItems");  // each counts once
}

object field_schema(const Field& field, Form form, bool derived) {
  object schema = value_schema(field);
  if (derived) schema.erase("maximum");  // it counts what there is
  if (!field.required) allow_null(schema);
  if (form != Form::record) accept_more(schema, field);
  schema["title"] = field.title;
  if (const std::string text = remarks(field, derived); !text.empty()) schema["description"] = text;
  if (derived || field.read_only) schema["readOnly"] = true;
  if (form == Form::create && field.default_json != "null")
    schema["default"] = json::parse(field.default_json);
  return schema;
}

object reference(std::string_view schema) {
  return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

void add_record_members(object& properties, array& required) {
  properties["revision"] = object{
      {"type", "integer"}, {"minimum", 1}, {"description", "Counts its changes here; the ETag"}};
  properties["created_at"] = reference("Time");
  properties["updated_at"] = reference("Time");
  required = {"id", "revision", "created_at", "updated_at"};
}

}  // namespace

bool has_form(const Kind& kind, Form form) {
  return form != Form::create || kind.is_written() || kind.administered;
}

std::string kind_word(const Kind& kind) { return camel_case(kind.name); }
std::string kind_words(const Kind& kind) { return camel_case(kind.plural); }

std::string schema_name(const Kind& kind, Form form) {
  std::string name = kind_word(kind);
  if (form == Form::create) name += "Create";
  if (form == Form::patch) name += "Patch";
  return name;
}

json::object kind_schema(const Kind& kind, Form form) {
  object properties;
  array required;
  if (form != Form::patch) properties["id"] = reference("Id");
  if (form == Form::record) add_record_members(properties, required);
  for (const Field& field : kind.fields) {
    if (form != Form::record && field.read_only) continue;
    properties[field.name] = field_schema(field, form, false);
    const bool needed = field.required && field.default_json == "null";
    if (form == Form::record || (form == Form::create && needed)) required.emplace_back(field.name);
  }
  if (form == Form::record) {
    for (const Field& field : kind.derived) {
      properties[field.name] = field_schema(field, form, true);
      required.emplace_back(field.name);
    }
  }
  object schema{{"type", "object"}, {"title", fmt::format("{}", kind.title)}};
  if (form != Form::record) schema["additionalProperties"] = false;
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json::object page_schema(const Kind& kind) {
  return {{"type", "object"},
          {"required", array{"items", "next_cursor"}},
          {"properties",
           object{{"items", object{{"type", "array"},
                                   {"items", reference(schema_name(kind, Form::record))}}},
                  {"next_cursor", reference("Cursor")},
                  {"total", object{{"type", array{"integer", "null"}},
                                   {"description", "With `count`; null: more than `total_over`"}}},
                  {"total_over", object{{"type", "integer"}}}}}};
}

namespace {

object query_parameter(std::string_view name, std::string_view description, object schema) {
  return {
      {"name", name}, {"in", "query"}, {"description", description}, {"schema", std::move(schema)}};
}

array sorts_of(const Kind& kind) {
  array sorts{"id", "-id"};
  for (const std::string_view name : store::list_field_names(kind, store::ListUse::sort)) {
    sorts.emplace_back(name);
    sorts.emplace_back(fmt::format("-{}", name));
  }
  return sorts;
}

object shown_parameter(std::string_view name, std::string_view which) {
  return query_parameter(name, fmt::format("Whether {} ones are shown; with `q` they are", which),
                         {{"type", "string"}, {"enum", array{"exclude", "include", "only"}}});
}

// Each member is a parameter of its own (style form, exploded).
object custom_parameter() {
  return {{"name", "custom"},
          {"in", "query"},
          {"description",
           "`custom.KEY`: those with this value of the custom field; `null`: those without"},
          {"style", "form"},
          {"explode", true},
          {"schema", object{{"type", "object"},
                            {"patternProperties",
                             object{{custom_filter_pattern, object{{"type", "string"}}}}}}},
          {"example", object{{"custom.colour", "red"}}}};
}

}  // namespace

json::object sort_parameter(const Kind& kind) {
  return query_parameter("sort", "The order; `-` for descending",
                         {{"type", "string"}, {"enum", sorts_of(kind)}});
}

json::array filter_parameters(const Kind& kind) {
  array parameters;
  parameters.push_back(shown_parameter("archived", "archived"));
  if (store::has_scrapped(kind)) parameters.push_back(shown_parameter("scrapped", "scrapped"));
  if (store::is_searched(kind))
    parameters.push_back(query_parameter("q", "Beginnings of words", {{"type", "string"}}));
  for (const std::string_view name : store::list_field_names(kind, store::ListUse::filter)) {
    const Field& field = *store::find_list_field(kind, name, store::ListUse::filter);
    std::string text = fmt::format("Those with this {}", name);
    object schema = value_schema(field);
    if (store::may_be_asked_for_none(field)) {
      text += "; `null`: those without";
      schema = {
          {"anyOf", array{std::move(schema), object{{"type", "string"}, {"enum", array{"null"}}}}}};
    }
    parameters.push_back(query_parameter(name, text, std::move(schema)));
  }
  for (const std::string& name : store::list_bound_names(kind)) {
    const store::ListBound bound = *store::find_list_bound(kind, name);
    object schema = value_schema(*bound.field);
    accept_more(schema, *bound.field);
    parameters.push_back(query_parameter(
        name, fmt::format("{}: {}", bound.field->title, bound.is_until ? "before" : "from then on"),
        std::move(schema)));
  }
  if (kind.find_field("custom") >= 0) parameters.push_back(custom_parameter());
  return parameters;
}

}  // namespace skerry::api::openapi
