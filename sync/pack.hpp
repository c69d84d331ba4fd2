// Packs what is due for the peer into bundles, each complete and within the limits (SYNC 4.5, 4.6).
// Reads in bounded batches, never inside one long read transaction; memory does not depend on how
// much there is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "store/sites.hpp"
#include "sync/node.hpp"

namespace skerry::sync {

struct PackedBundle {
  BundleFile bundle;
  std::string name;  // for a medium: bundle_name.hpp
  Party from;
  Party to;
  std::int64_t first = 0;  // rows up, or positions down
  std::int64_t last = 0;
  std::int64_t lines = 0;
  bool more = false;   // another piece follows
  std::string resume;  // of a snapshot's piece: where the next one begins, for pack_state
};
// Called for each piece as it is finished; an error ends the packing and is returned.
using EmitBundle = std::function<Result<void>(PackedBundle&&)>;

// At a site: its log from `from`, or from the first row central has not confirmed. Always at least
// one bundle: it also reports what the site holds of central. At most `pieces_max`.
Result<void> pack_changes(const Node& node, std::optional<std::int64_t> from,
                          const EmitBundle& emit, std::int64_t pieces_max = INT64_MAX);

// At central: the state `site` lacks since what it last reported; everything in its scope when it
// reported nothing. No bundle when the site holds everything, unless `always`. `resume`: from the
// piece before, when the pieces of a snapshot are packed one at a time; Errc::bad_request for a
// text that is none.
struct PackState {
  bool always = false;
  std::int64_t pieces_max = INT64_MAX;
  std::string resume;
};
Result<void> pack_state(const Node& node, const store::Site& site, const PackState& what,
                        const EmitBundle& emit);

}  // namespace skerry::sync
