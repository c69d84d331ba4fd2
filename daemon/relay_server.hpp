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
  // Null where the configuration has no address for it. `machine` outlives it. Errc::bad_config for
  // a secret that cannot be read.
  static Result<std::unique_ptr<RelayServer>> make(const Config& config, api::Context& machine,
                                                   api::ServerOptions options);
  // On the socket that was passed, or else at the address of the configuration; gives where:
  // "127.0.0.1:6349". Once, any thread. Errors: as Server::listen_tcp.
  Result<std::string> listen(api::Descriptor passed);
  void start() { server_.start(); }
  // Lets what is in flight finish, and waits.
  void stop();

 private:
  RelayServer(api::RelayContext relay, api::ServerOptions options, Endpoint endpoint);
  api::RelayContext relay_;
  api::Server server_;
  const Endpoint endpoint_;
};

}  // namespace skerry::daemon
