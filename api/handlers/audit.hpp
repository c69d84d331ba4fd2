// The change log for people: whole and of one record, as a file, and its proof.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Result<Response> list_audit(Context& context, Request& request);
// Of a record, also after it was deleted.
Result<Response> list_record_audit(Context& context, Request& request);
Result<Response> export_audit(Context& context, Request& request);
Task<Result<Response>> verify_audit(Context& context, Request& request);

}  // namespace skerry::api
