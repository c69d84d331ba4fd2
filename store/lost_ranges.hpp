// Rows of a site's log that the site lost, by a restore or because they were pruned, and how far
// central has them all the same. What neither has is lost for good, and said so on both sides
// (SYNC H22).
#pragma once

#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct LostRange {
  EpochId epoch;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t found = 0;  // central has the rows up to here
  UnixMillis noticed_at = 0;

  // What nobody has: from here to `last`; behind `last` when there is nothing.
  std::int64_t missing_from() const { return found < first ? first : found + 1; }
  bool is_missing() const { return missing_from() <= last; }
};

// A range that begins at the same row grows; `found` is as known before, or as given.
void note_lost(Connection& connection, const LostRange& range);
// Central has the epoch's rows up to `n`, and no more.
void note_found(Connection& connection, const EpochId& epoch, std::int64_t n);
// The oldest notice first.
std::vector<LostRange> list_lost(Connection& connection);

// In table meta of a site: what central lost of its own log, as lost_ranges_json() of
// sync/positions.hpp.
inline constexpr std::string_view meta_lost_at_central = "lost_at_central";

}  // namespace skerry::store
