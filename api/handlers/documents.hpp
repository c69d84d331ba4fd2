// What describes the API: the OpenAPI document, the same as a page, and what is behind the problem
// types.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> get_openapi(Context& context, Request& request);
// The page for people, with a policy that lets it load nothing.
Result<Response> get_docs(Context& context, Request& request);
Result<Response> get_problem_page(Context& context, Request& request);

}  // namespace skerry::api
