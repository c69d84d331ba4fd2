// Backups of this machine: BACKUP = {"id","file","present","created_at","bytes","sha256","rows",
// "verified_at","checked_at","failure"}.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> create_backup(Context& context, Request& request);
Result<Response> list_backups(Context& context, Request& request);
Task<Result<Response>> verify_backup_file(Context& context, Request& request);

}  // namespace skerry::api
