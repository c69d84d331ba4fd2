// At a site: a new epoch of its log (SYNC 4.1), after a restore, a fork, a move to another machine
// or an administrator's word. Rows that central has not in this line are issued again with their
// uid, so that each counts once.
#pragma once

#include <optional>

#include "core/random.hpp"
#include "store/change_log.hpp"
#include "sync/engine.hpp"

namespace skerry::sync {

// Inside a write job. `renewal` is about store::read_own_epochs(). `previous`: the epoch this
// machine knows it was in, when that is not the one that is written. `id`: of the new one, where it
// was announced.
void renew_epoch(store::Connection& connection, store::ChangeLog& log, Random& random,
                 const Renewal& renewal, std::optional<EpochId> previous = std::nullopt,
                 std::optional<EpochId> id = std::nullopt);

// The line of a row that is issued again: the bytes as they were, and who it is.
std::string reissued_line(std::string_view line, const Hash& hash);

}  // namespace skerry::sync
