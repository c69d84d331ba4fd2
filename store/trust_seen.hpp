// How far trust ever got here: for the change log, which tells the anchor.
#pragma once

#include <cstdint>

#include "store/sqlite/connection.hpp"

namespace skerry::store {

// The newest generation that was ever in force here: later than the newest that is held, where the
// database was put back to before it and the anchor knows better (SYNC 4.8).
std::int64_t trust_seen(Connection& connection);

}  // namespace skerry::store
