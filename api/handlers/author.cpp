#include "api/handlers/author.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace skerry::api {
namespace {

constexpr std::string_view reason_header = "Skerry-Reason";

// The command line speaks over the Unix socket only; a program with a token is no command line,
// whatever it says.
std::string_view source_of(const Request& request, bool local) {
  const std::string_view claimed = request.header("X-Skerry-Source");
  if (claimed == "console" || (claimed == "cli" && local)) return claimed;
  return "api";
}

}  // namespace

Result<void> check_reason(const Request& request) {
  const std::string_view reason = request.header(reason_header);
  if (reason.empty()) return {};
  if (!is_utf8(reason) || has_control_characters(reason))
    return fail(Errc::bad_request, fmt::format("{} must be text in UTF-8", reason_header));
  if (count_characters(reason) > reason_characters_max)
    return fail(Errc::bad_request,
                fmt::format("{} is at most {} characters", reason_header, reason_characters_max));
  return {};
}

store::Author author_of(const Request& request) {
  const Principal& principal = *request.principal;
  const bool token = principal.kind == Principal::Kind::token;
  const bool local = principal.kind == Principal::Kind::local;
  store::Author author{token ? "token:" + principal.name : principal.id,
                       std::string(source_of(request, local)), request.id};
  author.reason = request.header(reason_header);
  if (local) author.actor_name = principal.name;
  author.customers = principal.customers;
  return author;
}

}  // namespace skerry::api
