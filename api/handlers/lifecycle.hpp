// What happens to a record besides editing: archiving, disabling, scrapping, and many at once.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// POST /v1/{plural}/{id}:archive, :unarchive, customers/{id}:disable, :enable, assets/{id}:scrap,
// entitlements/{id}:disable, :enable.
// Each answers with the record and, where there is something to know, `notice`. What is so already
// stays as it is: 200.
Task<Result<Response>> archive_record(Context& context, Request& request);
Task<Result<Response>> unarchive_record(Context& context, Request& request);
Task<Result<Response>> disable_customer(Context& context, Request& request);
Task<Result<Response>> enable_customer(Context& context, Request& request);
Task<Result<Response>> disable_entitlement(Context& context, Request& request);
Task<Result<Response>> enable_entitlement(Context& context, Request& request);
Task<Result<Response>> scrap_asset(Context& context, Request& request);

// POST /v1/{plural}:archive, :unarchive with the filters of a list: {"selected","changed"}. All of
// them or, when one is refused, none.
Task<Result<Response>> archive_records(Context& context, Request& request);
Task<Result<Response>> unarchive_records(Context& context, Request& request);

// POST /v1/{plural}:batch: up to 1,000 writes, each with its own result.
Task<Result<Response>> write_batch(Context& context, Request& request);

// POST /v1/assets:move: one move for each of many assets, named in the body or by the filters of a
// list.
Task<Result<Response>> move_assets(Context& context, Request& request);
// GET /v1/assets/{id}/history: where it was, is and will be.
Result<Response> get_asset_history(Context& context, Request& request);

}  // namespace skerry::api
