// The part of a session that writes answers.
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "api/session.hpp"
#include "core/log.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;  // what write_time is given for
constexpr std::size_t path_bytes_shown = 200;
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;  // read on after a refusal

std::string_view reason(unsigned status) {
  const auto text = http::obsolete_reason(http::int_to_status(status));
  return {text.data(), text.size()};
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(value).append("\r\n");
}

// RFC 9110, section 6.4.1.
bool is_bodiless(unsigned status) { return status == 204 || status == 304; }

}  // namespace

void Session::compose_head() {
  const auto* text = std::get_if<std::string>(&reply_.body);
  const auto* file = std::get_if<FileBody>(&reply_.body);
  const bool stream = !text && !file;
  const bool bodiless = is_bodiless(reply_.status);
  const bool endless = std::holds_alternative<std::unique_ptr<EventStream>>(reply_.body);
  reply_.close = reply_.close || !keep_alive_ || stopping_ || unread_ || endless ||
                 (stream && !http_1_1_);  // HTTP/1.0 tells the end by closing

  head_.clear();
  fmt::format_to(std::back_inserter(head_), "HTTP/1.1 {} {}\r\n", reply_.status,
                 reason(reply_.status));
  append_line(head_, "Date: ", loop_.date());
  append_line(head_, "X-Request-Id: ", request_.id);
  if (!reply_.content_type.empty() && !bodiless)
    append_line(head_, "Content-Type: ", reply_.content_type);
  if (stream) {
    if (http_1_1_) head_.append("Transfer-Encoding: chunked\r\n");
  } else if (!bodiless) {
    fmt::format_to(std::back_inserter(head_), "Content-Length: {}\r\n",
                   text ? text->size() : file->size);
  }
  if (!loop_.shared.options.dialect.is_bare) {
    head_.append("X-Content-Type-Options: nosniff\r\n");
    fmt::format_to(std::back_inserter(head_),
                   "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
                   "frame-ancestors 'none'; {}\r\n",
                   reply_.policy);
    if (reply_.content_type.starts_with("text/html"))
      head_.append("Referrer-Policy: no-referrer\r\n");
  }
  if (reply_.close)
    head_.append("Connection: close\r\n");
  else if (!http_1_1_)
    head_.append("Connection: keep-alive\r\n");
  head_.append(reply_.headers).append("\r\n");
}

void Session::count_answer() {
  Counters& counters = loop_.counters;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  if (reply_.status >= 500)
    counters.server_errors.fetch_add(1, std::memory_order_relaxed);
  else if (reply_.status >= 400)
    counters.client_errors.fetch_add(1, std::memory_order_relaxed);
}

// At debug: what was asked, without its query, which may be nobody's to read.
void Session::log_answer() const {
  if (!log_enabled(Level::debug)) return;
  std::string asked = "what is no request";
  const auto tell = [&](const auto& parser) {
    if (!parser || !parser->is_header_done()) return;
    const std::string_view target(parser->get().target());
    asked = fmt::format("{} {}", std::string_view(parser->get().method_string()),
                        target.substr(0, std::min(target.find('?'), path_bytes_shown)));
  };
  tell(header_parser_);
  tell(body_parser_);
  const auto taken = std::chrono::steady_clock::now() - began_;
  log(Level::debug, "request {}: {} answered {} after {} ms", request_.id, asked, reply_.status,
      std::chrono::duration_cast<std::chrono::milliseconds>(taken).count());
}

// Gives the kernel as much as it takes without waiting. True when that was all of it.
bool Session::send_now() {
  compose_head();
  const auto* text = std::get_if<std::string>(&reply_.body);
  const bool with_body = text && !request_.head_only && !is_bodiless(reply_.status);
  const std::array<asio::const_buffer, 2> pieces{
      asio::buffer(head_), with_body ? asio::buffer(*text) : asio::const_buffer{}};
  boost::system::error_code error;
  sent_ = 0;
  if (wire_.is_tls()) return false;  // what TLS has begun to write cannot be left half done
  sent_ = wire_.socket().write_some(pieces, error);
  if (error && error != asio::error::would_block) {
    reply_.close = true;
    unread_ = false;
    return true;  // nobody is there
  }
  if (error) sent_ = 0;
  return (text || request_.head_only) && sent_ == head_.size() + pieces[1].size();
}

