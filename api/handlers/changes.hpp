// The change log, read: the feed (long poll, server-sent events), the audit view, its verification.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> read_changes(Context& context, Request& request);
Result<Response> list_audit(Context& context, Request& request);
Task<Result<Response>> verify_audit(Context& context, Request& request);

}  // namespace skerry::api
