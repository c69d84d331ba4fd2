// Rows of its own log that a machine finds out it does not have any more (SYNC H22).
#pragma once

#include "core/strict_json.hpp"
#include "store/change_log.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

// Inside a write job: noted for status and doctor, and as the member "lost" of an event's facts.
void declare_lost(store::Connection& connection, const store::ChangeLog& log, const LostRows& lost,
                  json::object& facts);

}  // namespace skerry::sync
