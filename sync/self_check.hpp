// Before an import is committed, what it wrote is read back and compared with what the bundle said
// (SYNC 4.9). What does not agree is a defect of this program, or of the disk: nothing is taken in.
#pragma once

#include "store/sites.hpp"
#include "sync/take_changes.hpp"

namespace skerry::sync {

// Inside the write job, behind all that it does. Errc::internal names what reads back otherwise.

// At a site: every record as the lines give it, or later; gone, or later; and the position.
Result<void> check_state_taken(store::Connection& connection, const StateBody& body,
                               const LineSource& lines);

// At central: every row in the ledger under its hash, the end of the epoch, and each field that an
// applied row wrote, or later.
Result<void> check_changes_taken(store::Connection& connection, const EpochId& epoch,
                                 const ChangesBody& body, const LineSource& lines);

}  // namespace skerry::sync
