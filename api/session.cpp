#include "api/session.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/header_guard.hpp"
#include "core/strict_json.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t read_bytes = 4096;        // room asked for at first
constexpr std::size_t body_read_bytes = 16384;  // and while a body comes
constexpr std::size_t body_bytes_kept_max = 16384;
constexpr std::size_t request_id_length_max = 64;

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= request_id_length_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::string_view view(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

Error body_too_large(std::uint64_t bytes_max) {
  return Error(Errc::payload_too_large, fmt::format("the body is over {} bytes", bytes_max),
               "send less at once: in several requests, or smaller files");
}

Session::Session(Loop& loop, Socket socket, std::shared_ptr<asio::ssl::context> tls, Peer peer)
    : loop_(loop),
      limits_(loop.shared.options.limits),
      wire_(std::move(socket), std::move(tls)),
      peer_(std::move(peer)),
      input_(limits_.header_bytes_max + body_read_bytes) {
  request_.principal = loop_.shared.anonymous;
  request_.peer = peer_.address;
  request_.still_allowed = [this] { return check_still_allowed(); };
  loop_.enter(*this);
  stopping_ = loop_.stopping();
}

Session::~Session() { loop_.leave(*this); }

void Session::enter_phase(Phase phase, std::chrono::milliseconds time) {
  phase_ = phase;
  expired_ = false;
  deadline_ms_ = loop_.now_ms() + time.count();
}

void Session::enter_phase_without_deadline(Phase phase) {
  phase_ = phase;
  deadline_ms_ = std::numeric_limits<std::int64_t>::max();
}

void Session::on_sweep(std::int64_t now_ms) {
  if (now_ms >= deadline_ms_) {
    expired_ = true;
    boost::system::error_code ignored;
    wire_.socket().cancel(ignored);
    return;
  }
  if (phase_ != Phase::handler && phase_ != Phase::streaming) return;
  // Nobody reads from the socket meanwhile, so look whether the client has left.
  char byte = 0;
  if (::recv(wire_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    request_.interrupt.raise();
}

void Session::begin_stop() {
  stopping_ = true;
  request_.interrupt.raise();
  if (phase_ != Phase::idle) return;
  boost::system::error_code ignored;
  wire_.socket().cancel(ignored);
}

void Session::cancel() {
  stopping_ = true;
  gone_ = true;
  request_.interrupt.raise();
  boost::system::error_code ignored;
  wire_.socket().close(ignored);
}

// False when there is nobody to talk to: another program's scan, a client of another time.
Task<bool> Session::shake_hands() {
  enter_phase(Phase::header, limits_.header_time);
  const auto [error] = co_await wire_.async_handshake(use_tuple);
  co_return !error && !expired_ && !stopping_;
}

Task<void> Session::run() {
  if (wire_.is_tls()) {
    const bool met = co_await shake_hands();
    if (!met) co_return;
  }
  co_await serve_requests();
  if (!gone_) wire_.end_tls();
}

Task<void> Session::serve_requests() {
  for (bool first = true;; first = false) {
    discard_request();
    await_request(first);
    Scan scan = scan_header();
    while (scan == Scan::more) {
      if (stopping_ && input_.size() == 0) co_return;
      const auto room = input_.prepare(read_bytes);
      const auto [error, count] = co_await wire_.async_read_some(room, use_tuple);
      if (expired_ && input_.size() > 0) {
        scan = Scan::too_slow;
      } else if (error || expired_) {
        co_return;
      } else {
        if (phase_ == Phase::idle) enter_phase(Phase::header, limits_.header_time);
        input_.commit(count);
        scan = scan_header();
      }
    }

    if (const Result<void> begun = begin_request(scan); !begun) {
      refuse(begun.error());
    } else if (!answered_ && has_body() && is_worth_reading()) {
      const Result<void> read = co_await read_body();
      if (!read) {
        unread_ = true;
        refuse(read.error());
      }
    }
    if (gone_) co_return;
    unread_ = unread_ || has_body();

    if (!answered_) {
      enter_phase_without_deadline(Phase::handler);
      if (request_.route->handler.now) {
        call_now();
      } else {
        co_await call_later();
      }
    }
    if (gone_) co_return;
    finish_answer();
    count_answer();
    log_answer();
    const bool sent = send_now();
    if (!sent) co_await send_rest();
    if (!reply_.close) continue;
    if (unread_) co_await linger();
    co_return;
  }
}

Task<void> Session::turn_away() {
  discard_request();
  name_request();
  unread_ = true;
  Error error(Errc::busy, "the server has as many connections as it takes",
              "close one, or raise limits.connections_max");
  error.quota = Quota{"connections", limits_.connections_max};
  refuse(error);
  if (send_now()) co_await linger();
}

// Forgets the exchange before. Small memory is kept for the next one; an idle connection holds no
// large body, no file and no stream.
void Session::discard_request() {
  header_parser_.reset();
  body_parser_.reset();
  header_bytes_ = 0;
  scanned_ = 0;
  body_bytes_ = 0;
  if (request_.body.capacity() > body_bytes_kept_max) request_.body = std::string();
  request_.body.clear();
  reply_ = Response();
  upload_.reset();
  request_.upload = {};
  request_.route = nullptr;
  request_.headers = nullptr;
  if (!stopping_) request_.interrupt.reset();
  request_.head_only = false;
  http_1_1_ = true;
  keep_alive_ = true;
  unread_ = false;
  answered_ = false;
}

void Session::await_request(bool first) {
  if (input_.size() > 0) {
    enter_phase(Phase::header, limits_.header_time);
  } else {
    enter_phase(Phase::idle, first ? limits_.header_time : limits_.idle_time);
  }
}

// Looks for the empty line. A bare LF is told apart at once, since its sender would wait for ever.
Session::Scan Session::scan_header() {
  if (scanned_ == 0 && input_.size() >= 2 && view(input_).substr(0, 2) == "\r\n")
    input_.consume(2);  // RFC 9112 section 2.2: an empty line before the request line
  const std::string_view text = view(input_);
  while (scanned_ < text.size()) {
    const std::size_t newline = text.find('\n', scanned_);
    if (newline == std::string_view::npos) break;
    if (newline == 0 || text[newline - 1] != '\r') {
      header_bytes_ = newline + 1;
      return Scan::bare_lf;
    }
    scanned_ = newline + 1;
    if (newline >= 3 && text[newline - 2] == '\n') {
      header_bytes_ = newline + 1;
      return header_bytes_ > limits_.header_bytes_max ? Scan::too_long : Scan::whole;
    }
  }
  scanned_ = text.size();
  return text.size() >= limits_.header_bytes_max ? Scan::too_long : Scan::more;
}

void Session::name_request() {
  Shared& shared = loop_.shared;
  began_ = std::chrono::steady_clock::now();
  request_.id.clear();
  fmt::format_to(std::back_inserter(request_.id), "{}-{:x}", shared.boot,
                 shared.next_request.fetch_add(1, std::memory_order_relaxed));
}

// From the header's bytes to a request that may go to its handler, its body aside.
Result<void> Session::begin_request(Scan scan) {
  unread_ = true;  // until the framing is known to be sound
  name_request();
  if (scan == Scan::too_long)
    return fail(Errc::header_too_large,
                fmt::format("the header is over {} bytes", limits_.header_bytes_max),
                "send fewer or shorter headers, and a shorter address");
  if (scan == Scan::too_slow)
    return fail(Errc::request_timeout, fmt::format("the header was not complete within {} ms",
                                                   limits_.header_time.count()));
  const std::string_view raw = view(input_).substr(0, header_bytes_);
  SKERRY_TRY_VOID(check_raw_header(raw));
  header_parser_.emplace();
  header_parser_->header_limit(std::numeric_limits<std::uint32_t>::max());
  header_parser_->body_limit(boost::none);
  boost::system::error_code error;
  header_parser_->put(asio::const_buffer(raw.data(), raw.size()), error);
  input_.consume(header_bytes_);
  if (error || !header_parser_->is_header_done())
    return fail(Errc::bad_request, fmt::format("the header is malformed: {}", error.message()));
  const auto& message = header_parser_->get();
  request_.headers = &message.base();
  if (const auto offered = request_.header("X-Request-Id"); is_request_id(offered))
    request_.id.assign(offered);
  http_1_1_ = message.version() >= 11;
  keep_alive_ = header_parser_->keep_alive();
  if (message.version() != 11 && message.version() != 10)
    return fail(Errc::bad_request, "HTTP/1.1 and HTTP/1.0 are read here");
  SKERRY_TRY_VOID(check_fields(message.base(), message.version()));
  unread_ = false;
  return choose_route();
}

Task<void> Session::continue_expected() {
  const std::string_view expected = request_.header("Expect");
  if (expected.empty() || !http_1_1_ || input_.size() > 0) co_return;
  co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
}

bool Session::is_worth_reading() const {
  if (request_.route->body != Body::ignored) return true;
  const auto length = header_parser_->content_length();
  return length && *length <= limits_.body_bytes_max;
}

Task<Result<void>> Session::read_body() {
  co_await continue_expected();
  body_parser_.emplace(std::move(*header_parser_));
  header_parser_.reset();
  auto& parser = *body_parser_;
  request_.headers = &parser.get().base();
  const auto fields_before = std::distance(request_.headers->begin(), request_.headers->end());
  if (request_.route->body == Body::spool) {
    SKERRY_CO_TRY_VOID(open_upload());
  } else if (const auto length = parser.content_length();
             length && request_.route->body != Body::ignored) {
    request_.body.reserve(*length);
  }
  enter_phase(Phase::body, limits_.body_grace);
  bool starved = input_.size() == 0;
  auto& piece = loop_.scratch;
  while (!parser.is_done()) {
    if (starved) {
      if (input_.size() == input_.max_size())
        co_return fail(Errc::bad_request, "a chunk header without end");
      const auto room =
          input_.prepare(std::min(body_read_bytes, input_.max_size() - input_.size()));
      const auto [error, count] = co_await wire_.async_read_some(room, use_tuple);
      if (expired_)
        co_return fail(Errc::request_timeout,
                       fmt::format("the body came at less than {} bytes a second",
                                   limits_.body_bytes_per_second_min));
      if (error) {
        gone_ = true;
        co_return fail(Errc::bad_request, "the body ended early");
      }
      input_.commit(count);
      const auto credit =
          static_cast<std::int64_t>(count * 1000 / limits_.body_bytes_per_second_min);
      deadline_ms_ = std::min(deadline_ms_ + credit, loop_.now_ms() + limits_.body_grace.count());
    }
    auto& sink = parser.get().body();
    sink.data = piece.data();
    sink.size = piece.size();
    sink.more = true;
    boost::system::error_code error;
    const std::size_t used = parser.put(input_.data(), error);
    input_.consume(used);
    const std::string_view got(piece.data(), piece.size() - sink.size);
    if (error && error != http::error::need_buffer && error != http::error::need_more)
      co_return fail(Errc::bad_request, fmt::format("the body is malformed: {}", error.message()));
    SKERRY_CO_TRY_VOID(take_body(got));
    starved = used == 0 || input_.size() == 0;
  }
  if (std::distance(request_.headers->begin(), request_.headers->end()) != fields_before)
    co_return fail(Errc::bad_request, "trailer fields are not read here");
  if (request_.route->body == Body::none) co_return drop_empty_object();
  co_return close_upload();
}

Result<void> Session::drop_empty_object() {
  const auto object = parse_json_object(request_.body);
  if (!object || !object->empty())
    return fail(Errc::bad_request, "this route reads no body", "send none, or {}");
  request_.body.clear();
  return {};
}

Result<void> Session::open_upload() {
  auto file = sync::make_private_file(loop_.shared.options.spool_folder);
  if (!file) return fail(file.error().code, "the spool: " + file.error().detail);
  request_.upload.file = Descriptor(file->release());
  upload_.emplace(request_.upload.file.get(), body_bytes_max_);
  return {};
}

// Leaves the file at its start.
Result<void> Session::close_upload() {
  if (!upload_) return {};
  request_.upload.size = upload_->bytes();
  request_.upload.sha256 = upload_->hash();
  upload_.reset();
  if (::lseek(request_.upload.file.get(), 0, SEEK_SET) == 0) return {};
  return fail(sync::system_error(errno, "the spool"));
}

Result<void> Session::take_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (request_.route->body == Body::ignored) return {};
  if (body_bytes_ > body_bytes_max_) return fail(body_too_large(body_bytes_max_));
  if (upload_) return upload_->write(as_bytes(bytes));
  request_.body.append(bytes);
  return {};
}

}  // namespace skerry::api
