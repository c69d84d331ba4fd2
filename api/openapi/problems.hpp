// Refusals: the problem document, and one response for each HTTP status.
#pragma once

#include <set>

#include "core/strict_json.hpp"

namespace skerry::api::openapi {

json::object problem_schema();
// What is refused with a status, as a page for browsers, too.
json::object problem_or_page(int status);
// {"Refused404": …}, with an example for each code of core/errc that has the status.
json::object problem_responses(const std::set<int>& statuses);

}  // namespace skerry::api::openapi
