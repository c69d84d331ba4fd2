// A small HTTP/1.1 peer for tests: real sockets, answers written out in full by the test.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sync/file_handle.hpp"

namespace skerry::sync::test {

// Serves one connection at a time, each request on it in turn, until destroyed.
class HttpServer {
 public:
  // Gets a whole request (head and body by Content-Length), gives the whole answer. An empty
  // answer, or one without Content-Length, closes the connection.
  using Handler = std::function<std::string(const std::string& request)>;

  explicit HttpServer(Handler handler);  // 127.0.0.1, a free port
  HttpServer(Handler handler, const std::filesystem::path& unix_socket);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(std::string_view path) const;
  std::vector<std::string> requests() const;  // seen so far
  int connections() const;

 private:
  void serve();
  void serve_connection(int connection);

  Handler handler_;
  FileHandle listener_;
  FileHandle stop_read_;
  FileHandle stop_write_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;  // guarded by mutex_
  int connections_ = 0;                // guarded by mutex_
  std::thread thread_;
};

// "HTTP/1.1 <status> X" with Content-Length and the body.
std::string answer(int status, std::string_view body, std::string_view headers = "");

}  // namespace skerry::sync::test
