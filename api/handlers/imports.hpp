// CSV files into records, and the mappings that are kept for them.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// POST /v1/imports/{plural}, the body a CSV file (store/csv_reader.hpp, store/import_records.hpp),
// the query as in api/handlers/import_request.hpp. Answers when all of it is done; for large files
// there are sessions (api/handlers/import_sessions.hpp). 200 {"rows","created","updated",
// "unchanged","rejected","parents_created","dry_run","errors":[{"row","column","code","detail"}],
// "errors_left_out","ignored_columns"}; a file with errors that was to be written as a whole: 422
// bad_input with errors[] at "row 7, column Name", and nothing was written.
Task<Result<Response>> import_csv(Context& context, Request& request);

// GET /v1/mappings: {"items":[{"name","kind","map","set","ignore","ignore_unknown","saved_at",
// "saved_by"}],"next_cursor":null}.
Result<Response> list_mappings(Context& context, Request& request);
// GET /v1/mappings/{name}
Result<Response> get_mapping(Context& context, Request& request);
// DELETE /v1/mappings/{name}: 204.
Task<Result<Response>> delete_mapping(Context& context, Request& request);

}  // namespace skerry::api
