#include "tests/unit/sync/http_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/check.hpp"

namespace skerry::sync::test {
namespace {

// Waits for bytes on `fd`; false when told to stop.
bool wait_for(int fd, int stop) {
  std::array<pollfd, 2> waiting{{{fd, POLLIN, 0}, {stop, POLLIN, 0}}};
  SKERRY_CHECK(::poll(waiting.data(), waiting.size(), -1) > 0);
  return waiting[1].revents == 0;
}

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

// nullopt at the end of the connection.
std::optional<std::string> read_request(int connection, int stop) {
  std::string request;
  for (;;) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end != std::string::npos && request.size() >= end + 4 + content_length(request))
      return request;
    std::array<char, 65536> chunk;
    if (!wait_for(connection, stop)) return std::nullopt;
    const ssize_t count = ::recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) return std::nullopt;
    request.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

HttpServer::HttpServer(Handler handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  SKERRY_CHECK(::bind(listener_.fd(), generic, size) == 0);
  SKERRY_CHECK(::getsockname(listener_.fd(), generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  serve();
}

HttpServer::HttpServer(Handler handler, const std::filesystem::path& unix_socket)
    : handler_(std::move(handler)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  SKERRY_CHECK(unix_socket.string().size() < sizeof address.sun_path);
  std::strcpy(address.sun_path, unix_socket.c_str());
  SKERRY_CHECK(::bind(listener_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  serve();
}

HttpServer::~HttpServer() {
  stop_write_.close();
  thread_.join();
}

void HttpServer::serve() {
  SKERRY_CHECK(::listen(listener_.fd(), 8) == 0);
  std::array<int, 2> pipe;
  SKERRY_CHECK(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  stop_read_ = FileHandle(pipe[0]);
  stop_write_ = FileHandle(pipe[1]);
  thread_ = std::thread([this] {
    while (wait_for(listener_.fd(), stop_read_.fd())) {
      const FileHandle connection(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.is_open()) continue;
      {
        const std::scoped_lock lock(mutex_);
        ++connections_;
      }
      serve_connection(connection.fd());
    }
  });
}

void HttpServer::serve_connection(int connection) {
  while (const auto request = read_request(connection, stop_read_.fd())) {
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(*request);
    }
    const std::string reply = handler_(*request);
    std::size_t sent = 0;
    while (sent < reply.size()) {
      const ssize_t count =
          ::send(connection, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
    if (reply.find("Content-Length") == std::string::npos) return;
  }
}

std::string HttpServer::url(std::string_view path) const {
  if (port_ == 0) return fmt::format("http://localhost{}", path);
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<std::string> HttpServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

int HttpServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return connections_;
}

std::string answer(int status, std::string_view body, std::string_view headers) {
  return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                     body.size(), body);
}

}  // namespace skerry::sync::test
