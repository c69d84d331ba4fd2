// On whose behalf a request writes.
#pragma once

#include "api/http_types.hpp"
#include "store/write_records.hpp"

namespace skerry::api {

// "uid:0", "token:crm" or "user:alice". The source is "api", or what the command line (over the
// Unix socket) and the console say of themselves in X-Skerry-Source; anything else is ignored, and
// an import names itself. The reason is Skerry-Reason, as check_reason() let it pass.
store::Author author_of(const Request& request);

// Before a writing request reaches its handler: Errc::bad_request for a Skerry-Reason that is not
// UTF-8, holds control characters, or is over reason_characters_max.
Result<void> check_reason(const Request& request);

}  // namespace skerry::api
