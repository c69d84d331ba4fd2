// The request target (RFC 9112 section 3.2, RFC 3986), read strictly: one spelling, one meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry::api {

struct QueryParameter {
  std::string name;
  std::string value;
};

// Errc::bad_request unless the value is true or false.
Result<bool> read_flag(const QueryParameter& parameter);

// "/v1/customers/017?expand=notes&x=" → segments {"v1","customers","017"}, parameters
// {{expand,notes},{x,}}.
struct Target {
  // False when there is no such parameter; Errc::bad_request unless it is true or false.
  Result<bool> flag(std::string_view name) const;

  std::vector<std::string> segments;  // decoded; "/" alone has none, "/a/" ends in an empty one
  std::vector<QueryParameter> query;  // decoded, in order, duplicates kept

  void clear() {
    segments.clear();
    query.clear();
  }
};

struct TargetLimits {
  std::size_t segments_max = 16;
  std::size_t parameters_max = 64;
};

// Origin form only: "/path?query". Refused with Errc::bad_request, naming the byte: characters
// outside RFC 3986 (a fragment too), percent-encoding other than two hexadecimal digits, decoded
// control bytes (NUL, 0x01–0x1F, 0x7F), decoded text that is not UTF-8, "." and ".." segments, a
// parameter without a name. In the query "+" is a space, as URLSearchParams and HTML forms write
// it; send "%2B" for a plus.
Result<void> parse_target(std::string_view text, Target& target, TargetLimits limits = {});

}  // namespace skerry::api
