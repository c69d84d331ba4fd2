#include "api/handlers/author.hpp"

namespace skerry::api {

store::Author author_of(const Request& request) {
  const Principal& principal = *request.principal;
  const bool token = principal.kind == Principal::Kind::token;
  const std::string_view claimed = request.header("X-Skerry-Source");
  const bool known = claimed == "cli" || claimed == "console" || claimed == "import";
  return {token ? "token:" + principal.name : principal.id, std::string(known ? claimed : "api"),
          request.id};
}

}  // namespace skerry::api
