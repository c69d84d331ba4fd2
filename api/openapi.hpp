// The OpenAPI 3.1 document of this server, made from the route table and the kinds.
#pragma once

#include <string>

namespace skerry::api {

// Built at the first call, the same for the life of the process. Any thread.
const std::string& openapi_document();

}  // namespace skerry::api
