// Conflicts: list, show, resolve.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> list_conflicts(Context& context, Request& request);
Result<Response> get_conflict(Context& context, Request& request);
Task<Result<Response>> resolve_conflict(Context& context, Request& request);
Task<Result<Response>> undo_conflict(Context& context, Request& request);

}  // namespace skerry::api
