// Packs what is due for the peer into bundles, each complete and within the limits (SYNC 4.5, 4.6).
// Reads in bounded batches, never inside one long read transaction; memory does not depend on how
// much there is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/sites.hpp"
#include "sync/node.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

struct PackedBundle {
  BundleFile bundle;
  std::string name;  // for a medium: bundle_name.hpp
  Party from;
  Party to;
  std::int64_t first = 0;  // rows up, or positions down
  std::int64_t last = 0;
  std::int64_t lines = 0;
  bool more = false;        // another piece follows
  std::string resume;       // of a snapshot's piece: where the next one begins, for pack_state
  std::int64_t passed = 0;  // of pack_changes: `last`, or behind it where rows are withheld
};
// Called for each piece as it is finished; an error ends the packing and is returned.
using EmitBundle = std::function<Result<void>(PackedBundle&&)>;

// At a site: of each epoch of its log the rows that central has not confirmed, older epochs first.
// Always at least one bundle, of the epoch that is written now: it also reports what the site holds
// of central. A copy hands over every row it has. Where the database was put back to before the
// newest generation of trust (store::trust_seen), central's keys that it knows may be revoked
// since: the bundles go without rows, and ask for what is missing. Errc::bad_input for a `from`
// behind the end.
struct PackChanges {
  std::optional<std::int64_t> from;  // of the epoch that is written now: from this row on
  std::int64_t pieces_max = INT64_MAX;
  // Of a machine that is about to be put back from a backup: the epoch it will write then.
  std::optional<EpochId> goes_on_in{};
  // … and up to where the backup has each epoch. What central only confirmed goes again from there
  // on, but for what is durable: central may be put back as well.
  std::vector<LogPlace> in_backup{};
  std::vector<LogPlace> sent;  // on their way already, up to each; the hashes are not looked at
};
Result<void> pack_changes(const Node& node, const PackChanges& what, const EmitBundle& emit);

// At central: the state `site` lacks since what it last reported; everything in its scope when it
// reported nothing. No bundle when the site holds everything, unless `always`, or once a day for
// the digest and for what is durable. `resume`: from the piece before, when the pieces of a
// snapshot are packed one at a time; Errc::bad_request for a text that is none. `from`: as if the
// site had reported the row before it; 1 is everything, and Errc::bad_input one behind the end of
// central's log. `acks_only`: no state, only what central holds of the site's log: for a copy,
// which is to learn that it is one. Where a copy of the site was heard of, or the site seems to be
// put back, there is always a bundle.
struct PackState {
  bool always = false;
  std::optional<std::int64_t> from{};
  bool acks_only = false;
  std::int64_t pieces_max = INT64_MAX;
  std::string resume;
};
Result<void> pack_state(const Node& node, const store::Site& site, const PackState& what,
                        const EmitBundle& emit);

}  // namespace skerry::sync
