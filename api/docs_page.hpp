// The OpenAPI document as one page for people: HTML and a style sheet, no script, nothing loaded.
#pragma once

#include <string>

#include "core/strict_json.hpp"

namespace skerry::api {

// `document` as openapi_object() gives it. All text in it is escaped.
std::string docs_page(const json::object& document);

// What goes with every such page (Response::policy): nothing but its own style sheet, by its hash.
const std::string& docs_security_policy();

}  // namespace skerry::api
