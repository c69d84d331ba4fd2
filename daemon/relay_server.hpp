// Relay's protocol beside the API: a server of its own, on an address of its own (relay.address).
#pragma once

#include <memory>
#include <string>

#include "api/handlers/relay.hpp"
#include "api/server.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {

// What the seat desk is to know of licences that are handed out there.
licensing::RelayLease relay_lease(const Config& config);

// The main thread's.
class RelayServer {
 public:
  // Listens; null where the configuration has no address for it. `machine` outlives it. Errors: as
  // Server::listen_tcp; bad_config for a secret that cannot be read.
  static Result<std::unique_ptr<RelayServer>> open(const Config& config, api::Context& machine,
                                                   api::ServerOptions options);
  void start() { server_.start(); }
  // Lets what is in flight finish, and waits.
  void stop();
  const std::string& address() const { return address_; }  // "127.0.0.1:6349"

 private:
  RelayServer(api::RelayContext relay, api::ServerOptions options);
  api::RelayContext relay_;
  api::Server server_;
  std::string address_;
};

}  // namespace skerry::daemon
