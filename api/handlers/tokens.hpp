// Access tokens: create (shown once), list, revoke.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> create_token(Context& context, Request& request);
Result<Response> list_tokens(Context& context, Request& request);
Task<Result<Response>> revoke_token(Context& context, Request& request);

}  // namespace skerry::api
