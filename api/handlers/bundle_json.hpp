// A packed bundle in answers: BUNDLE =
// {"name","from","to","kind","size","sha256","first","last","lines"}.
#pragma once

#include "api/context.hpp"
#include "store/sites.hpp"
#include "sync/pack.hpp"

namespace skerry::api {

json::object to_json(const sync::PackedBundle& packed);

// Puts the bundle where GET /v1/outbox/{name} finds it, and describes it.
Result<json::object> keep_in_outbox(const Context& context, const sync::PackedBundle& packed);

// The body that was spooled, as the importer takes it. `whole_bytes`: of the file, where only its
// beginning was sent. Errc::limit_exceeded for what is longer than a bundle, Errc::bad_request for
// the beginning of what is not.
Result<sync::SpooledFile> take_upload(const Context& context, Request& request,
                                      std::optional<std::int64_t> whole_bytes = {});

// What a person typed for a site: its id, the beginning of it, or its name.
Result<store::Site> find_site_by_text(store::Connection& connection, std::string_view text);

// The site that the path names. Holds no connection afterwards: what writes next may need one.
Result<SiteId> site_of_path(const Context& context, const Request& request);

// As GET of the record answers.
json::value site_json(store::Connection& connection, const store::Site& site);

}  // namespace skerry::api
