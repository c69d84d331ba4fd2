// Keygen Relay's protocol, for applications that speak it already: a node takes a licence file and
// keeps it alive. Exact to status, header and body (docs/manual.md, "Keygen Relay's protocol"); a
// server of its own, on the seats of this machine.
#pragma once

#include <span>
#include <string>

#include "api/context.hpp"
#include "api/dialect.hpp"
#include "api/router.hpp"
#include "licensing/relay_licences.hpp"

namespace skerry::api {

struct RelaySettings {
  licensing::RelayStrategy strategy = licensing::RelayStrategy::fifo;
  bool heartbeats = true;      // without them no lease is extended, and none ends by itself
  std::string pool;            // the only one that is served; empty: all
  std::string signing_secret;  // empty: answers are not signed
};

// Immutable but for what it refers to.
struct RelayContext {
  Context& machine;
  RelaySettings settings;
};

std::span<const Route> relay_routes();
const Dialect& relay_dialect();

Task<Result<Response>> claim_licence(RelayContext& relay, Request& request);
Task<Result<Response>> release_licence(RelayContext& relay, Request& request);
Result<Response> relay_health(RelayContext& relay, Request& request);

}  // namespace skerry::api
