// CSV files into records.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// POST /v1/imports/{plural}?map=field=Header&dry_run=true, the body a CSV file
// (store/csv_reader.hpp, store/import_records.hpp). 200 {"rows","created","updated","unchanged",
// "dry_run","errors":[{"row","column","code","detail"}],"errors_left_out","ignored_columns"}; a
// file with errors that was to be written: 422 bad_input with errors[] at "row 7, column Name", and
// nothing was written.
Task<Result<Response>> import_csv(Context& context, Request& request);

}  // namespace skerry::api
