// Records of every kind: create, read, change, delete, list, search.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

Task<Result<Response>> create_record(Context& context, Request& request);
Result<Response> get_record(Context& context, Request& request);
Task<Result<Response>> patch_record(Context& context, Request& request);
Task<Result<Response>> delete_record(Context& context, Request& request);
Result<Response> list_records(Context& context, Request& request);
Result<Response> search_records(Context& context, Request& request);

}  // namespace skerry::api
