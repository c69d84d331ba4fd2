// What the manifests of the two streams say beyond the common members (SYNC 4.5): who stands where.
// A position is always (life, n, hash at n) or (epoch, seq, hash at seq), never a bare number.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/strict_json.hpp"
#include "store/upstream.hpp"

namespace skerry::sync {

using store::CentralLife;

// A position in central's log. n = 0: before its first row.
struct DownPosition {
  CentralLife life;
  std::int64_t n = 0;
  Hash hash{};
  bool operator==(const DownPosition&) const = default;
};

// kind "changes", up: rows first…last of one epoch of the site's log.
struct ChangesBody {
  std::int64_t first = 0;  // first > last: no rows, only the report of `down`
  std::int64_t last = 0;
  Hash prev_hash{};  // at first − 1
  Hash last_hash{};
  std::int64_t head =
      0;  // the site's last row when this was packed: last < head means more follows
  std::optional<DownPosition> down;  // what the site holds of central; absent: nothing
};
json::object to_json(const ChangesBody& body);
Result<ChangesBody> read_changes_body(const json::object& extra);

// kinds "state" and "snapshot", down.
struct StateBody {
  DownPosition base;  // a snapshot has n = 0
  DownPosition upto;
  std::vector<std::pair<std::int64_t, Hash>>
      waypoints;  // every position packed for the site since base
  struct Ack {
    EpochId epoch;
    std::int64_t n = 0;  // rows up to here are decided, and the decisions are within `upto`
    Hash hash{};
    std::int64_t durable = 0;
  };
  std::optional<Ack> ack;  // absent until the site has sent a row
  std::int64_t part = 1;   // pieces of one pack; the ack rides in the last
  bool last_part = true;
  Hash series{};  // the same in all pieces of one packing, and in no other: random
};
json::object to_json(const StateBody& body);
Result<StateBody> read_state_body(const json::object& extra);

}  // namespace skerry::sync
