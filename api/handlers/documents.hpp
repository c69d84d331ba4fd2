// What describes the API: the OpenAPI document and the pages behind the problem types.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> get_openapi(Context& context, Request& request);
Result<Response> get_problem_page(Context& context, Request& request);

}  // namespace skerry::api
