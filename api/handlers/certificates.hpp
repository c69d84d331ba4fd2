// The certificate of this machine: show, renew. Errc::not_found where TLS is off.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> get_certificate(Context& context, Request& request);
Task<Result<Response>> renew_certificate(Context& context, Request& request);

}  // namespace skerry::api
