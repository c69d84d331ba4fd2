#include "daemon/relay_server.hpp"

#include <fmt/format.h>
#include <utility>

#include "core/log.hpp"
#include "daemon/config_check.hpp"

namespace skerry::daemon {
namespace {

Result<std::string> read_secret(const std::string& file) {
  if (file.empty()) return std::string();
  auto secret = read_secret_text(file);
  if (!secret) secret.error().detail = "relay.signing_secret_file: " + secret.error().detail;
  return secret;
}

api::RelaySettings settings_of(const Config& config, std::string secret) {
  api::RelaySettings settings;
  settings.strategy = config.relay_strategy == "lifo"   ? licensing::RelayStrategy::lifo
                      : config.relay_strategy == "rand" ? licensing::RelayStrategy::rand
                                                        : licensing::RelayStrategy::fifo;
  settings.heartbeats = config.relay_heartbeats != 0;
  settings.pool = config.relay_pool;
  settings.signing_secret = std::move(secret);
  return settings;
}

}  // namespace

licensing::RelayLease relay_lease(const Config& config) {
  return {config.relay_ttl_seconds, config.relay_heartbeats != 0};
}

RelayServer::RelayServer(api::RelayContext relay, api::ServerOptions options, Endpoint endpoint)
    : relay_(std::move(relay)),
      server_(api::Router(api::relay_routes(), relay_), nullptr, std::move(options)),
      endpoint_(std::move(endpoint)) {}

Result<std::unique_ptr<RelayServer>> RelayServer::make(const Config& config, api::Context& machine,
                                                       api::ServerOptions options) {
  if (config.relay_address.empty()) return std::unique_ptr<RelayServer>();
  SKERRY_TRY(std::string secret, read_secret(config.relay_signing_secret_file));
  options.io_threads = 1;
  options.dialect = api::relay_dialect();
  return std::unique_ptr<RelayServer>(
      new RelayServer({machine, settings_of(config, std::move(secret))}, std::move(options),
                      parse_endpoint(config.relay_address).value()));  // checked when it was read
}

Result<std::string> RelayServer::listen(api::Descriptor passed) {
  std::string where;
  if (passed) {
    SKERRY_TRY(const api::PassedSocket opened, server_.listen_on(std::move(passed)));
    where = opened.address;
  } else {
    SKERRY_TRY(const std::uint16_t port, server_.listen_tcp(endpoint_.address, endpoint_.port));
    where =
        fmt::format(fmt::runtime(endpoint_.is_v6() ? "[{}]:{}" : "{}:{}"), endpoint_.address, port);
  }
  log(Level::notice, "Keygen Relay's protocol is spoken on {}", where);
  return where;
}

void RelayServer::stop() {
  server_.begin_stop();
  server_.wait();
}

}  // namespace skerry::daemon
