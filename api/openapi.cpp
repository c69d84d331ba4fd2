#include "api/openapi.hpp"

#include <fmt/format.h>

#include "api/routes.hpp"
#include "core/errc.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"
#include "store/list_records.hpp"

namespace skerry::api {
namespace {

using json::array;
using json::object;

object reference(std::string_view schema) {
  return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

object json_content(object schema) {
  return {{"application/json", object{{"schema", std::move(schema)}}}};
}

object options_schema(const Field& field) {
  return {{"type", "string"}, {"enum", array(field.options.begin(), field.options.end())}};
}

// What a field may hold, null aside.
object value_schema(const Field& field) {
  switch (field.type) {
    case FieldType::boolean:
      return {{"type", "boolean"}};
    case FieldType::timestamp:
      return {{"type", "string"}, {"format", "date-time"}};
    case FieldType::reference:
      return {{"type", "string"}, {"format", "uuid"}};
    case FieldType::choice:
      return options_schema(field);
    case FieldType::choices:
      return {{"type", "array"}, {"uniqueItems", true}, {"items", options_schema(field)}};
    case FieldType::country:
      return {{"type", "string"}, {"pattern", "^[A-Z]{2}$"}};
    case FieldType::phone:
      return {{"type", "string"}, {"pattern", "^\\+[1-9][0-9]{6,14}$"}};
    case FieldType::email:
      return {{"type", "string"}, {"format", "email"}, {"maxLength", field.length_max}};
    case FieldType::url:
      return {{"type", "string"}, {"format", "uri"}, {"maxLength", field.length_max}};
    case FieldType::group: {
      object members;
      for (const Field& member : field.members) members[member.name] = value_schema(member);
      return {
          {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
    }
    case FieldType::date:
      return {{"type", "string"}, {"format", "date"}};
    case FieldType::decimal:
      return {{"type", "string"}, {"pattern", "^-?[0-9]{1,15}(\\.[0-9]{1,6})?$"}};
    case FieldType::integer:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", field.length_max}};
    case FieldType::texts:
      return {{"type", "array"},
              {"uniqueItems", true},
              {"items", object{{"type", "string"}, {"maxLength", field.length_max}}}};
    case FieldType::custom_key:
      return {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_.-]{0,49}$"}};
    case FieldType::custom:
      return {
          {"type", "object"},
          {"additionalProperties", object{{"type", array{"string", "number", "boolean", "null"}}}}};
    case FieldType::text:
      break;
  }
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", field.length_max}};
}

object field_schema(const Field& field, bool may_be_null) {
  object schema;
  if (may_be_null)
    schema["anyOf"] = array{value_schema(field), object{{"type", "null"}}};
  else
    schema = value_schema(field);
  schema["title"] = field.title;
  return schema;
}

object id_schema() { return {{"type", "string"}, {"format", "uuid"}}; }
object time_schema() { return {{"type", "string"}, {"format", "date-time"}}; }

enum class Form { record, create, patch };

object kind_schema(const Kind& kind, Form form) {
  object properties;
  array required;
  if (form != Form::patch) properties["id"] = id_schema();
  if (form == Form::record) {
    properties["revision"] = object{{"type", "integer"}, {"minimum", 1}};
    properties["created_at"] = time_schema();
    properties["updated_at"] = time_schema();
    required = {"id", "revision", "created_at", "updated_at"};
  }
  for (const Field& field : kind.fields) {
    properties[field.name] = field_schema(field, !field.required);
    if (form == Form::record || (form == Form::create && field.required))
      required.emplace_back(field.name);
  }
  object schema{{"type", "object"}, {"title", kind.title}, {"additionalProperties", false}};
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

object list_schema(object item) {
  return {{"type", "object"},
          {"required", array{"items", "next_cursor"}},
          {"properties", object{{"items", object{{"type", "array"}, {"items", std::move(item)}}},
                                {"next_cursor", object{{"type", array{"string", "null"}}}}}}};
}

object problem_schema() {
  const object text{{"type", "string"}};
  array codes;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    codes.emplace_back(info(static_cast<Errc>(code)).slug);
  object complaint{{"type", "object"},
                   {"properties", object{{"pointer", text}, {"code", text}, {"detail", text}}}};
  return {
      {"type", "object"},
      {"required", array{"type", "title", "status", "instance", "code"}},
      {"properties", object{{"type", object{{"type", "string"}, {"format", "uri-reference"}}},
                            {"title", text},
                            {"status", object{{"type", "integer"}}},
                            {"detail", text},
                            {"instance", text},
                            {"code", object{{"type", "string"}, {"enum", std::move(codes)}}},
                            {"errors", object{{"type", "array"}, {"items", std::move(complaint)}}},
                            {"next", text},
                            {"current", object{{"type", "object"}}}}}};
}

// "CustomerCreate"
std::string schema_name(const Kind& kind, Form form) {
  std::string name(kind.name);
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  if (form == Form::create) name += "Create";
  if (form == Form::patch) name += "Patch";
  return name;
}

object schemas() {
  object all{{"Problem", problem_schema()}};
  for (const Kind& kind : all_kinds())
    for (const Form form : {Form::record, Form::create, Form::patch})
      all[schema_name(kind, form)] = kind_schema(kind, form);
  return all;
}

object parameter(std::string_view in, std::string_view name, object schema, bool required) {
  return {{"in", in}, {"name", name}, {"required", required}, {"schema", std::move(schema)}};
}

array path_parameters(std::string_view path) {
  array parameters;
  for (std::size_t open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    const std::size_t close = path.find('}', open);
    parameters.push_back(
        parameter("path", path.substr(open + 1, close - open - 1), {{"type", "string"}}, true));
  }
  return parameters;
}

void add_list_parameters(array& parameters, const Kind& kind) {
  const object text{{"type", "string"}};
  parameters.push_back(
      parameter("query", "limit",
                {{"type", "integer"}, {"minimum", 1}, {"maximum", store::list_limit_max}}, false));
  parameters.push_back(parameter("query", "cursor", text, false));
  array sorts{"id", "-id"};
  for (const Field& field : kind.fields) {
    if (!field.filterable) continue;
    sorts.emplace_back(field.name);
    sorts.emplace_back(fmt::format("-{}", field.name));
    parameters.push_back(parameter("query", field.name, text, false));
  }
  parameters.push_back(
      parameter("query", "sort", {{"type", "string"}, {"enum", std::move(sorts)}}, false));
  parameters.push_back(parameter(
      "query", "archived",
      {{"type", "string"}, {"enum", array{"exclude", "include", "only"}}, {"default", "exclude"}},
      false));
  parameters.push_back(parameter("query", "q", text, false));
}

object problem_response() {
  return {
      {"description", "The request was refused, and nothing was changed"},
      {"content", object{{"application/problem+json", object{{"schema", reference("Problem")}}}}}};
}

object answer(std::string_view description, std::optional<object> schema = {}) {
  object response{{"description", description}};
  if (schema) response["content"] = json_content(std::move(*schema));
  return response;
}

object request_body(Body body) {
  const std::string_view type =
      body == Body::json ? "application/json" : "application/octet-stream";
  object schema;
  if (body == Body::json) schema["type"] = "object";
  return {{"content", object{{type, object{{"schema", std::move(schema)}}}}}};
}

// One route; `kind` for those of records, written out for each kind.
object operation(const Route& route, const Kind* kind) {
  object made;
  std::string id(route.operation_id);
  if (kind) id += fmt::format("_{}", kind->plural);
  made["operationId"] = id;
  made["summary"] = route.summary;
  made["x-access"] = to_string(route.access);
  if (route.access == Access::open) made["security"] = array();
  array parameters;
  for (json::value& each : path_parameters(route.path))
    if (!kind || each.at("name").as_string() != "plural") parameters.push_back(std::move(each));
  object responses{{"default", problem_response()}};
  const bool one = kind && route.path.ends_with("{id}");
  if (kind) made["tags"] = array{kind->plural};
  if (kind && route.method == Method::get && !one) add_list_parameters(parameters, *kind);
  if (one && (route.method == Method::patch || route.method == Method::del))
    parameters.push_back(parameter("header", "If-Match", {{"type", "string"}}, true));
  if (route.method == Method::post)
    parameters.push_back(
        parameter("header", "Idempotency-Key", {{"type", "string"}, {"maxLength", 255}}, false));
  if (!kind) {
    responses["2XX"] = answer("Done");
    if (route.body != Body::none) made["requestBody"] = request_body(route.body);
  } else if (route.method == Method::get) {
    object schema = reference(schema_name(*kind, Form::record));
    responses["200"] = answer(kind->title, one ? schema : list_schema(schema));
    if (one) responses["304"] = answer("Not changed since the revision in If-None-Match");
  } else if (route.method == Method::post) {
    responses["201"] = answer("Made", reference(schema_name(*kind, Form::record)));
    made["requestBody"] = object{
        {"required", true}, {"content", json_content(reference(schema_name(*kind, Form::create)))}};
  } else if (route.method == Method::patch) {
    responses["200"] = answer("Changed", reference(schema_name(*kind, Form::record)));
    made["requestBody"] = object{
        {"required", true},
        {"content", object{{"application/merge-patch+json",
                            object{{"schema", reference(schema_name(*kind, Form::patch))}}}}}};
  } else {
    responses["204"] = answer("Deleted");
  }
  if (!parameters.empty()) made["parameters"] = std::move(parameters);
  made["responses"] = std::move(responses);
  return made;
}

std::string method_name(Method method) {
  std::string name(to_string(method));
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

void add_operation(object& paths, const std::string& path, const Route& route, const Kind* kind) {
  if (!paths.contains(path)) paths[path] = object();
  paths[path].as_object()[method_name(route.method)] = operation(route, kind);
}

object paths() {
  constexpr std::string_view placeholder = "/v1/{plural}";
  object all;
  for (const Route& route : all_routes()) {
    if (!route.path.starts_with(placeholder)) {
      add_operation(all, std::string(route.path), route, nullptr);
      continue;
    }
    for (const Kind& kind : all_kinds())
      add_operation(all,
                    fmt::format("/v1/{}{}", kind.plural, route.path.substr(placeholder.size())),
                    route, &kind);
  }
  return all;
}

}  // namespace

const std::string& openapi_document() {
  static const std::string document = [] {
    object whole{
        {"openapi", "3.1.0"},
        {"info", object{{"title", "Skerry"},
                        {"version", fmt::format("{}", schema_version)},
                        {"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", array{object{{"url", "/"}}}},
        {"security", array{object{{"token", array()}}}}};
    whole["paths"] = paths();
    whole["components"] = object{
        {"securitySchemes", object{{"token", object{{"type", "http"}, {"scheme", "bearer"}}}}},
        {"schemas", schemas()}};
    return json::serialize(whole);
  }();
  return document;
}

}  // namespace skerry::api