Task<void> Session::send_rest() {
  bool whole = true;
  if (sent_ < head_.size()) {
    whole = co_await write_all(std::string_view(head_).substr(sent_));
    sent_ = head_.size();
  }
  const bool with_body = whole && !request_.head_only && !is_bodiless(reply_.status);
  if (with_body) {
    if (auto* text = std::get_if<std::string>(&reply_.body)) {
      const std::string_view rest = std::string_view(*text).substr(sent_ - head_.size());
      whole = co_await write_all(rest);
    } else if (auto* file = std::get_if<FileBody>(&reply_.body)) {
      whole = co_await write_file(*file);
    } else if (auto* events = std::get_if<std::unique_ptr<EventStream>>(&reply_.body)) {
      whole = co_await write_events(**events);
    } else {
      auto& stream = std::get<std::unique_ptr<BodyStream>>(reply_.body);
      whole = co_await write_stream(*stream);
    }
  }
  if (!whole) {
    reply_.close = true;
    unread_ = false;
  }
}

// False when the client is gone or too slow.
Task<bool> Session::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    enter_phase(Phase::writing, limits_.write_time);
    const std::string_view piece = bytes.substr(0, piece_bytes);
    const asio::const_buffer buffer(piece.data(), piece.size());
    const auto [error, count] = co_await asio::async_write(wire_, buffer, use_tuple);
    if (error || expired_) co_return false;
    bytes.remove_prefix(count);
  }
  co_return true;
}

Task<bool> Session::write_file(FileBody& body) {
  std::string piece(piece_bytes, '\0');
  while (body.size > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), body.size);
    const ssize_t got =
        ::pread(body.file.get(), piece.data(), wanted, static_cast<off_t>(body.offset));
    if (got <= 0) {
      log(Level::error, "request {}: a file that is being sent ended early", request_.id);
      co_return false;
    }
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    const bool written = co_await write_all(bytes);
    if (!written) co_return false;
    body.offset += bytes.size();
    body.size -= bytes.size();
  }
  co_return true;
}

// Not empty: that would be the last chunk.
Task<bool> Session::write_chunk(std::string_view text) {
  std::string framed;
  framed.reserve(text.size() + 16);
  if (http_1_1_) fmt::format_to(std::back_inserter(framed), "{:x}\r\n", text.size());
  framed.append(text);
  if (http_1_1_) framed.append("\r\n");
  const bool written = co_await write_all(framed);
  co_return written;
}

// Without its last chunk when it is cut off: by the client, a stop, or a failure.
Task<bool> Session::write_stream(BodyStream& stream) {
  const auto executor = co_await asio::this_coro::executor;
  while (!request_.interrupt.raised()) {
    enter_phase_without_deadline(Phase::streaming);
    std::optional<std::string> piece;
    std::exception_ptr failure;
    try {
      piece = co_await stream.next();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      take_exception(std::move(failure));
      co_return false;
    }
    if (gone_) co_return false;
    if (!piece) {
      if (!http_1_1_) co_return true;
      const bool ended = co_await write_all("0\r\n\r\n");
      co_return ended;
    }
    if (piece->empty()) {
      co_await asio::post(executor, use_tuple);
    } else {
      const bool written = co_await write_chunk(*piece);
      if (!written) co_return false;
    }
  }
  co_return false;
}

Task<bool> Session::write_events(EventStream& stream) {
  while (!request_.interrupt.raised()) {
    enter_phase_without_deadline(Phase::streaming);
    std::optional<std::string> text;
    std::exception_ptr failure;
    try {
      text = co_await stream.next(limits_.stream_comment_every);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      take_exception(std::move(failure));
      co_return false;  // cut off without the last chunk: the client sees that it is not the end
    }
    if (!text || gone_) break;
    if (text->empty()) text->assign(": keep-alive\n\n");
    const bool written = co_await write_chunk(*text);
    if (!written) co_return false;
  }
  if (gone_) co_return false;
  if (!http_1_1_) co_return true;
  const bool ended = co_await write_all("0\r\n\r\n");
  co_return ended;
}

// Closing while bytes of the client are unread would reset the connection and could take the answer
// with it (RFC 9112 section 9.6): half-close, and read on for a moment.
Task<void> Session::linger() {
  boost::system::error_code ignored;
  wire_.end_tls();
  wire_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  enter_phase(Phase::linger, limits_.linger_time);
  std::size_t total = 0;
  while (!expired_ && !gone_ && total < linger_bytes_max) {
    input_.clear();
    const auto room = input_.prepare(4096);
    const auto [error, count] = co_await wire_.async_read_some(room, use_tuple);
    if (error) co_return;
    total += count;
  }
}

}  // namespace skerry::api
