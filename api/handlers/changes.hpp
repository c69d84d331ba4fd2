// The change feed: long poll and server-sent events.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> read_changes(Context& context, Request& request);

}  // namespace skerry::api
