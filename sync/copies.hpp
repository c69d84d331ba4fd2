// At central: what becomes of a copy of a site, and of the rows that were kept of it (SYNC H3,
// H28). A machine that was put back as a whole cannot be told from a clone: a person decides.
#pragma once

#include <string_view>

#include "store/write_records.hpp"
#include "sync/node.hpp"
#include "sync/row_taker.hpp"

namespace skerry::sync {

struct SettledCopy {
  store::Site site;
  EpochId epoch;        // of the copy; zero when it is about all of them
  TakenCounts counts;   // of the rows
  EpochId withdrawn{};  // of the copy that was to go on as the site, and does not; else zero
};

// `epoch`: the beginning of the id of the one the copy writes; empty: the one heard of last. Each:
// Errc::wrong_role at a site.

// The copy goes on as the site: it is told so with the next bundle, and begins a new epoch; who
// writes the site now is a copy from then on. Without `epoch`, where a life of central began by the
// site's word (tellers_of_lives): that only, it was right and is believed again; the epoch is zero
// then. Errors: Errc::not_found (there is neither).
Result<SettledCopy> reauthorise_copy(const Node& node, const SiteId& site, std::string_view epoch,
                                     const store::Author& author);

// The rows in quarantine, of the epoch or of all, are taken in as the site's, or refused for good;
// that there was a copy is not said any more until it is heard of again. One whose rows are refused
// does not go on as the site, if it was to. Errors: Errc::not_found (there are neither rows nor
// copies).
Result<SettledCopy> adopt_rows(const Node& node, const SiteId& site, std::string_view epoch,
                               const store::Author& author);
Result<SettledCopy> discard_rows(const Node& node, const SiteId& site, std::string_view epoch,
                                 const store::Author& author);

}  // namespace skerry::sync
