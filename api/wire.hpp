// The bytes of one connection: a socket, with TLS over it or without. Internal.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>

#include "api/await.hpp"

namespace skerry::api {

// TCP and Unix alike. The executor's own type: a type-erased one costs on every operation.
using Socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

// An AsyncReadStream and AsyncWriteStream of Asio's. One thread.
class Wire {
 public:
  using executor_type = Socket::executor_type;

  // `tls` null: plain.
  Wire(Socket socket, std::shared_ptr<asio::ssl::context> tls)
      : socket_(std::move(socket)), context_(std::move(tls)) {
    if (context_) tls_.emplace(socket_, *context_);
  }
  Wire(const Wire&) = delete;  // the stream refers to the socket
  Wire& operator=(const Wire&) = delete;

  bool is_tls() const { return tls_.has_value(); }
  Socket& socket() { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto begin = [this](auto handler, const Buffers& where) {
      if (tls_)
        tls_->async_read_some(where, std::move(handler));
      else
        socket_.async_read_some(where, std::move(handler));
    };
    return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        std::move(begin), token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    auto begin = [this](auto handler, const Buffers& what) {
      if (tls_)
        tls_->async_write_some(what, std::move(handler));
      else
        socket_.async_write_some(what, std::move(handler));
    };
    return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        std::move(begin), token, buffers);
  }
  // Only of a wire with TLS.
  template <class Token>
  auto async_handshake(Token&& token) {
    return tls_->async_handshake(asio::ssl::stream_base::server, std::forward<Token>(token));
  }
  // Tells the peer that nothing more comes, without waiting for its word.
  void end_tls() {
    boost::system::error_code ignored;
    if (tls_) tls_->shutdown(ignored);  // the socket does not block
  }

 private:
  Socket socket_;
  std::shared_ptr<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace skerry::api
