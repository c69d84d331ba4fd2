// The Licensing API: applications take seats, keep them and give them back. Who has the seat's
// secret needs no token; docs/manual.md "Seats" is the protocol.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> activate(Context& context, Request& request);
Result<Response> get_activation(Context& context, Request& request);
Result<Response> refresh_activation(Context& context, Request& request);
Task<Result<Response>> release_activation(Context& context, Request& request);
Task<Result<Response>> borrow_activation(Context& context, Request& request);
Task<Result<Response>> check_out_feature(Context& context, Request& request);
Task<Result<Response>> return_feature(Context& context, Request& request);
Task<Result<Response>> use_feature(Context& context, Request& request);

}  // namespace skerry::api
