// The command line's way to the running daemon: HTTP over its Unix socket.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config.hpp"
#include "daemon/terminal.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/file_handle.hpp"
#include "sync/http_client.hpp"

namespace skerry::daemon {

// "?map=a=b&dry_run=true", percent-encoded; what has no value is left out.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value);
  Query& add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Everything but [A-Za-z0-9._~-] as %XX. What is no text in UTF-8 stays as it is: a target with it
// is refused by DaemonClient.
std::string percent_encoded(std::string_view text);

// A complete file that is open: what is sent, or what was fetched.
struct OpenFile {
  sync::FileHandle file;
  std::uint64_t size = 0;
  Hash sha256{};  // only of what was fetched
};

// Opens a regular file of the operator's for reading. Errc::bad_input for a folder or anything
// else and where nothing is, Errc::io_failed for what cannot be read; each names the path.
Result<OpenFile> open_input(const std::filesystem::path& file);
// The same kind of error for a missing file of the operator's that others open.
Error as_input(Error error);

// One thread. Says on stderr once which instance it talks to. An answer that is a problem
// (RFC 9457) comes back as the Error it was there; no answer is Errc::unreachable with the way to
// start the daemon.
class DaemonClient {
 public:
  enum class Talk : bool { instance, none };
  DaemonClient(const Config& config, Terminal& terminal, Talk talk = Talk::instance);

  // Called about once a second while an answer is awaited; it may use another client.
  void while_waiting(std::function<void()> call) { while_waiting_ = std::move(call); }
  // Why the operator writes: kept in the log with what is written from now on.
  void set_reason(std::string reason) { reason_ = std::move(reason); }
  // What is written from now on is done and undone (api/handlers/dry_run).
  void set_dry_run(bool dry_run) { dry_run_ = dry_run; }
  bool is_dry_run() const { return dry_run_; }

  Result<json::value> get(std::string_view target);
  // As get(), and the value must be an object.
  Result<json::object> get_object(std::string_view target);
  Result<json::object> post(std::string_view target, const json::object& body);
  // A merge patch of the record that was read at this revision.
  Result<json::object> patch(std::string_view target, const json::object& body,
                             std::int64_t revision);
  Result<json::object> post_empty(std::string_view target);
  Result<void> remove(std::string_view target);
  // Sends a file as the body, with progress, and with an Idempotency-Key of its own.
  Result<json::object> upload(std::string_view target, const OpenFile& file,
                              std::string_view content_type, std::string_view what);
  // Fetches a body into a private temporary file.
  Result<OpenFile> fetch(std::string_view target,
                         std::uint64_t bytes_max = sync::BundleLimits{}.file_bytes_max);
  // Passes a body of any length on, without finish().
  Result<void> fetch_into(std::string_view target, ByteSink& sink);
  // All pages of a list ({"items", "next_cursor"}), up to `limit` items. `target` may have a query.
  Result<json::array> list(const std::string& target, std::int64_t limit);
  // Each `data:` of an event stream, until `on_data` fails or the daemon stops.
  Result<void> events(std::string_view target, const sync::LineCallback& on_data);

 private:
  Result<sync::HttpResponse> send(sync::HttpRequest request, std::string_view target);
  Result<json::object> send_for_object(sync::HttpRequest request, std::string_view target);
  Error unreachable(const Error& why) const;

  std::filesystem::path socket_;
  std::filesystem::path data_;
  Terminal& terminal_;
  sync::HttpClient client_;
  std::string reason_;
  bool dry_run_ = false;
  Progress* progress_ = nullptr;
  std::function<void()> while_waiting_;
  bool named_;
};

// A problem document as the Error it was; Errc::internal for an answer that is none.
Error error_of_problem(int status, std::string_view body);

}  // namespace skerry::daemon
