// The machine: health, status, findings, digest.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> get_livez(Context& context, Request& request);
Result<Response> get_readyz(Context& context, Request& request);
Result<Response> get_status(Context& context, Request& request);
Result<Response> get_doctor(Context& context, Request& request);
Task<Result<Response>> get_digest(Context& context, Request& request);

}  // namespace skerry::api
