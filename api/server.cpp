#include "api/server.hpp"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "api/listener.hpp"
#include "api/loop.hpp"
#include "api/session.hpp"
#include "core/log.hpp"

namespace skerry::api {
namespace {

using Acceptor =
    asio::basic_socket_acceptor<asio::generic::stream_protocol, asio::io_context::executor_type>;

constexpr std::size_t lingering_max = 64;  // refused connections that are told so with patience
constexpr std::chrono::milliseconds accept_pause{100};

enum class Admission : bool { admitted, turned_away };

// One connection, on its own loop from the first line on. Owns the socket.
Task<void> serve(Loop& loop, Socket socket, std::shared_ptr<asio::ssl::context> tls, Peer peer,
                 Admission admission) {
  {
    Session session(loop, std::move(socket), std::move(tls), std::move(peer));
    if (admission == Admission::admitted)
      co_await session.run();
    else
      co_await session.turn_away();
  }
  Shared& shared = loop.shared;
  (admission == Admission::admitted ? shared.connections : shared.lingering).fetch_sub(1);
}

bool take_place(std::atomic<std::size_t>& places, std::size_t places_max) {
  if (places.fetch_add(1) < places_max) return true;
  places.fetch_sub(1);
  return false;
}

}  // namespace

struct Server::State {
  struct Listening {
    Acceptor acceptor;
    Speech speech;
  };

  State(Router router, Authenticator* authenticator, ServerOptions options)
      : shared(std::move(router), authenticator, std::move(options)) {
    const unsigned threads = std::max(1u, shared.options.io_threads);
    for (unsigned i = 0; i < threads; ++i) loops.emplace_back(shared, i);
  }

  Loop& first() { return loops.front(); }

  // Once the server runs, acceptors are the first loop's alone.
  void adopt(Descriptor socket, int family, Speech speech) {
    if (!started) return add_acceptor(std::move(socket), family, speech);
    asio::post(first().context, [this, socket = std::move(socket), family, speech]() mutable {
      if (first().stopping()) return;
      add_acceptor(std::move(socket), family, speech);
      accept_from(acceptors.back());
    });
  }

  void add_acceptor(Descriptor socket, int family, Speech speech) {
    SKERRY_CHECK(speech == Speech::plain || shared.options.tls);
    const asio::generic::stream_protocol protocol(family, 0);
    acceptors.emplace_back(Listening{Acceptor(first().context), speech})
        .acceptor.assign(protocol, socket.release());
  }

  void accept_from(Listening& listening) {
    spawn(first().context.get_executor(), "accept", accept_all(listening));
  }

  Loop& least_loaded() {
    return *std::min_element(loops.begin(), loops.end(),
                             [](const Loop& a, const Loop& b) { return a.load() < b.load(); });
  }

  Task<void> accept_all(Listening& listening);
  void admit(Loop& loop, Socket socket, Speech speech);

  Shared shared;
  std::list<Loop> loops;
  std::list<Listening> acceptors;  // used on the first loop's thread once started
  std::vector<std::filesystem::path> unix_paths;
  std::atomic<int> stops{0};
  std::atomic<bool> started{false};
};

Task<void> Server::State::accept_all(Listening& listening) {
  Acceptor& acceptor = listening.acceptor;
  asio::steady_timer pause(first().context);
  bool told = false;
  while (acceptor.is_open() && !first().stopping()) {
    Loop& loop = least_loaded();
    Socket socket(loop.context);
    const auto [error] = co_await acceptor.async_accept(socket, use_tuple);
    if (!acceptor.is_open() || first().stopping()) co_return;
    if (!error) {
      told = false;
      admit(loop, std::move(socket), listening.speech);
    } else if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
               error == asio::error::no_buffer_space) {
      if (!std::exchange(told, true))
        log(Level::error, "accepting a connection: {}", error.message());
      pause.expires_after(accept_pause);  // the condition does not go away by asking again at once
      co_await pause.async_wait(use_tuple);
    }
  }
}

