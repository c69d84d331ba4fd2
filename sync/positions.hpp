// What the manifests of the two streams say beyond the common members (SYNC 4.5): who stands where.
// A position is always (life, n, hash at n) or (epoch, seq, hash at seq), never a bare number.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/strict_json.hpp"
#include "store/change_log.hpp"
#include "store/lost_ranges.hpp"
#include "store/sites.hpp"
#include "store/upstream.hpp"

namespace skerry::sync {

using store::CentralLife;
using store::LogPlace;

// A position in central's log. n = 0: before its first row.
struct DownPosition {
  CentralLife life;
  std::int64_t n = 0;
  Hash hash{};
  bool operator==(const DownPosition&) const = default;
};

// Rows of its own log that a site does not have any more.
struct LostRows {
  EpochId epoch;
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool operator==(const LostRows&) const = default;
};
inline constexpr std::size_t lost_rows_max = 64;

// kind "changes", up: rows first…last of one epoch of the site's log. Older epochs of which central
// lacks rows have bundles of their own.
struct ChangesBody {
  std::int64_t first = 0;  // first > last: no rows, only the report of `down`
  std::int64_t last = 0;
  Hash prev_hash{};  // at first − 1
  Hash last_hash{};
  // The epoch's last row when this was packed: last < head means that more follows.
  std::int64_t head = 0;
  std::optional<EpochId> current;   // the epoch the site writes now; absent: this one
  std::optional<EpochId> previous;  // the epoch the machine was in before this one
  // The row this epoch goes on behind; 0: it shares none. Absent: it is the first.
  std::optional<LogPlace> parent;
  std::optional<DownPosition> down;  // what the site holds of central; absent: nothing
  // Whether it held at position `n` of that life what central held then; absent: never compared.
  struct Compared {
    std::int64_t n = 0;
    bool same = true;
    bool operator==(const Compared&) const = default;
  };
  std::optional<Compared> compared;
  std::vector<LostRows> lost;
  // By the bundle's kind, handover: the sender was told that it is a copy.
  bool by_copy = false;
};
json::object to_json(const ChangesBody& body);
Result<ChangesBody> read_changes_body(const json::object& extra);

// What an epoch of a site is to central.
enum class Standing : std::uint8_t {
  active,      // the one the site is to write
  past,        // it was, or its rows are of the active one's past
  fenced,      // a copy writes it
  authorised,  // a copy writes it, and may go on as the site in a new epoch
};
std::string_view to_text(Standing standing);
Standing standing_of(const store::Site& site, const store::SiteEpoch& epoch);

// How far central took an epoch in: rows up to `n` are decided, within the position of the bundle.
struct Ack {
  EpochId epoch;
  std::int64_t n = 0;
  Hash hash{};
  std::int64_t durable = 0;
  Standing standing = Standing::active;
  std::optional<std::int64_t> fork;  // behind this row the site sent another branch
  bool operator==(const Ack&) const = default;
};
inline constexpr std::size_t acks_max = 512;
// nullptr when there is none about the epoch.
const Ack* find_ack(const std::vector<Ack>& acks, const EpochId& epoch);

// kinds "state" and "snapshot", down.
struct StateBody {
  DownPosition base;  // a snapshot has n = 0
  DownPosition upto;
  // The last row of central's log that any line may know: one that was written while the bundle was
  // packed may be in it, as a whole, and comes again with the next.
  std::int64_t newest = 0;
  std::vector<std::pair<std::int64_t, Hash>>
      waypoints;  // every position packed for the site since base
  // What central holds of each epoch of the site's log; in the last piece only.
  std::vector<Ack> acks;
  std::int64_t part = 1;  // pieces of one pack
  bool last_part = true;
  Hash series{};  // the same in all pieces of one packing, and in no other: random
  std::optional<Hash>
      digest;  // of all that the site sees at `upto` (sync/digest.hpp), now and then
  // Of central's own log, put back since; in the last piece only.
  std::vector<store::LostRange> lost;
};
json::array lost_ranges_json(const std::vector<store::LostRange>& lost);
json::object to_json(const StateBody& body);
Result<StateBody> read_state_body(const json::object& extra);

}  // namespace skerry::sync
