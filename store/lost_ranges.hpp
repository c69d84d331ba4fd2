// Rows of a site's log that the site lost, by a restore or because they were pruned, and how far
// central has them all the same. What neither has is lost for good, and said so on both sides
// (SYNC H22).
#pragma once

#include <optional>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "store/change_log.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

struct LostRange {
  EpochId epoch;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t found = 0;  // central has the rows up to here
  UnixMillis noticed_at = 0;
  bool told = false;                            // at a site: of central's own log, as central says
  std::optional<UnixMillis> acknowledged_at{};  // somebody here has seen to it

  // What nobody has: from here to `last`; behind `last` when there is nothing.
  std::int64_t missing_from() const { return found < first ? first : found + 1; }
  bool is_missing() const { return missing_from() <= last; }
};

// A range that begins at the same row grows, and has to be seen to again then; `found` is as known
// before, or as given.
void note_lost(Connection& connection, const LostRange& range);
// At a site: all that central has lost of its own log, in place of what it said before.
void note_told(Connection& connection, const std::vector<LostRange>& ranges);
// Central has the epoch's rows up to `n`, and no more.
void note_found(Connection& connection, const EpochId& epoch, std::int64_t n);
// Whether the row is of a range that the log's machine said it lost, found since or not.
bool is_in_lost_range(Connection& connection, const EpochId& epoch, std::int64_t seq);
// The oldest notice first; those of which something is missing.
std::vector<LostRange> list_lost(Connection& connection);
std::vector<LostRange> list_missing(Connection& connection);

// Part of a write job: nobody here waits for the rows any more. Returns what was not acknowledged
// before; the log has it as an event.
std::vector<LostRange> acknowledge_lost(Connection& connection, ChangeLog& log,
                                        const Author& author);

}  // namespace skerry::store
