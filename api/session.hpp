// One connection: reads requests, has them answered, writes the answers, in order. Internal.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "api/http_types.hpp"
#include "api/loop.hpp"
#include "api/wire.hpp"
#include "sync/file_handle.hpp"

namespace skerry::api {

namespace http = boost::beast::http;

// Who is at the other end.
struct Peer {
  std::string address;                     // "127.0.0.1", "unix:1000"
  std::shared_ptr<const Principal> local;  // an administrator by SO_PEERCRED, or null
};

// Errc::payload_too_large
Error body_too_large(std::uint64_t bytes_max);

class Session {
 public:
  // `tls` null: plain HTTP.
  Session(Loop& loop, Socket socket, std::shared_ptr<asio::ssl::context> tls, Peer peer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Until the connection ends.
  Task<void> run();
  // Over the limit of connections: a 503, and the end.
  Task<void> turn_away();

  // Loop thread; from Loop only.
  void on_sweep(std::int64_t now_ms);
  void begin_stop();
  void cancel();

 private:
  friend class Loop;

  enum class Phase : std::uint8_t { idle, header, body, handler, streaming, writing, linger };
  enum class Scan : std::uint8_t { more, whole, bare_lf, too_long, too_slow };

  // Deadlines
  void enter_phase(Phase phase, std::chrono::milliseconds time);
  void enter_phase_without_deadline(Phase phase);

  // Reading: session.cpp
  Task<bool> shake_hands();
  Task<void> serve_requests();
  void await_request(bool first);
  Scan scan_header();
  void discard_request();
  Result<void> begin_request(Scan scan);
  void name_request();
  // Bytes of this request's body are still to be read.
  bool has_body() const {
    if (body_parser_) return !body_parser_->is_done();
    return header_parser_ && !header_parser_->is_done();
  }
  // Of a body that nobody wants, only a small one is read, for the sake of the connection.
  bool is_worth_reading() const;
  Task<Result<void>> read_body();
  Result<void> open_upload();
  Result<void> take_body(std::string_view bytes);
  Result<void> close_upload();
  Result<void> drop_empty_object();
  Task<void> continue_expected();

  // Dispatch: dispatch.cpp
  Result<void> choose_route();
  Result<void> authorize();
  Result<void> identify();
  // What the request proves its caller by: a token, else the secret of a session's cookie.
  struct Proof {
    std::string_view token, secret;
  };
  Result<Proof> read_proof() const;
  Result<std::shared_ptr<const Principal>> look_up(const Proof& proof, Use use) const;
  Result<void> let_in(Result<std::shared_ptr<const Principal>> found);
  Result<void> check_rights() const;
  Result<void> check_still_allowed() const;
  Result<void> check_body();
  void answer_options(std::string_view allow);
  void call_now();
  Task<void> call_later();
  void take_outcome(Result<Response> outcome);
  void finish_answer();
  void take_exception(std::exception_ptr failure);
  void refuse(const Error& error);

  // Writing: answer.cpp
  bool send_now();
  Task<void> send_rest();
  Task<bool> write_all(std::string_view bytes);
  Task<bool> write_file(FileBody& body);
  Task<bool> write_events(EventStream& stream);
  Task<bool> write_stream(BodyStream& stream);
  Task<bool> write_chunk(std::string_view text);
  void compose_head();
  Task<void> linger();
  void count_answer();
  void log_answer() const;

  Loop& loop_;
  const Limits& limits_;
  Wire wire_;
  const Peer peer_;
  std::size_t index_ = 0;  // in Loop's list

  Phase phase_ = Phase::idle;
  std::int64_t deadline_ms_ = std::numeric_limits<std::int64_t>::max();
  bool expired_ = false;   // the deadline passed
  bool stopping_ = false;  // answer what is here, then close
  bool gone_ = false;      // closed by stage 2 of the stop, or left by the client: nobody to answer

  boost::beast::flat_buffer input_;
  std::size_t scanned_ = 0;       // bytes of input_ without an end of header
  std::size_t header_bytes_ = 0;  // of the header at the front of input_
  std::optional<http::request_parser<http::empty_body>> header_parser_;
  std::optional<http::request_parser<http::buffer_body>> body_parser_;
  std::uint64_t body_bytes_max_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::optional<sync::FileSink> upload_;  // into request_.upload, while it comes

  Request request_;
  bool http_1_1_ = true;
  bool keep_alive_ = true;  // what the client asked for
  bool unread_ = false;     // bytes of this request may still come: linger before closing
  bool answered_ = false;   // answered without a handler

  std::chrono::steady_clock::time_point began_;  // when the request's header was there

  Response reply_;
  std::string head_;      // of the answer
  std::size_t sent_ = 0;  // bytes of head_ and body that are with the kernel
};

}  // namespace skerry::api
