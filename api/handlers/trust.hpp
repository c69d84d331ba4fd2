// What this machine trusts of central, and who stands behind it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "sync/trust.hpp"

namespace skerry::api {

Result<Response> get_trust(Context& context, Request& request);

// As `skerry trust show` says it.
json::object trust_json(const sync::Trust& trust, UnixMillis now);

// What is wrong about it and what to do: an expiry, which only warns, or a central without one of
// the keys that the newest generation names for it.
std::optional<std::pair<std::string, std::string>> note_of_trust(store::Connection& connection,
                                                                 const Context& context);

}  // namespace skerry::api
