// The HTTP server: listeners, I/O threads, limits and the graceful stop. Knows nothing of records;
// what it serves is the Router's table.
//
//   Router router(route_table, context);
//   Server server(std::move(router), &authenticator, options);
//   SKERRY_TRY(const std::uint16_t port, server.listen_tcp("127.0.0.1", 0));
//   SKERRY_TRY_VOID(server.listen_unix("/run/skerry/skerry.sock"));
//   server.start();
//   …                      // until a signal:
//   server.begin_stop();   // a second call, or the grace running out, cancels what is left
//   server.wait();
//
// Threads: `io_threads` of them, named skerry-io-<n>. A connection stays on the thread that it was
// given at first, so a session needs no locks; a handler that computes for long holds up the other
// connections of its thread and should hand the work to another thread and wait for a Completion.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/auth.hpp"
#include "api/dialect.hpp"
#include "api/limits.hpp"
#include "api/listener.hpp"
#include "api/router.hpp"
#include "api/server_stats.hpp"
#include "api/tls.hpp"

namespace skerry::api {

struct ServerOptions {
  Limits limits;
  unsigned io_threads = 2;
  std::filesystem::path spool_folder;  // for Body::spool; exists, on the disk of the data
  std::vector<std::uint32_t>
      trusted_uids;                 // administrators on the Unix socket beside root and our own uid
  milliseconds stop_grace{10'000};  // from begin_stop() to the cancelling of what still runs
  std::uint32_t boot_id = 0;        // of the request ids; 0: random
  Dialect dialect;
  std::shared_ptr<const TlsIdentity> tls = nullptr;  // of listeners under TLS
};

class Server {
 public:
  // `authenticator` may be null (every token is unknown then); it and the router's context outlive
  // the server.
  Server(Router router, Authenticator* authenticator, ServerOptions options);
  // Cancels and waits.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Whether what is said on a listener is plain HTTP, or HTTP under TLS (ServerOptions::tls,
  // CHECK).
  enum class Speech : bool { plain, tls };

  // Any thread, at any time. `address` is numeric. Gives the port, which the system chose when
  // `port` is 0.
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port,
                                   Speech speech = Speech::plain);
  // Before start(). Mode 0660. A socket file that nobody answers on is replaced; one that somebody
  // answers on is Errc::locked, a file that is no socket Errc::already_exists. Removed again when
  // the server stops.
  Result<void> listen_unix(const std::filesystem::path& path);

  // Any thread, at any time. A listening socket that somebody else has opened, and removes; what it
  // listens on. Errc::bad_config when it is none.
  Result<PassedSocket> listen_on(Descriptor socket, Speech speech = Speech::plain);

  void start();

  // Stage 1: stops accepting, closes idle connections, ends long polls and event streams, lets
  // requests in flight finish. After the grace, or by the second call, stage 2 closes every
  // connection. A handler that waits for a Completion is waited for in any case. Any thread; not
  // from a signal handler.
  void begin_stop();
  // Stage 2 at once.
  void cancel();
  // Until every thread has ended.
  void wait();

  ServerStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skerry::api
