// At central: how sites come and go; otherwise they are records like others (api/handlers/records).
// At a site: its enrolment.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> invite_site(Context& context, Request& request);
Task<Result<Response>> admit_site(Context& context, Request& request);
Task<Result<Response>> revoke_site(Context& context, Request& request);
Task<Result<Response>> enrol(Context& context, Request& request);

}  // namespace skerry::api
