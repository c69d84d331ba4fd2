// The OpenAPI 3.1 document of this server: from the route table, the kinds' descriptions, and the
// hand-written parts in api/openapi/*.json.
#pragma once

#include <string>

#include "core/strict_json.hpp"

namespace skerry::api {

// Built at the first call, the same for the life of the process. Any thread.
const std::string& openapi_document();
const json::object& openapi_object();

}  // namespace skerry::api
