// A time that there may be none of, as the API shows it.
#pragma once

#include <optional>

#include "core/strict_json.hpp"
#include "core/timestamp.hpp"

namespace skerry::api {

inline json::value time_or_null(const std::optional<UnixMillis>& time) {
  return time ? json::value(format_timestamp(*time)) : json::value();
}

}  // namespace skerry::api
