// At central: copies of a site, and what becomes of them and of their rows in quarantine. On either
// side: what was lost.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "store/lost_ranges.hpp"

namespace skerry::api {

Result<Response> list_copies(Context& context, Request& request);
Task<Result<Response>> reauthorise_copy(Context& context, Request& request);
Task<Result<Response>> adopt_copy(Context& context, Request& request);
Task<Result<Response>> discard_copy(Context& context, Request& request);

// Of store::list_missing(): what neither a site nor central has any more, as far as this machine
// knows.
json::array lost_json(const std::vector<store::LostRange>& lost);
// On either side: nobody waits for it any more.
Task<Result<Response>> acknowledge_lost(Context& context, Request& request);

}  // namespace skerry::api
