// HTTP/1.1 requests over TCP, TLS or a Unix socket, by libcurl. Blocking.
//
// It goes where it is told and nowhere else: no redirects, no proxy from the environment, no
// credentials from files, HTTP and HTTPS only, TLS from 1.2, the peer's name and chain always
// checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.hpp"
#include "sync/line_reader.hpp"

namespace skerry::sync {

// Why no request can go to `url`, as the end of a sentence; empty when one can. Credentials are
// refused: they would stand in logs.
std::string url_complaint(const std::string& url);

struct HttpProgress {
  std::uint64_t sent = 0;
  std::uint64_t send_total = 0;  // 0 when not known
  std::uint64_t received = 0;
  std::uint64_t receive_total = 0;  // 0 when not known
};

struct HttpOptions {
  std::filesystem::path ca_file;      // PEM; only these authorities. Empty: the system's
  std::string proxy;                  // "http://host:port"; empty: none
  std::filesystem::path unix_socket;  // connect here; the URL's host is then only a name
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{0};  // 0: none; the stall limit still holds
  std::chrono::seconds stall_timeout{60};      // less than a byte a second for so long: given up
  std::string user_agent = "skerry";
  // Called now and then; false gives the request up with Errc::stopping.
  std::function<bool(const HttpProgress&)> progress;
};

struct HttpHeader {
  std::string name;
  std::string value;
};

// The part of a file that is sent: `size` bytes from `offset`. Not owned.
struct HttpFile {
  int fd = -1;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<HttpHeader> headers;  // Range and If-Range among them, to resume
  std::variant<std::monostate, std::string, HttpFile> body;
  // Where the body of a 2xx answer goes, without finish(); its error ends the request and is
  // returned. nullptr: into HttpResponse::body.
  ByteSink* sink = nullptr;
  // Of HttpResponse::body; more is Errc::limit_exceeded.
  std::uint64_t body_bytes_max = 1024 * 1024;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // as received
  std::string body;                 // empty when it went to a sink

  bool ok() const { return status >= 200 && status < 300; }
  // The first of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// One thread. Keeps its connection for the next request.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is a response. Errc::unreachable with the reason when none came, Errc::tls_failed
  // when the peer could not be trusted, Errc::bad_config for an address or CA file nobody can use.
  Result<HttpResponse> request(const HttpRequest& request);

  // As request(), and passes each line of a 2xx answer to `on_line` as it arrives (NDJSON,
  // server-sent events: empty lines too, and a CR before the newline is cut). `on_line` ends the
  // stream by an error, which is returned. `request.sink` is not used.
  Result<HttpResponse> stream_lines(HttpRequest request, const LineCallback& on_line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skerry::sync
