// At central: a new life (SYNC 4.1), after it lost memory. Its log goes on where it stands; every
// site gets its whole state again, and sends again what this life does not have.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/random.hpp"
#include "store/change_log.hpp"
#include "store/write_records.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

// Inside a write job. `known_ord`: of the latest life anybody spoke of. `why`: sync/engine.hpp.
// `lost`: rows of its log that it knows it does not have any more. `told_by`: the site that said
// so.
void begin_life(store::Connection& connection, store::ChangeLog& log, Random& random,
                std::int64_t known_ord, std::string_view why, const std::optional<LostRows>& lost,
                const std::optional<SiteId>& told_by = {});

// The sites by whose word alone a life began, and when, as long as nobody has said that central was
// put back then. None of them is believed again: what it says cannot be checked, costs every other
// site a reset, and could be said with each bundle by whoever has its keys.
std::map<SiteId, UnixMillis> tellers_of_lives(store::Connection& connection);
// What is printed where one of them is not believed.
std::string remedy_of_teller(const std::string& site);
// A person says so.
void note_believed(store::Connection& connection, store::ChangeLog& log, const SiteId& site,
                   const store::Author& author);

}  // namespace skerry::sync
