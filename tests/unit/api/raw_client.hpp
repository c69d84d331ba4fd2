// A blocking client of bytes: sends what no HTTP library would.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "api/descriptor.hpp"

namespace skerry::api {

struct Answer {
  unsigned status = 0;  // 0: the connection closed without a whole answer
  std::string head;     // status line and headers
  std::string body;     // dechunked

  // Empty when absent.
  std::string header(std::string_view name) const;
};

class RawClient {
 public:
  static RawClient tcp(std::uint16_t port);
  static RawClient unix_socket(const std::filesystem::path& path);

  // False when the server has closed.
  bool send(std::string_view bytes);
  // The next answer of the connection. `to_head`: the answer to a HEAD request has no body.
  Answer receive(bool to_head = false);
  Answer ask(std::string_view request, bool to_head = false);
  // Bytes as they come, until `fragment` is among them or the server closes.
  std::string receive_until(std::string_view fragment);
  // True when the server closes within the client's patience (20 s), with nothing more to say.
  bool closed();
  void half_close();
  int socket() const { return socket_.get(); }

 private:
  explicit RawClient(Descriptor socket);
  bool fill();

  Descriptor socket_;
  std::string buffer_;
};

}  // namespace skerry::api
