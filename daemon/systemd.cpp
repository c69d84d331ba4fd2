#include "daemon/systemd.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace skerry::daemon {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
constexpr int passed_max = 16;

// Removes it: what we start is not what it was meant for.
std::optional<std::string> take(const char* name) {
  const char* value = std::getenv(name);
  if (!value) return std::nullopt;
  std::string taken(value);
  ::unsetenv(name);
  return taken;
}

Result<std::uint64_t> number(const char* name, const std::string& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && rest == end) return value;
  return fail(Errc::bad_config, fmt::format("the environment's {} is no number: '{}'", name, text),
              "start skerry by its unit, or without this variable");
}

// Whether what stands beside the PID is for this process.
Result<bool> is_for_us(const char* name) {
  const auto text = take(name);
  if (!text) return true;
  SKERRY_TRY(const std::uint64_t pid, number(name, *text));
  return pid == static_cast<std::uint64_t>(::getpid());
}

// A path or, behind an @, a name of the abstract namespace.
api::Descriptor connect_to(const std::string& address) {
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() >= sizeof peer.sun_path) return {};
  std::memcpy(peer.sun_path, address.data(), address.size());
  if (peer.sun_path[0] == '@') peer.sun_path[0] = '\0';
  api::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&peer), size) != 0) return {};
  return socket;
}

Result<std::vector<api::Descriptor>> passed_sockets() {
  const auto text = take("LISTEN_FDS");
  take("LISTEN_FDNAMES");
  SKERRY_TRY(const bool ours, is_for_us("LISTEN_PID"));
  std::vector<api::Descriptor> sockets;
  if (!text || !ours) return sockets;
  SKERRY_TRY(const std::uint64_t count, number("LISTEN_FDS", *text));
  if (count > passed_max)
    return fail(Errc::bad_config,
                fmt::format("LISTEN_FDS says {} sockets; at most {} are taken", count, passed_max),
                "name one TCP and one Unix socket in skerry.socket");
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const int passed = first_passed + i;
    // Passed without: the programs that the daemon starts have no business with it.
    if (::fcntl(passed, F_SETFD, FD_CLOEXEC) != 0)
      return fail(Errc::bad_config,
                  fmt::format("descriptor {} was announced and is not open", passed),
                  "start skerry by its unit, or without LISTEN_FDS");
    sockets.emplace_back(passed);
  }
  return sockets;
}

}  // namespace

Result<Systemd> Systemd::from_environment() {
  Systemd systemd;
  if (const auto address = take("NOTIFY_SOCKET")) systemd.socket_ = connect_to(*address);
  const auto interval = take("WATCHDOG_USEC");
  SKERRY_TRY(const bool watched, is_for_us("WATCHDOG_PID"));
  if (interval && watched) {
    SKERRY_TRY(const std::uint64_t micros, number("WATCHDOG_USEC", *interval));
    if (micros > 0) systemd.watchdog_ = std::chrono::microseconds(micros);
  }
  SKERRY_TRY(systemd.sockets_, passed_sockets());
  return systemd;
}

void Systemd::notify(std::string_view state) const {
  if (!socket_) return;
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

void Systemd::status(std::string_view text) const { notify(fmt::format("STATUS={}", text)); }

void Systemd::extend_start(std::chrono::seconds time) const {
  notify(fmt::format("EXTEND_TIMEOUT_USEC={}", std::chrono::microseconds(time).count()));
}

}  // namespace skerry::daemon
