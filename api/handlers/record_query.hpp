// The query parameters of a list of records, as a store::ListQuery: lists, exports and whatever
// else works on "all that these filters select" read them here.
#pragma once

#include "api/http_types.hpp"
#include "store/list_records.hpp"

namespace skerry::api {

struct RecordQuery {
  store::ListQuery list;
  bool nothing = false;  // q holds no word: it finds nothing, ever
};

// limit, sort, archived, q, and the fields that the kind is filtered by; `cursor` is left to the
// caller. Errc::bad_request names the parameter, and in `next` those that are known.
Result<RecordQuery> read_record_query(const Request& request, const Kind& kind);

}  // namespace skerry::api
