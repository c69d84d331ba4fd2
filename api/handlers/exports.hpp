// Records as a file.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// GET /v1/exports/{plural}?format=csv|ndjson and the filters of the list: every record they select,
// of one state of the database. CSV comes back through an import unchanged
// (store/export_records.hpp); NDJSON holds a record a line, as the API answers it. The file is made
// first, so that a slow client does not hold a snapshot, and has a Content-Length.
Task<Result<Response>> export_records(Context& context, Request& request);

}  // namespace skerry::api
