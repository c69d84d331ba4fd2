// CSV files into records.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> import_csv(Context& context, Request& request);

}  // namespace skerry::api
