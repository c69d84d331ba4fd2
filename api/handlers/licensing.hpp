// What is done to orders, entitlements and allocations beside editing.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// POST /v1/entitlements/{id}:renew, :start. Each answers with the record.
Task<Result<Response>> renew_entitlement(Context& context, Request& request);
Task<Result<Response>> start_entitlement(Context& context, Request& request);

// GET /v1/entitlements/{id}/allowance: what it allows this machine, its status with it.
Result<Response> get_allowance(Context& context, Request& request);

// POST /v1/orders/{id}:entitle {"skus"}: an entitlement for each.
Task<Result<Response>> entitle_order(Context& context, Request& request);

// POST /v1/allocations/{id}:reclaim, with a Skerry-Reason: back without the site's word.
Task<Result<Response>> reclaim_allocation(Context& context, Request& request);
Task<Result<Response>> reduce_entitlement(Context& context, Request& request);

// POST /v1/orders/{id}:codes {"count"} or {"codes"}: activation codes, shown once.
Task<Result<Response>> add_activation_codes(Context& context, Request& request);

}  // namespace skerry::api
