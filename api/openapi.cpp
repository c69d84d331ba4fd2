#include "api/openapi.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "api/openapi/kind_schemas.hpp"
#include "api/openapi/operations.hpp"
#include "api/openapi/parts.hpp"
#include "api/openapi/problems.hpp"
#include "api/openapi/words.hpp"
#include "api/routes.hpp"

namespace skerry::api {
namespace {

using json::array;
using json::object;
using openapi::Form;
using openapi::parts;

std::string method_name(Method method) {
  std::string name(to_string(method));
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

void add_operation(object& paths, const std::string& path, const Route& route, const Kind* kind,
                   std::set<int>& refusals) {
  if (!paths.contains(path)) paths[path] = object();
  paths[path].as_object()[method_name(route.method)] = openapi::operation(route, kind, refusals);
}

// Whether the kind has this operation: a site is made by an invitation.
bool offers(const Kind& kind, const Route& route) {
  constexpr std::array<std::string_view, 3> of_written{"createRecord", "deleteRecord",
                                                       "writeBatch"};
  return kind.is_written() ||
         std::find(of_written.begin(), of_written.end(), route.operation_id) == of_written.end();
}

// Routes of records, and those that take the filters of a kind's list, are written out for each
// kind.
object paths(std::set<int>& refusals) {
  constexpr std::string_view placeholder = "{plural}";
  constexpr std::array<std::string_view, 2> written_out{"/v1/", "/v1/exports/"};
  object all;
  for (const Route& route : all_routes()) {
    const std::size_t at = route.path.find(placeholder);
    const std::string_view before = route.path.substr(0, at);
    if (std::find(written_out.begin(), written_out.end(), before) == written_out.end()) {
      add_operation(all, std::string(route.path), route, nullptr, refusals);
      continue;
    }
    const std::string_view rest = route.path.substr(at + placeholder.size());
    for (const Kind& kind : all_kinds())
      if (offers(kind, route))
        add_operation(all, fmt::format("{}{}{}", before, kind.plural, rest), route, &kind,
                      refusals);
  }
  return all;
}

array tags() {
  array all;
  for (const Kind& kind : all_kinds()) {
    const bool central = kind.authority == Authority::central;
    all.push_back(object{
        {"name", kind.plural},
        {"description",
         fmt::format("Records of kind {}; {}", kind.name,
                     central ? "written at central only" : "written at sites and at central")}});
  }
  for (const json::value& tag : parts().tags) all.push_back(tag);
  return all;
}

object schemas() {
  const openapi::Words words(nullptr);
  object all = words.replace(parts().schemas).as_object();
  all["Problem"] = openapi::problem_schema();
  for (const Kind& kind : all_kinds()) {
    for (const Form form : {Form::record, Form::create, Form::patch}) {
      if (!openapi::has_form(kind, form)) continue;
      all[openapi::schema_name(kind, form)] = openapi::kind_schema(kind, form);
    }
    all[openapi::kind_word(kind) + "Page"] = openapi::page_schema(kind);
  }
  return all;
}

object whole_document() {
  object whole = parts().document;
  whole["info"].as_object()["version"] = fmt::format("{}", schema_version);
  whole["tags"] = tags();
  std::set<int> refusals;
  whole["paths"] = paths(refusals);
  const openapi::Words words(nullptr);
  whole["components"] = object{{"securitySchemes", parts().security_schemes},
                               {"parameters", words.replace(parts().parameters)},
                               {"headers", parts().headers},
                               {"responses", openapi::problem_responses(refusals)},
                               {"schemas", schemas()}};
  return whole;
}

}  // namespace

const json::object& openapi_object() {
  static const object document = whole_document();
  return document;
}

const std::string& openapi_document() {
  static const std::string document = json::serialize(openapi_object());
  return document;
}

}  // namespace skerry::api
