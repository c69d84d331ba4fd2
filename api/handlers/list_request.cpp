#include "api/handlers/list_request.hpp"

#include <charconv>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "store/list_records.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::api {
namespace {

// RFC 3986 section 2.3: what may stand in a query as it is.
void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
}

std::string next_target(const Request& request, std::string_view cursor) {
  std::string target;
  for (const std::string& segment : request.target.segments) {
    target += '/';
    append_encoded(target, segment);
  }
  target += "?";
  for (const QueryParameter& parameter : request.queries()) {
    if (parameter.name == "cursor") continue;
    append_encoded(target, parameter.name);
    target += '=';
    append_encoded(target, parameter.value);
    target += '&';
  }
  target += "cursor=";
  append_encoded(target, cursor);
  return target;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<int> read_limit(const Request& request, int fallback) {
  const auto text = request.query("limit");
  if (!text) return fallback;
  const auto number = parse_number(*text);
  if (!number || *number < 1 || *number > store::list_limit_max)
    return fail(Errc::bad_request,
                fmt::format("limit must be a number from 1 to {}", store::list_limit_max));
  return static_cast<int>(*number);
}

Result<std::vector<std::string>> words_in(std::string_view text) {
  auto words = store::search_index::words_of(text);
  if (!words.empty()) return words;
  return fail(Errc::bad_request, "q names no word", "leave q out, or say what words begin with");
}

Result<std::optional<std::int64_t>> read_number(const Request& request, std::string_view name) {
  const auto text = request.query(name);
  if (!text) return std::nullopt;
  const auto number = parse_number(*text);
  if (!number) return fail(Errc::bad_request, fmt::format("{} must be a number from 0 on", name));
  return number;
}

Result<std::optional<UnixMillis>> read_time(const Request& request, std::string_view name) {
  const auto text = request.query(name);
  if (!text) return std::nullopt;
  const auto time = parse_moment(*text);
  if (!time)
    return fail(Errc::bad_request,
                fmt::format("{} must be a time such as 2026-03-02T10:11:12Z, or a day", name));
  return time;
}

Result<std::optional<std::string>> read_cursor(const Context& context, const Request& request) {
  const auto text = request.query("cursor");
  if (!text) return std::nullopt;
  SKERRY_TRY(std::string position, context.cursors.decode(*text, list_binding(request)));
  return std::optional<std::string>(std::move(position));
}

Response list_answer(const Context& context, const Request& request, std::string items,
                     const std::optional<std::string>& position, std::string_view more) {
  std::string body = "{\"items\":[" + std::move(items);
  body.append("]").append(more);
  if (!position) {
    body += ",\"next_cursor\":null}";
    return Response::json(200, std::move(body));
  }
  const std::string cursor = context.cursors.encode(*position, list_binding(request));
  body += ",\"next_cursor\":\"" + cursor + "\"}";
  Response response = Response::json(200, std::move(body));
  response.header("Link", fmt::format("<{}>; rel=\"next\"", next_target(request, cursor)));
  return response;
}

}  // namespace skerry::api
