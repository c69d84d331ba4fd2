// What differs on a server that speaks another program's protocol instead of the API.
#pragma once

#include <optional>
#include <string_view>

#include "api/problem.hpp"

namespace skerry::api {

struct Dialect {
  // How what no handler answers is told, and what a handler refuses by an Error.
  Response (*refusal)(const Error& error, std::string_view request_id) = &problem;
  // What a request target is answered with before a route is looked for, if anything.
  std::optional<Response> (*at_once)(std::string_view target) = nullptr;
  // Its clients know no tokens and no cookies, and there is no HEAD, OPTIONS or Allow.
  bool is_bare = false;
};

}  // namespace skerry::api
