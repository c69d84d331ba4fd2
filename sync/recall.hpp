// At the start of a machine: does the database remember all that this machine did? What the anchor
// says is held against it; a site that lost memory begins a new epoch, central a new life; and a
// generation of trust that was in force stays the least that is believed.
#pragma once

#include <optional>

#include "store/anchor.hpp"
#include "sync/node.hpp"

namespace skerry::sync {

// What is known when a machine starts.
struct AnchorKnowledge {
  std::optional<store::Anchor> anchor;
  bool expected = false;  // this database was anchored before
  SiteId site;
  EpochId origin;                      // where its log began
  bool knows_epoch = false;            // the anchor's epoch is one of its own
  std::optional<Hash> hash_at_anchor;  // its own hash at the anchor's row
  store::MachinePrint machine;         // where it runs now
};

enum class AnchorVerdict : std::uint8_t {
  fits,
  first,    // nothing was ever written
  ahead,    // the database is an older one, or another branch
  absent,   // the database was put back or copied without it
  moved,    // to another machine
  foreign,  // it belongs to another machine's database
};
AnchorVerdict judge_anchor(const AnchorKnowledge& known);

// Judges and acts, before the first write of anybody else. What began, for the log of the program:
// empty when nothing did. Errors as of check_anchor().
Result<std::string> recall(const Node& node, const store::AnchorFile& file,
                           const store::MachinePrint& machine);

// Of a database that is there, or is to be put there: Errc::bad_config for the anchor of another
// machine.
Result<void> check_anchor(store::Connection& connection, const store::Anchor& anchor);

// Of a database that was put back: the next recall() begins an epoch or a life whatever the anchor
// says; at a site it is `next`. Rows that the anchor knows of are lost, unless it was `harmless`.
void mark_restored(store::Connection& connection, const EpochId& next, bool harmless);

}  // namespace skerry::sync
