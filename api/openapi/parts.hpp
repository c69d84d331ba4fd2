// The hand-written parts of the OpenAPI document: api/openapi/*.json, built into the program. What
// follows from the route table and from the kinds is not in them.
//
// "operations", by the operation_id of the route table:
//   tag          left out by operations of records, whose tag is their kind's plural
//   kind         a kind's name: its words and examples may be used (below)
//   summary      instead of the route's, where the kind should stand in it
//   description  one paragraph, plain text with `code`
//   path         {name: schema} of path parameters; a plain string otherwise
//   parameters   names among "parameters", parameters as OpenAPI has them, or of a list of the kind
//                "@sort" and "@filters"
//   body         {schema, example, type, description, required (true)}; type by the route's Body
//   answers      by status: {description, schema, example, headers: [names], content}; `content`
//                as OpenAPI has it, instead of schema and example
//   errors       slugs of core/errc beside those that every such route can answer; "@bundle" stands
//                for what can be wrong with a bundle
// A schema is an OpenAPI schema, or the name of one among "schemas".
//
// Strings that are replaced: "@name" by the entry of "examples"; "@kinds" and "@plurals" in an
// array by the names of all kinds, "@imported" by the plurals of those that files bring;
// "@record:NAME" by an example of that kind. Where a kind is known, "@record", "@create" and
// "@patch" by its examples, "{Kind}" by "Customer", "{Title}" by its title, "{title}" and
// "{titles}" by "customer" and "customers" as words.
#pragma once

#include <span>
#include <string_view>

#include "core/strict_json.hpp"

namespace skerry::api::openapi {

struct Fragment {
  std::string_view file;
  std::string_view text;
};
// Made by CMake from the files.
std::span<const Fragment> fragments();
// api/docs.css, the same way.
std::string_view docs_style();

struct Parts {
  json::object document;  // openapi, info, servers, security
  json::array tags;
  json::object operations;
  json::object parameters;
  json::object headers;
  json::object schemas;
  json::object security_schemes;
  json::object examples;
  json::object record_examples;  // {kind: {field: value}}, and groups by their name
};

// All files, merged; read at the first call. A file that is no such JSON, or a name that stands
// twice, is a defect (CHECK). Any thread.
const Parts& parts();

}  // namespace skerry::api::openapi
