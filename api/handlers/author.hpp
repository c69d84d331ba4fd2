// On whose behalf a request writes.
#pragma once

#include "api/http_types.hpp"
#include "store/write_records.hpp"

namespace skerry::api {

// "uid:0" or "token:crm". The source is "api", or what the command line and the console say in
// X-Skerry-Source (cli, console, import); anything else is ignored.
store::Author author_of(const Request& request);

}  // namespace skerry::api
