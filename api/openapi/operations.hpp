// One operation of the document, from its row in the route table and its entry in the parts.
#pragma once

#include <set>

#include "api/router.hpp"
#include "core/errc.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"

namespace skerry::api::openapi {

// `kind` for routes of records, which are written out for each kind; nullptr for others. The HTTP
// statuses of its refusals are added to `refusals`. A route without a description is a defect
// (CHECK).
json::object operation(const Route& route, const Kind* kind, std::set<int>& refusals);

// A description that no route has: the first such, or empty.
std::string_view unused_description(std::span<const Route> routes);

}  // namespace skerry::api::openapi
