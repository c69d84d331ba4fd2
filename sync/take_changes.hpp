// At central: takes one "changes" or "handover" bundle in, in one transaction.
#pragma once

#include "core/random.hpp"
#include "store/change_log.hpp"
#include "store/sites.hpp"
#include "sync/positions.hpp"
#include "sync/read_rows.hpp"
#include "sync/row_taker.hpp"

namespace skerry::sync {

struct TakenChanges {
  TakenCounts counts;
  bool new_life = false;              // central had lost memory
  bool activated = false;             // the site goes on in this epoch
  bool copy = false;                  // the sender is a copy
  bool behind = false;                // late, or of a machine that was put back
  bool rows_taken = false;            // all of the bundle's are decided, now or before
  std::optional<Error> rows_refused;  // why no row was looked at, when the rest had an effect
};

// What is known of a file when it comes. One that came before says nothing of where its sender
// stands now.
enum class Met : std::uint8_t { never, refused, taken };

// Inside a write job at central. `site` is the authenticated sender, with what it reports in
// `body`. Errors roll the job back: Errc::bundle_gap, Errc::wrong_history, Errc::corrupt_bundle.
Result<TakenChanges> take_changes(store::Connection& connection, store::ChangeLog& log,
                                  Random& random, store::Site site, const EpochId& epoch,
                                  const ChangesBody& body, const LineSource& lines,
                                  Met met = Met::never);

// Whether central took in the bundle's last row as the bundle has it, and so all before it.
bool holds_rows(store::Connection& connection, const SiteId& sender, const EpochId& epoch,
                const ChangesBody& body);

}  // namespace skerry::sync
