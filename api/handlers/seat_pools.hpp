// Seats as an operator sees them: who has one, what was denied, how they are given out; and the
// clock by which leases run.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> list_seat_pools(Context& context, Request& request);
Result<Response> get_seat_pool(Context& context, Request& request);
Task<Result<Response>> set_seat_policy(Context& context, Request& request);
Result<Response> get_lease_clock(Context& context, Request& request);

}  // namespace skerry::api
