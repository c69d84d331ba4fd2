#include "api/openapi/parts.hpp"

#include "core/check.hpp"

namespace skerry::api::openapi {
namespace {

void merge(json::object& into, json::object&& from) {
  for (auto& [name, value] : from) {
    SKERRY_CHECK(!into.contains(name));
    into.emplace(name, std::move(value));
  }
}

json::object* section_of(Parts& parts, std::string_view name) {
  if (name == "document") return &parts.document;
  if (name == "operations") return &parts.operations;
  if (name == "parameters") return &parts.parameters;
  if (name == "headers") return &parts.headers;
  if (name == "schemas") return &parts.schemas;
  if (name == "securitySchemes") return &parts.security_schemes;
  if (name == "examples") return &parts.examples;
  if (name == "record_examples") return &parts.record_examples;
  return nullptr;
}

void add(Parts& parts, json::object&& file) {
  for (auto& [name, value] : file) {
    if (name == "tags") {
      for (json::value& tag : value.as_array()) parts.tags.push_back(std::move(tag));
      continue;
    }
    json::object* const section = section_of(parts, name);
    SKERRY_CHECK(section);
    merge(*section, std::move(value.as_object()));
  }
}

}  // namespace

const Parts& parts() {
  static const Parts all = [] {
    Parts merged;
    for (const Fragment& fragment : fragments()) {
      auto file = parse_json_object(fragment.text);
      SKERRY_CHECK(file);
      add(merged, std::move(*file));
    }
    return merged;
  }();
  return all;
}

}  // namespace skerry::api::openapi
