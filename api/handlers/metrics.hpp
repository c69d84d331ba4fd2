// What a monitoring system reads: the text format of Prometheus.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> get_metrics(Context& context, Request& request);

}  // namespace skerry::api
