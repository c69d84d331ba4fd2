// At central: a new life (SYNC 4.1), after it lost memory. Its log goes on where it stands; every
// site gets its whole state again, and sends again what this life does not have.
#pragma once

#include <optional>
#include <string_view>

#include "core/random.hpp"
#include "store/change_log.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

// Inside a write job. `known_ord`: of the latest life anybody spoke of. `why`: sync/engine.hpp.
// `lost`: rows of its log that it knows it does not have any more.
void begin_life(store::Connection& connection, store::ChangeLog& log, Random& random,
                std::int64_t known_ord, std::string_view why, const std::optional<LostRows>& lost);

}  // namespace skerry::sync
