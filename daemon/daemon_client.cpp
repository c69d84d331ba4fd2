#include "daemon/daemon_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/problem.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/file.hpp"
#include "crypto/secret.hpp"
#include "sync/bundle_limits.hpp"

namespace skerry::daemon {
namespace {

constexpr std::uint64_t answer_bytes_max = 64 * sync::mebibyte;

std::string text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Each command is a request of its own.
std::string random_key() {
  std::array<std::uint8_t, 16> bytes{};
  crypto::SystemRandom().fill(bytes);
  return to_hex(bytes);
}

// Whatever an argument held: a shell may give any bytes.
Result<void> check_typed(std::string_view text) {
  if (is_utf8(text)) return {};
  return fail(Errc::usage, "an argument, or what is in a file that it names, is not text in UTF-8",
              "set the terminal to UTF-8, and type it again, or name another file");
}

Result<std::string> body_of(const json::object& object) {
  std::string text = to_json_text(object);
  SKERRY_TRY_VOID(check_typed(text));
  return text;
}

sync::HttpOptions socket_options(const std::filesystem::path& socket, Progress*& progress,
                                 const std::function<void()>& while_waiting) {
  sync::HttpOptions options;
  options.unix_socket = socket;
  options.stall_timeout = std::chrono::hours(24);  // a verification may compute for long
  options.progress = [&](const sync::HttpProgress& at) {
    if (progress != nullptr) progress->at(at.sent, at.send_total);
    if (while_waiting) while_waiting();
    return true;
  };
  return options;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  if (!is_utf8(text)) return std::string(text);
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Query& Query::add(std::string_view name, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += percent_encoded(name);
  text_ += '=';
  text_ += percent_encoded(value);
  return *this;
}

Result<OpenFile> open_input(const std::filesystem::path& file) {
  OpenFile opened;
  opened.file = sync::FileHandle(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.file.is_open()) {
    if (crypto::names_nothing(errno))
      return fail(Errc::bad_input, fmt::format("there is no file {}", file.string()),
                  "check the path");
    Error error = sync::system_error(errno, fmt::format("opening {}", file.string()));
    if (error.next.empty()) error.next = "run it as a user who may read it";
    return fail(std::move(error));
  }
  struct stat status {};
  if (::fstat(opened.file.fd(), &status) != 0)
    return fail(sync::system_error(errno, fmt::format("looking at {}", file.string())));
  if (S_ISDIR(status.st_mode))
    return fail(Errc::bad_input, fmt::format("{} is a folder; a file is needed", file.string()),
                "name a file in it");
  if (!S_ISREG(status.st_mode))
    return fail(Errc::bad_input, fmt::format("{} is not a regular file", file.string()),
                "copy it to a file first");
  opened.size = static_cast<std::uint64_t>(status.st_size);
  return opened;
}

Error as_input(Error error) {
  if (error.code == Errc::not_found) error.code = Errc::bad_input;
  return error;
}

Error error_of_problem(int status, std::string_view body) {
  const auto problem = parse_json_object(body, {.fractions = true});
  const ErrcInfo* entry = problem ? find_errc(text_member(*problem, "code")) : nullptr;
  if (entry == nullptr)
    return Error(Errc::internal, fmt::format("the daemon answered {} without saying why", status),
                 "see the daemon's log");
  Error error(entry->code, text_member(*problem, "detail"), text_member(*problem, "next"));
  if (error.detail.empty()) error.detail = text_member(*problem, "title");
  // Whoever typed a command sees neither the request nor its answer.
  if (error.next == api::see_docs) error.next = "--help after the command says what it takes";
  if (error.next == api::see_errors) error.next = "correct this, and run the command again";
  if (const json::value* list = problem->if_contains("errors"); list && list->is_array())
    for (const json::value& one : list->get_array())
      if (const json::object* object = one.if_object())
        error.errors.push_back({text_member(*object, "pointer"), text_member(*object, "code"),
                                text_member(*object, "detail")});
  return error;
}

DaemonClient::DaemonClient(const Config& config, Terminal& terminal, Talk talk)
    : socket_(config.socket()),
      data_(config.data()),
      terminal_(terminal),
      client_(socket_options(socket_, progress_, while_waiting_)),
      named_(talk == Talk::none) {}

Error DaemonClient::unreachable(const Error& why) const {
  std::error_code seen;
  const bool there = std::filesystem::exists(socket_, seen);
  if (seen == std::errc::permission_denied || (there && ::access(socket_.c_str(), W_OK) != 0))
    return Error(Errc::forbidden, fmt::format("this user may not reach {}", socket_.string()),
                 "run this as root, as the daemon's user, or as one of listen.trusted_uids");
  if (!there)
    return Error(Errc::unreachable, fmt::format("no daemon runs at {}", socket_.string()),
                 fmt::format("skerry serve --data {}, or name another folder with --data",
                             shell_word(data_.string())));
  return Error(Errc::unreachable,
               fmt::format("the daemon at {} does not answer: {}", socket_.string(), why.detail),
               fmt::format("skerry serve --data {}, or run this as root or the daemon's user",
                           shell_word(data_.string())));
}

Result<sync::HttpResponse> DaemonClient::send(sync::HttpRequest request, std::string_view target) {
  SKERRY_TRY_VOID(check_typed(target));
  if (!named_) terminal_.talk("skerry at {}", socket_.string());
  named_ = true;
  request.url = "http://skerry" + std::string(target);
  if (dry_run_ && request.method != "GET")
    request.url += target.find('?') == std::string_view::npos ? "?dry_run=true" : "&dry_run=true";
  request.headers.push_back({"X-Skerry-Source", "cli"});
  if (!reason_.empty()) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (std::any_of(reason_.begin(), reason_.end(), is_control))
      return fail(Errc::usage, "a reason is one line of text");
    SKERRY_TRY_VOID(check_typed(reason_));
    request.headers.push_back({"Skerry-Reason", reason_});
  }
  if (request.body_bytes_max < answer_bytes_max) request.body_bytes_max = answer_bytes_max;
  auto response = client_.request(request);
  if (!response && response.error().code == Errc::unreachable)
    return fail(unreachable(response.error()));
  if (!response) return response;
  if (!response->ok()) return fail(error_of_problem(response->status, response->body));
  return response;
}

Result<json::object> DaemonClient::send_for_object(sync::HttpRequest request,
                                                   std::string_view target) {
  SKERRY_TRY(const auto response, send(std::move(request), target));
  if (response.body.empty()) return json::object{};
  return parse_json_object(response.body, {.fractions = true});
}

Result<json::value> DaemonClient::get(std::string_view target) {
  SKERRY_TRY(const auto response, send({}, target));
  return parse_json(response.body, {.fractions = true});
}

Result<json::object> DaemonClient::get_object(std::string_view target) {
  return send_for_object({}, target);
}

Result<json::object> DaemonClient::post(std::string_view target, const json::object& body) {
  sync::HttpRequest request;
  request.method = "POST";
  request.headers.push_back({"Content-Type", "application/json"});
  SKERRY_TRY(request.body, body_of(body));
  return send_for_object(std::move(request), target);
}

Result<json::object> DaemonClient::patch(std::string_view target, const json::object& body,
                                         std::int64_t revision) {
  sync::HttpRequest request;
  request.method = "PATCH";
  request.headers.push_back({"Content-Type", "application/merge-patch+json"});
  request.headers.push_back({"If-Match", fmt::format("\"{}\"", revision)});
  SKERRY_TRY(request.body, body_of(body));
  return send_for_object(std::move(request), target);
}

Result<json::object> DaemonClient::post_empty(std::string_view target) {
  sync::HttpRequest request;
  request.method = "POST";
  return send_for_object(std::move(request), target);
}

Result<void> DaemonClient::remove(std::string_view target) {
  sync::HttpRequest request;
  request.method = "DELETE";
  SKERRY_TRY_VOID(send(std::move(request), target));
  return {};
}

Result<json::object> DaemonClient::upload(std::string_view target, const OpenFile& file,
                                          std::string_view content_type, std::string_view what) {
  sync::HttpRequest request;
  request.method = "POST";
  request.headers.push_back({"Content-Type", std::string(content_type)});
  request.headers.push_back({"Idempotency-Key", random_key()});
  request.body = sync::HttpFile{file.file.fd(), file.size, 0};
  Progress progress(terminal_, what);
  progress_ = &progress;
  auto answer = send_for_object(std::move(request), target);
  progress_ = nullptr;
  return answer;
}

Result<OpenFile> DaemonClient::fetch(std::string_view target, std::uint64_t bytes_max) {
  OpenFile fetched;
  SKERRY_TRY(fetched.file, sync::make_private_file(std::filesystem::temp_directory_path()));
  sync::FileSink sink(fetched.file.fd(), bytes_max);
  sync::HttpRequest request;
  request.sink = &sink;
  SKERRY_TRY_VOID(send(std::move(request), target));
  fetched.size = sink.bytes();
  fetched.sha256 = sink.hash();
  return fetched;
}

Result<void> DaemonClient::fetch_into(std::string_view target, ByteSink& sink) {
  sync::HttpRequest request;
  request.sink = &sink;
  SKERRY_TRY_VOID(send(std::move(request), target));
  return {};
}

Result<json::array> DaemonClient::list(const std::string& target, std::int64_t limit) {
  constexpr std::int64_t page_max = 200;
  json::array all;
  std::string cursor;
  const char* joint = target.find('?') == std::string::npos ? "?" : "&";
  while (static_cast<std::int64_t>(all.size()) < limit) {
    const std::int64_t missing = limit - static_cast<std::int64_t>(all.size());
    std::string page = fmt::format("{}{}limit={}", target, joint, std::min(missing, page_max));
    if (!cursor.empty()) page += "&cursor=" + percent_encoded(cursor);
    SKERRY_TRY(auto answer, get_object(page));
    json::value* items = answer.if_contains("items");
    if (items == nullptr || !items->is_array()) break;
    for (json::value& item : items->get_array()) all.push_back(std::move(item));
    cursor = text_member(answer, "next_cursor");
    if (cursor.empty()) break;
  }
  return all;
}

Result<void> DaemonClient::events(std::string_view target, const sync::LineCallback& on_data) {
  SKERRY_TRY_VOID(check_typed(target));
  sync::HttpRequest request;
  request.url = "http://skerry" + std::string(target);
  request.headers.push_back({"Accept", "text/event-stream"});
  const auto on_line = [&](std::string_view line, std::uint64_t number) -> Result<void> {
    if (!line.starts_with("data: ")) return {};
    return on_data(line.substr(6), number);
  };
  auto response = client_.stream_lines(std::move(request), on_line);
  if (!response && response.error().code == Errc::unreachable)
    return fail(unreachable(response.error()));
  SKERRY_TRY_VOID(std::move(response));
  if (!response->ok()) return fail(error_of_problem(response->status, response->body));
  return {};
}

}  // namespace skerry::daemon
