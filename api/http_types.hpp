// What a handler gets and gives: Request, Response, and who is asking.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/await.hpp"
#include "api/descriptor.hpp"
#include "api/notifier.hpp"
#include "api/target.hpp"
#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/strict_json.hpp"

namespace skerry::api {

// HEAD reaches handlers as get; OPTIONS is answered by the server.
enum class Method : std::uint8_t { get, post, put, patch, del };
std::string_view to_string(Method method);  // "DELETE"

// What a route asks of its caller. admin is held by local administrators and implies the others;
// write implies move. log: who did what, beside the records themselves.
enum class Access : std::uint8_t { open, any, read, log, move, write, seats, exchange, admin };
std::string_view to_string(Access access);
std::optional<Access> parse_access(std::string_view text);  // names of scopes as tokens carry them

// Who asks. Shared between requests, so immutable.
struct Principal {
  enum class Kind : std::uint8_t { anonymous, token, local, user };

  Kind kind = Kind::anonymous;
  std::string id;                   // of the token; "uid:1000" for the Unix socket; "user:alice"
  std::string name;                 // for the log and the audit view
  std::string role;                 // kind user
  RecordId account;                 // kind user
  Hash session{};                   // kind user: by which it is found
  std::vector<RecordId> customers;  // whose records it is for; empty: everybody's
  std::uint32_t uid = 0;            // kind local: SO_PEERCRED
  std::uint32_t gid = 0;
  std::int32_t pid = 0;

  void grant(Access access) { scopes_ |= bit(access); }
  bool may(Access access) const;
  bool is_limited() const { return !customers.empty(); }

 private:
  static constexpr unsigned bit(Access access) { return 1u << static_cast<unsigned>(access); }
  unsigned scopes_ = 0;
};

// A large body (Body::spool): an unnamed file that only this descriptor reaches, positioned at its
// start.
struct SpooledBody {
  Descriptor file;
  std::uint64_t size = 0;
  Hash sha256{};
};

struct Route;

// One request. Belongs to its session: valid until the handler has returned (an EventStream that it
// returned included). Handlers may move from `body` and `upload`.
class Request {
 public:
  Method method = Method::get;
  bool head_only = false;                      // HEAD
  std::string id;                              // echoed as X-Request-Id
  std::shared_ptr<const Principal> principal;  // never null
  std::string_view peer;                       // whence it came, as peer_address() says it
  std::string body;                            // Body::json, Body::text: whole
  SpooledBody upload;                          // Body::spool
  Interrupt interrupt;                         // for Notifier::wait
  // Whether the caller is let in still, as it was at first: for what answers over a long time, each
  // time before it says more. Errc::unauthorized, Errc::forbidden.
  std::function<Result<void>()> still_allowed = [] { return Result<void>(); };
  const Route* route = nullptr;

  // What the route's {name} stands for, decoded. A name that the route does not have is a defect.
  std::string_view param(std::string_view name) const;

  // The value of a query parameter; nullopt when absent.
  std::optional<std::string_view> query(std::string_view name) const;
  const std::vector<QueryParameter>& queries() const { return target.query; }
  // Errc::bad_request naming the first parameter that is not one of `names`.
  Result<void> allow_queries(std::initializer_list<std::string_view> names) const;
  // Errc::bad_request naming the first parameter that stands twice and is not one of `names`.
  Result<void> allow_repeated(std::initializer_list<std::string_view> names) const;

  // Empty when absent. The first one when repeated; the framing and identity headers cannot be.
  std::string_view header(std::string_view name) const;
  // Whether its Accept names `type` and wants JSON no more than that.
  bool prefers_to_json(std::string_view type) const;

  // The body as the one kind of JSON object we accept (depth limit 32): Errc::bad_json.
  Result<json::object> json_body() const;

  // Filled in by the session and the router.
  Target target;
  std::vector<std::pair<std::string_view, std::string_view>> params;
  const boost::beast::http::fields* headers = nullptr;
};

// Server-sent events. next() is called until it gives nullopt, the client goes away or the server
// stops; the server writes `: keep-alive` when it gives an empty string.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The next text to write, formed by to_event(); an empty string when `timeout` passed without
  // any. Sleeps through Notifier::wait with the interrupt of the request, and gives nullopt on
  // interrupted.
  virtual Task<std::optional<std::string>> next(std::chrono::milliseconds timeout) = 0;
};

// A body of a length nobody knows beforehand: an export. Written as it is made, in bounded memory.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next piece, nullopt at the end; an empty one gives other requests their turn. On the
  // session's I/O thread: the work of one request's length each time. An exception cuts the answer
  // off, so that the client sees that it is not whole.
  virtual Task<std::optional<std::string>> next() = 0;
};

// "id: 17\nevent: change\ndata: {…}\n\n"; line breaks in `data` become several data lines.
std::string to_event(std::string_view id, std::string_view event, std::string_view data);

struct FileBody {
  Descriptor file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";  // static storage
  std::string headers;                                 // whole lines; written by header()
  // Of Content-Security-Policy, what this answer has beyond what each has; static storage.
  std::string_view policy = "form-action 'none'";
  std::variant<std::string, FileBody, std::unique_ptr<EventStream>, std::unique_ptr<BodyStream>>
      body;
  bool close = false;  // close the connection afterwards

  // Adds a header line. A value with control bytes is a defect: never pass on a client's text
  // unchecked.
  Response& header(std::string_view name, std::string_view value);

  static Response json(unsigned status, std::string text);
  static Response json(unsigned status, const json::value& value);
  static Response text(unsigned status, std::string text);
  static Response empty(unsigned status = 204);
  static Response file(Descriptor file, std::uint64_t size, std::string_view content_type);
  static Response events(std::unique_ptr<EventStream> stream);
  static Response stream(std::unique_ptr<BodyStream> stream, std::string_view content_type);
};

}  // namespace skerry::api
