// Rules that decide conflicts, at central.
#pragma once

#include "api/context.hpp"
#include "api/work.hpp"

namespace skerry::api {

Result<Response> list_conflict_rules(Context& context, Request& request);
Task<Result<Response>> set_conflict_rule(Context& context, Request& request);
Task<Result<Response>> delete_conflict_rule(Context& context, Request& request);

}  // namespace skerry::api
