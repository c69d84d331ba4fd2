#include "daemon/listening.hpp"

#include <fmt/format.h>
#include <memory>
#include <sys/socket.h>
#include <utility>

#include "core/log.hpp"

namespace skerry::daemon {
namespace {

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("[::1]");
}

std::string written(const Endpoint& endpoint, std::uint16_t port) {
  return fmt::format(fmt::runtime(endpoint.is_v6() ? "[{}]:{}" : "{}:{}"), endpoint.address, port);
}

bool has_port_of(const api::PassedSocket& known, const std::string& endpoint) {
  const auto named = parse_endpoint(endpoint);
  return known.family != AF_UNIX && named && named->port != 0 &&
         known.address.ends_with(fmt::format(":{}", named->port));
}

void warn_of_plain(const std::string& where) {
  log(Level::warning,
      "{} takes plain HTTP from other machines: passwords and tokens can be read on the way; set "
      "listen.tls_address, and listen.address to 127.0.0.1:7070",
      where);
}

}  // namespace

Result<api::Descriptor> take_passed(std::vector<api::Descriptor>& passed,
                                    const std::string& endpoint) {
  for (auto socket = passed.begin(); socket != passed.end(); ++socket) {
    SKERRY_TRY(const api::PassedSocket known, api::look_at_passed(*socket));
    if (!has_port_of(known, endpoint)) continue;
    api::Descriptor taken = std::move(*socket);
    passed.erase(socket);
    return taken;
  }
  return api::Descriptor();
}

Result<std::string> Doors::listen_now(const Endpoint& endpoint, Speech speech) {
  SKERRY_TRY(const std::uint16_t port, server_.listen_tcp(endpoint.address, endpoint.port, speech));
  const std::string where = written(endpoint, port);
  if (speech == Speech::plain && !is_loopback(endpoint.address)) warn_of_plain(where);
  return where;
}

Result<void> Doors::open_endpoint(const std::string& text, Speech speech, bool claimed) {
  const Endpoint endpoint = parse_endpoint(text).value();  // checked when it was read
  std::string& place = speech == Speech::tls ? tls_ : tcp_;
  if (speech == Speech::plain && !is_loopback(endpoint.address)) plain_for_others_ = text;
  const auto open = [this, endpoint, speech] { return listen_now(endpoint, speech); };
  SKERRY_TRY(place, open_other(text, false, claimed, open));
  return {};
}

Result<std::string> Doors::open_other(const std::string& endpoint, bool passed, bool claimed,
                                      Open open) {
  if (activated_ && !passed)
    log(Level::warning,
        "skerry.socket has no ListenStream={}: in a unit with PrivateNetwork= nobody reaches it; "
        "systemctl edit skerry.socket adds it",
        endpoint);
  if (claimed || is_loopback(parse_endpoint(endpoint).value().address)) return open();
  log(Level::warning, "nobody has claimed this machine: {} stays shut until skerry setup",
      endpoint);
  shut_.push_back(std::move(open));
  return std::string();
}

// A passed socket speaks TLS when its port is that of listen.tls_address.
Result<void> Doors::open_passed(api::Descriptor socket, bool claimed) {
  SKERRY_TRY(const api::PassedSocket known, api::look_at_passed(socket));
  const bool is_tls = has_port_of(known, config_.listen_tls_address);
  const Speech speech = is_tls ? Speech::tls : Speech::plain;
  std::string& place = known.family == AF_UNIX ? socket_ : is_tls ? tls_ : tcp_;
  if (place.empty()) place = known.address;
  const bool is_ours = known.family == AF_UNIX || is_loopback(known.address);
  const bool is_open = !is_ours && speech == Speech::plain;
  if (is_open) plain_for_others_ = known.address;
  if (claimed || is_ours) {
    SKERRY_TRY_VOID(server_.listen_on(std::move(socket), speech));
    if (is_open) warn_of_plain(known.address);
    return {};
  }
  log(Level::warning, "nobody has claimed this machine: {} is not answered until skerry setup",
      known.address);
  const auto kept = std::make_shared<api::Descriptor>(std::move(socket));
  shut_.emplace_back([this, kept, speech]() -> Result<std::string> {
    SKERRY_TRY(const api::PassedSocket opened, server_.listen_on(std::move(*kept), speech));
    if (speech == Speech::plain) warn_of_plain(opened.address);
    return opened.address;
  });
  return {};
}

Result<void> Doors::open(std::vector<api::Descriptor> passed, bool claimed) {
  activated_ = !passed.empty();
  for (api::Descriptor& socket : passed) SKERRY_TRY_VOID(open_passed(std::move(socket), claimed));
  if (tcp_.empty()) SKERRY_TRY_VOID(open_endpoint(config_.listen_address, Speech::plain, claimed));
  if (tls_.empty() && !config_.listen_tls_address.empty())
    SKERRY_TRY_VOID(open_endpoint(config_.listen_tls_address, Speech::tls, claimed));
  if (socket_.empty()) {
    SKERRY_TRY_VOID(server_.listen_unix(config_.socket()));
    socket_ = config_.socket();
  }
  return {};
}

void Doors::claimed() {
  const std::scoped_lock lock(mutex_);
  for (const auto& open : std::exchange(shut_, {})) {
    if (const auto where = open(); where)
      log(Level::notice, "the machine is claimed: it answers on {}", *where);
    else
      log(Level::error, "the machine is claimed: {}", where.error().detail);
  }
}

}  // namespace skerry::daemon
