// What systemd and the daemon tell each other: notifications (sd_notify(3)) and sockets that were
// opened before the daemon ran (sd_listen_fds(3)). Both are a few bytes and system calls, so there
// is no library (ADR 51). Without systemd everything here does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/descriptor.hpp"
#include "core/result.hpp"

namespace skerry::daemon {

class Systemd {
 public:
  // One that nobody listens to.
  Systemd() = default;

  // Takes NOTIFY_SOCKET, WATCHDOG_USEC and LISTEN_FDS, with the PIDs that say whom they are for,
  // out of the environment and the descriptors under its wing. Before the first thread; once.
  // Errc::bad_config for a value that systemd does not write.
  static Result<Systemd> from_environment();

  // Sends one state, such as "READY=1". What cannot be sent is dropped: nothing hangs on it. Any
  // thread.
  void notify(std::string_view state) const;
  // The line that `systemctl status` shows.
  void status(std::string_view text) const;
  // The start may take that much longer, from now on.
  void extend_start(std::chrono::seconds time) const;

  // How often WATCHDOG=1 is expected; nullopt: never.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }
  // Listening sockets, in the order of the socket unit. Empties the list.
  std::vector<api::Descriptor> take_sockets() { return std::move(sockets_); }

 private:
  api::Descriptor socket_;  // connected to the manager's; none without one
  std::optional<std::chrono::microseconds> watchdog_;
  std::vector<api::Descriptor> sockets_;
};

}  // namespace skerry::daemon
