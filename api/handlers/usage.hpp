// What happened to seats: what leaves for central, and reports of it.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// Makes facts of all that the seats of this machine have counted, so that the next bundle takes
// them; how many. Before each packing at a site, on any thread but the writer's.
Result<std::size_t> write_usage(const Context& context);

Task<Result<Response>> close_usage(Context& context, Request& request);
Task<Result<Response>> get_outgoing_usage(Context& context, Request& request);
Task<Result<Response>> get_usage_report(Context& context, Request& request);

}  // namespace skerry::api
