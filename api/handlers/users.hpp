// Users: make, list, change, disable, give a new one-time code. Nobody changes his own account
// here.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "store/accounts.hpp"

namespace skerry::api {

Result<Response> list_users(Context& context, Request& request);
Result<Response> get_user(Context& context, Request& request);
// The answer shows the one-time code, once.
Task<Result<Response>> create_user(Context& context, Request& request);
Task<Result<Response>> patch_user(Context& context, Request& request);
Task<Result<Response>> disable_user(Context& context, Request& request);
Task<Result<Response>> enable_user(Context& context, Request& request);
// The password counts no more; the answer shows a new one-time code.
Task<Result<Response>> reset_user(Context& context, Request& request);

// Ids as an array; null for everybody's.
json::value customers_json(const std::vector<RecordId>& customers);
// Errc::validation_failed unless each names a customer.
Result<void> check_customers(store::Connection& connection, const std::vector<RecordId>& customers);

}  // namespace skerry::api
