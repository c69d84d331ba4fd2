// All the records that the filters of a request select, for what is done to many at once.
#pragma once

#include <vector>

#include "api/http_types.hpp"
#include "core/kinds/kinds.hpp"
#include "store/list_records.hpp"

namespace skerry::api {

inline constexpr std::size_t selected_max = 100'000;

// The filters are those of a list (api/handlers/record_query.hpp), in the query; at least one that
// says which, so that a forgotten one does not mean everything. `usual`: of the archived, unless
// the request says otherwise. Errors: bad_request, limit_exceeded beyond selected_max.
Result<std::vector<RecordId>> select_records(store::Connection& connection, const Request& request,
                                             const Kind& kind,
                                             store::Archived usual = store::Archived::exclude);

}  // namespace skerry::api
