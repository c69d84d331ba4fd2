// The whole API at a glance.
#pragma once

#include <span>

#include "api/router.hpp"

namespace skerry::api {

std::span<const Route> all_routes();

}  // namespace skerry::api
