// Where the daemon answers. Nothing listens beyond this machine before somebody has claimed it (has
// chosen an administrator's password): what would is opened then.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "api/server.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {

// Takes out of the passed sockets the one whose TCP port is that of `endpoint`; none without one.
// Errc::bad_config for what does not listen.
Result<api::Descriptor> take_passed(std::vector<api::Descriptor>& passed,
                                    const std::string& endpoint);

class Doors {
 public:
  using Open = std::function<Result<std::string>()>;  // listens, and gives where

  // Both outlive the doors.
  Doors(api::Server& server, const Config& config) : server_(server), config_(config) {}

  // What the service manager has opened, and what of the configured is missing then. Before the
  // server starts.
  Result<void> open(std::vector<api::Descriptor> passed, bool claimed);
  // A server beside ours, at an address of the configuration: opened now, or when the machine is
  // claimed. Where; empty as long as it stays shut. `passed`: the service manager opened it. After
  // open(), and before the server starts.
  Result<std::string> open_other(const std::string& endpoint, bool passed, bool claimed, Open open);
  // Opens what was kept shut; does nothing from the second call on. Any thread.
  void claimed();

  // Of the first of each kind; empty where there is none. As of open().
  const std::string& tcp() const { return tcp_; }
  const std::string& tls() const { return tls_; }
  const std::string& socket() const { return socket_; }
  // Where other machines may speak without TLS, once the machine is claimed; empty: nowhere.
  const std::string& plain_for_others() const { return plain_for_others_; }

 private:
  using Speech = api::Server::Speech;
  Result<void> open_passed(api::Descriptor socket, bool claimed);
  Result<void> open_endpoint(const std::string& text, Speech speech, bool claimed);
  Result<std::string> listen_now(const Endpoint& endpoint, Speech speech);

  api::Server& server_;
  const Config& config_;
  std::string tcp_, tls_, socket_, plain_for_others_;
  bool activated_ = false;  // the service manager has opened something
  std::mutex mutex_;
  std::vector<Open> shut_;  // guarded by mutex_
};

}  // namespace skerry::daemon
