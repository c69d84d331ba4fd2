// At central: copies of a site, and what becomes of them and of their rows in quarantine.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> list_copies(Context& context, Request& request);
Task<Result<Response>> reauthorise_copy(Context& context, Request& request);
Task<Result<Response>> adopt_copy(Context& context, Request& request);
Task<Result<Response>> discard_copy(Context& context, Request& request);

// What neither a site nor central has any more, as far as this machine knows.
json::array lost_json(store::Connection& connection);
// At a site: of these, what central said it lost of its own log.
json::array lost_at_central(store::Connection& connection);

}  // namespace skerry::api
