// Errors as RFC 9457 application/problem+json.
#pragma once

#include <string_view>

#include "api/http_types.hpp"

namespace skerry::api {

// The remedy of a request that has to be another one, where who refused it knew none.
inline constexpr std::string_view see_docs = "what this request may hold stands at /docs";
inline constexpr std::string_view see_errors = "correct what errors names, and send it again";

// {"type":"/problems/<slug>","title":…,"status":…,"detail":…,"instance":"<request
// id>","code":"<slug>",
//  "errors":[{"pointer","code","detail"}],"next":…}; empty members are left out. Status, title and
//  slug
// come from the table in core/errc.cpp. Adds Retry-After where the client should come back by
// itself, and for a quota the RateLimit fields of draft-ietf-httpapi-ratelimit-headers-10.
Response problem(const Error& error, std::string_view request_id);

}  // namespace skerry::api
