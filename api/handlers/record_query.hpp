// The query parameters of a list of records, as a store::ListQuery: lists, exports and whatever
// else works on "all that these filters select" read them here.
#pragma once

#include "api/http_types.hpp"
#include "store/list_records.hpp"

namespace skerry::api {

struct RecordQuery {
  store::ListQuery list;
  bool counted = false;  // count=true
};

// limit, sort, archived, scrapped, q, count, the fields that the kind is filtered by, their bounds
// and custom.KEY; `cursor` is left to the caller. The connection tells the custom fields.
// Errc::bad_request names the parameter, and in `next` those that are known.
Result<RecordQuery> read_record_query(store::Connection& connection, const Request& request,
                                      const Kind& kind);

// What a cursor of such a list holds.
std::string write_position(const store::ListPosition& position);
store::ListPosition read_position(std::string_view text);  // authentic: written above

}  // namespace skerry::api
