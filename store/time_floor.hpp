// What is known of the time across runs.
#pragma once

#include <optional>

#include "core/hlc.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

// The latest stamp of central's that this machine ever observed (ChangeLog::observe), if any.
std::optional<HlcStamp> read_time_floor(Connection& connection);

}  // namespace skerry::store
