// POST /v1/backups
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// Copies the live database into the file that the body names, or into one of its own in the data
// folder, on the worker. Errc::already_exists for a file that is there.
Task<Result<Response>> create_backup(Context&, Request&);

}  // namespace skerry::api