void Server::State::admit(Loop& loop, Socket socket, Speech speech) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Peer peer;
  peer.address = peer_address(socket.native_handle());
  peer.local = local_administrator(socket.native_handle(), shared.options.trusted_uids);
  // Strangers on the network, who need no token to connect, never shut the administrator out.
  const Limits& limits = shared.options.limits;
  const std::size_t places =
      limits.connections_max + (peer.local ? limits.administrator_connections : 0);
  Admission admission = Admission::admitted;
  if (!take_place(shared.connections, places)) {
    first().counters.refused.fetch_add(1, std::memory_order_relaxed);
    // Closed without a word: under TLS every one would cost a handshake.
    if (speech == Speech::tls || !take_place(shared.lingering, lingering_max)) return;
    admission = Admission::turned_away;
  }
  auto tls = speech == Speech::tls ? shared.options.tls->current() : nullptr;
  loop.add_load();
  spawn(loop.context.get_executor(), "connection",
        serve(loop, std::move(socket), std::move(tls), std::move(peer), admission));
}

Server::Server(Router router, Authenticator* authenticator, ServerOptions options)
    : state_(std::make_unique<State>(std::move(router), authenticator, std::move(options))) {}

Server::~Server() {
  cancel();
  wait();
}

Result<std::uint16_t> Server::listen_tcp(const std::string& address, std::uint16_t port,
                                         Speech speech) {
  SKERRY_TRY(TcpListener listener, open_tcp(address, port));
  state_->adopt(std::move(listener.socket),
                address.find(':') == std::string::npos ? AF_INET : AF_INET6, speech);
  return listener.port;
}

Result<void> Server::listen_unix(const std::filesystem::path& path) {
  SKERRY_CHECK(!state_->started);
  SKERRY_TRY(Descriptor socket, open_unix(path));
  state_->adopt(std::move(socket), AF_UNIX, Speech::plain);
  state_->unix_paths.push_back(path);
  return {};
}

Result<PassedSocket> Server::listen_on(Descriptor socket, Speech speech) {
  SKERRY_TRY(PassedSocket passed, look_at_passed(socket));
  state_->adopt(std::move(socket), passed.family, speech);
  return passed;
}

void Server::start() {
  SKERRY_CHECK(!state_->started);
  state_->started = true;
  for (State::Listening& listening : state_->acceptors) state_->accept_from(listening);
  for (Loop& loop : state_->loops) loop.start();
}

void Server::begin_stop() {
  if (state_->stops.fetch_add(1) > 0) {
    for (Loop& loop : state_->loops) loop.cancel_all();
    return;
  }
  // The first loop first: no connection is handed to another loop after that one was told to end.
  asio::post(state_->first().context, [state = state_.get()] {
    boost::system::error_code ignored;
    for (State::Listening& each : state->acceptors) each.acceptor.close(ignored);
    for (const std::filesystem::path& path : state->unix_paths) {
      std::error_code unremoved;
      std::filesystem::remove(path, unremoved);
    }
    for (Loop& loop : state->loops) loop.begin_stop(state->shared.options.stop_grace);
  });
}

void Server::cancel() {
  if (state_->stops.load() == 0) begin_stop();
  begin_stop();
}

void Server::wait() {
  for (Loop& loop : state_->loops) loop.join();
}

ServerStats Server::stats() const {
  ServerStats stats;
  for (const Loop& loop : state_->loops) {
    stats.requests += loop.counters.requests.load(std::memory_order_relaxed);
    stats.client_errors += loop.counters.client_errors.load(std::memory_order_relaxed);
    stats.server_errors += loop.counters.server_errors.load(std::memory_order_relaxed);
    stats.connections_refused += loop.counters.refused.load(std::memory_order_relaxed);
  }
  stats.connections = state_->shared.connections.load();
  return stats;
}

}  // namespace skerry::api
