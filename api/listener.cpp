#include "api/listener.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <netinet/in.h>
#include <optional>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>

#include "core/mutex.hpp"
#include "core/text.hpp"

namespace skerry::api {
namespace {

constexpr int backlog = 1024;

std::string next_step(int error_number) {
  switch (error_number) {
    case EADDRINUSE:
      return "another program listens there: stop it, or set another listen.address";
    case EADDRNOTAVAIL:
      return "set listen.address to an address of this machine";
    case EACCES:
    case EPERM:
      return "set a port above 1023 and a folder that this user may write to";
    default:
      return "check listen.address and listen.socket in skerry.toml";
  }
}

tl::unexpected<Error> refuse(std::string_view where, std::string_view doing) {
  const int number = errno;
  return fail(Errc::io_failed,
              fmt::format("{} {}: {}", doing, where, std::generic_category().message(number)),
              next_step(number));
}

// The system calls take every family through one pointer type.
template <class Address>
sockaddr* generic(Address& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

struct NumericAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<NumericAddress> parse_address(const std::string& text, std::uint16_t port) {
  NumericAddress address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
  } else {
    return std::nullopt;
  }
  return address;
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, generic(storage), &size) != 0) return 0;
  sockaddr_in v4{};  // the port of IPv6 stands in the same place
  std::memcpy(&v4, &storage, sizeof v4);
  return ntohs(v4.sin_port);
}

// Empty for other families than IPv4 and IPv6.
std::string host_of(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

// Makes way for a new socket at `path`.
Result<void> clear_stale(const std::filesystem::path& path, sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return refuse(path.native(), "looking at");
  }
  if (!S_ISSOCK(status.st_mode))
    return fail(Errc::already_exists, fmt::format("{} is there and is no socket", path.native()),
                "move it away, or set another listen.socket");
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return refuse(path.native(), "probing");
  // EAGAIN: somebody listens, and the queue is full.
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN)
    return fail(Errc::locked, fmt::format("another daemon answers on {}", path.native()),
                "stop it, or set another listen.socket");
  if (errno != ECONNREFUSED) return refuse(path.native(), "probing");
  if (::unlink(path.c_str()) != 0) return refuse(path.native(), "removing");
  return {};
}

std::optional<ucred> credentials(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  int family = 0;
  socklen_t family_size = sizeof family;
  if (::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &family_size) != 0) return std::nullopt;
  if (family != AF_UNIX) return std::nullopt;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

// Empty for a user the system does not know.
std::string user_name(std::uint32_t uid) {
  static Mutex mutex;
  static std::map<std::uint32_t, std::string> known;  // a directory service may answer slowly
  const MutexLock lock(mutex);
  const auto found = known.find(uid);
  if (found != known.end()) return found->second;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* result = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &result);
  std::string name = result != nullptr ? result->pw_name : "";
  if (!is_utf8(name) || has_control_characters(name)) name.clear();
  return known.emplace(uid, std::move(name)).first->second;
}

}  // namespace

Result<TcpListener> open_tcp(const std::string& address, std::uint16_t port) {
  const std::string where = fmt::format("{} port {}", address, port);
  std::optional<NumericAddress> numeric = parse_address(address, port);
  if (!numeric)
    return fail(Errc::bad_config, fmt::format("\"{}\" is not an IPv4 or IPv6 address", address));
  TcpListener listener;
  const int family = numeric->storage.ss_family;
  listener.socket = Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.socket) return refuse(where, "opening a socket for");
  const int on = 1;
  ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener.socket.get(), generic(numeric->storage), numeric->size) != 0)
    return refuse(where, "binding to");
  if (::listen(listener.socket.get(), backlog) != 0) return refuse(where, "listening on");
  listener.port = bound_port(listener.socket.get());
  return listener;
}

Result<Descriptor> open_unix(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    return fail(Errc::bad_config, fmt::format("{} is too long for a socket: at most {} bytes",
                                              path.native(), sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  SKERRY_TRY_VOID(clear_stale(path, address));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return refuse(path.native(), "opening a socket for");
  if (::bind(socket.get(), generic(address), sizeof address) != 0)
    return refuse(path.native(), "binding to");
  // Before listen(): until then every connection is refused, so nobody slips in under the umask's
  // mode.
  if (::chmod(path.c_str(), 0660) != 0) return refuse(path.native(), "setting the mode of");
  if (::listen(socket.get(), backlog) != 0) return refuse(path.native(), "listening on");
  return socket;
}

Result<PassedSocket> look_at_passed(const Descriptor& socket) {
  int listens = 0;
  socklen_t size = sizeof listens;
  sockaddr_storage storage{};
  socklen_t address_size = sizeof storage;
  const bool usable = ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
                      listens != 0 &&
                      ::getsockname(socket.get(), generic(storage), &address_size) == 0 &&
                      ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) == 0;
  const int family = usable ? storage.ss_family : AF_UNSPEC;
  if (family == AF_UNIX) {
    sockaddr_un address{};
    std::memcpy(&address, &storage, sizeof address);
    return PassedSocket{family, address.sun_path};
  }
  if (family == AF_INET || family == AF_INET6)
    return PassedSocket{family, fmt::format(fmt::runtime(family == AF_INET ? "{}:{}" : "[{}]:{}"),
                                            host_of(storage), bound_port(socket.get()))};
  return fail(Errc::bad_config, "a socket that was passed on does not listen on TCP or a Unix path",
              "give skerry.socket ListenStream= lines only");
}

std::string peer_address(int socket) {
  if (const auto peer = credentials(socket)) return fmt::format("unix:{}", peer->uid);
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(socket, generic(storage), &size) != 0) return "unknown";
  return host_of(storage);
}

std::shared_ptr<const Principal> local_administrator(
    int socket, const std::vector<std::uint32_t>& trusted_uids) {
  const auto peer = credentials(socket);
  if (!peer) return nullptr;
  const bool trusted =
      peer->uid == 0 || peer->uid == ::geteuid() ||
      std::find(trusted_uids.begin(), trusted_uids.end(), peer->uid) != trusted_uids.end();
  if (!trusted) return nullptr;
  auto principal = std::make_shared<Principal>();
  principal->kind = Principal::Kind::local;
  principal->id = fmt::format("uid:{}", peer->uid);
  principal->name = user_name(peer->uid);
  principal->uid = peer->uid;
  principal->gid = peer->gid;
  principal->pid = peer->pid;
  principal->grant(Access::admin);
  principal->grant(Access::exchange);
  return principal;
}

}  // namespace skerry::api
