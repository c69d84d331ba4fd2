#include "api/http_types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "core/text.hpp"

namespace skerry::api {
namespace {

struct AccessName {
  Access access;
  std::string_view name;
};
constexpr std::array access_names{
    AccessName{Access::open, "open"},   AccessName{Access::any, "any"},
    AccessName{Access::read, "read"},   AccessName{Access::log, "log"},
    AccessName{Access::move, "move"},   AccessName{Access::write, "write"},
    AccessName{Access::seats, "seats"}, AccessName{Access::exchange, "exchange"},
    AccessName{Access::admin, "admin"},
};

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

// How much an Accept header wants a media type that it names; 0 when it does not, or does not want
// it (RFC 9110 section 12.5.1).
double weight_of(std::string_view accept, std::string_view type) {
  while (!accept.empty()) {
    const std::string_view item = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(item.size() + 1, accept.size()));
    if (trim_blanks(item.substr(0, item.find(';'))) != type) continue;
    double weight = 1;
    if (const std::size_t at = item.find("q="); at != std::string_view::npos)
      std::from_chars(item.data() + at + 2, item.data() + item.size(), weight);
    return weight;
  }
  return 0;
}

}  // namespace

std::string_view to_string(Method method) {
  constexpr std::array<std::string_view, 5> names{"GET", "POST", "PUT", "PATCH", "DELETE"};
  return names[static_cast<std::size_t>(method)];
}

std::string_view to_string(Access access) {
  return access_names[static_cast<std::size_t>(access)].name;
}

std::optional<Access> parse_access(std::string_view text) {
  for (const AccessName& entry : access_names)
    if (entry.name == text) return entry.access;
  return std::nullopt;
}

bool Principal::may(Access access) const {
  if (access == Access::open) return true;
  if (kind == Kind::anonymous) return false;
  if (access == Access::move && may(Access::write)) return true;
  return access == Access::any || (scopes_ & (bit(access) | bit(Access::admin))) != 0;
}

std::string_view Request::param(std::string_view name) const {
  for (const auto& [key, value] : params)
    if (key == name) return value;
  SKERRY_CHECK(false && "the route has no such parameter");
  return {};
}

std::optional<std::string_view> Request::query(std::string_view name) const {
  for (const QueryParameter& parameter : target.query)
    if (parameter.name == name) return parameter.value;
  return std::nullopt;
}

Result<void> Request::allow_queries(std::initializer_list<std::string_view> names) const {
  for (const QueryParameter& parameter : target.query) {
    if (std::find(names.begin(), names.end(), parameter.name) != names.end()) continue;
    return fail(Errc::bad_request,
                fmt::format("the query parameter \"{}\" is not known here", parameter.name),
                names.size() == 0 ? std::string("this address takes none")
                                  : fmt::format("known here: {}", fmt::join(names, ", ")));
  }
  return {};
}

Result<void> Request::allow_repeated(std::initializer_list<std::string_view> names) const {
  for (auto one = target.query.begin(); one != target.query.end(); ++one) {
    const bool repeated = std::any_of(target.query.begin(), one, [&](const QueryParameter& before) {
      return before.name == one->name;
    });
    if (repeated && std::find(names.begin(), names.end(), one->name) == names.end())
      return fail(Errc::bad_request,
                  fmt::format("the query parameter \"{}\" stands twice", one->name));
  }
  return {};
}

std::string_view Request::header(std::string_view name) const {
  const auto found = headers->find({name.data(), name.size()});
  if (found == headers->end()) return {};
  const auto value = found->value();
  return {value.data(), value.size()};
}

bool Request::prefers_to_json(std::string_view type) const {
  const std::string accept = ascii_lower(header("Accept"));
  const double wanted = weight_of(accept, type);
  return wanted > 0 && wanted >= std::max(weight_of(accept, "application/json"),
                                          weight_of(accept, "application/problem+json"));
}

Result<json::object> Request::json_body() const {
  return parse_json_object(body, {.fractions = true});
}

std::string to_event(std::string_view id, std::string_view event, std::string_view data) {
  std::string text;
  text.reserve(id.size() + event.size() + data.size() + 32);
  if (!id.empty()) text.append("id: ").append(id).append("\n");
  if (!event.empty()) text.append("event: ").append(event).append("\n");
  while (true) {
    const std::size_t end = data.find('\n');
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  text.push_back('\n');
  return text;
}

Response& Response::header(std::string_view name, std::string_view value) {
  SKERRY_CHECK(is_field_value(value));
  headers.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

Response Response::json(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

Response Response::json(unsigned status, const json::value& value) {
  return json(status, boost::json::serialize(value));
}

Response Response::text(unsigned status, std::string text) {
  Response response = json(status, std::move(text));
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

Response Response::empty(unsigned status) {
  Response response;
  response.status = status;
  response.content_type = {};
  return response;
}

Response Response::file(Descriptor file, std::uint64_t size, std::string_view content_type) {
  Response response;
  response.content_type = content_type;
  response.body = FileBody{std::move(file), 0, size};
  return response;
}

Response Response::stream(std::unique_ptr<BodyStream> stream, std::string_view content_type) {
  Response response;
  response.content_type = content_type;
  response.body = std::move(stream);
  return response;
}

Response Response::events(std::unique_ptr<EventStream> stream) {
  Response response;
  response.content_type = "text/event-stream";
  response.body = std::move(stream);
  return response;
}

}  // namespace skerry::api
