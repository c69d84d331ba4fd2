// Seats of machines that never see this one: request files in, answer files out
// (docs/formats/offline.md). Whoever has the file needs no token.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> activate_offline(Context& context, Request& request);
Task<Result<Response>> refresh_offline(Context& context, Request& request);
Task<Result<Response>> return_offline(Context& context, Request& request);

}  // namespace skerry::api
