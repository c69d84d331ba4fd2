// Sockets that listen, and who has connected to them. Plain system calls: no Asio. Internal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/descriptor.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

struct TcpListener {
  Descriptor socket;
  std::uint16_t port = 0;
};

// `address` is a numeric IPv4 or IPv6 address. Errc::bad_config for any other text, Errc::io_failed
// when the system refuses.
Result<TcpListener> open_tcp(const std::string& address, std::uint16_t port);

// See Server::listen_unix.
Result<Descriptor> open_unix(const std::filesystem::path& path);

// What is known of a socket that somebody else has opened.
struct PassedSocket {
  int family = 0;       // AF_UNIX, AF_INET or AF_INET6
  std::string address;  // "127.0.0.1:7070", "[::1]:7070", or the path
};
// Errc::bad_config for a descriptor that is no listening stream socket of these families.
Result<PassedSocket> look_at_passed(const Descriptor& socket);

// "127.0.0.1", "::1"; "unix:<uid>" for a Unix socket; "unknown" when the peer has left already.
std::string peer_address(int socket);

// SO_PEERCRED: a principal that may do everything when the peer's uid is root, our own or one of
// `trusted_uids`; null for other users and for TCP.
std::shared_ptr<const Principal> local_administrator(
    int socket, const std::vector<std::uint32_t>& trusted_uids);

}  // namespace skerry::api
