// The licence files that Relay's protocol hands out, as an administrator puts them in.
#pragma once

#include "api/context.hpp"

namespace skerry::api {

Result<Response> list_relay_licences(Context& context, Request& request);
Task<Result<Response>> add_relay_licence(Context& context, Request& request);
Task<Result<Response>> remove_relay_licence(Context& context, Request& request);

}  // namespace skerry::api
