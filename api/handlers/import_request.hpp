// What a request to import says in its query.
#pragma once

#include <string>

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "store/import_records.hpp"
#include "store/mappings.hpp"

namespace skerry::api {

struct ImportRequest {
  const Kind* kind = nullptr;
  store::ImportOptions options;
  std::optional<store::SavedMapping> to_save;  // save_mapping=NAME
};

// An import may be sent again, so it carries an Idempotency-Key; and its body is one CSV file in
// UTF-8, and does not call itself anything else. Errc::bad_request, unsupported_media.
Result<void> check_import_headers(const Request& request);

// map=field=Header, set=field=value and ignore=Header (each any number of times),
// ignore_unknown=true, mapping=NAME (a saved one, to which the others add), save_mapping=NAME,
// mode=all-or-nothing|good-rows-only, dry_run=true, create_parents=true. `plural` names the kind.
// Errc::not_found for an unknown kind or mapping, Errc::bad_request.
Result<ImportRequest> read_import_request(const Context& context, const Request& request,
                                          std::string_view plural);

}  // namespace skerry::api
