// At a site: its own log, epoch behind epoch (SYNC 4.1). Together they are one line of rows: each
// epoch goes on where its parent ended, and what was written behind that end is issued again in a
// later epoch. What counts as pending is every row of that line which central has not decided.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/kinds/kinds.hpp"
#include "store/change_log.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

// One epoch of the own log. Rows behind `end` do not count: they were issued again.
struct OwnEpoch {
  std::int64_t log = 0;  // number in table `log`
  EpochId epoch;
  std::optional<LogPlace> parent;   // absent: it shares nothing with an earlier one
  std::optional<EpochId> previous;  // the epoch the machine was in before; absent: none
  std::string why;                  // empty for the first
  UnixMillis started_at = 0;
  std::int64_t first = 1;  // the oldest row that is kept
  std::int64_t end = 0;
  Hash end_hash{};
  std::int64_t acked = 0;    // central has decided the rows up to here
  std::int64_t durable = 0;  // … and they are in a verified backup of central's

  std::int64_t pending() const { return end > acked ? end - acked : 0; }
};

// The oldest first; the last is the one that is written. At central: its lives.
std::vector<OwnEpoch> read_own_epochs(Connection& connection);
// Made by `init`, and the same as long as the machine's history goes on, whatever its keys: tells
// one machine from another. Zero where no log was begun.
EpochId first_epoch(Connection& connection);
void write_confirmed(Connection& connection, const OwnEpoch& epoch);
// The chain's hash at a row, also at the last that was pruned; zero before the first, nullopt where
// there is no such row.
std::optional<Hash> own_hash_at(Connection& connection, std::int64_t log, std::int64_t seq);

// Rows of the line that central has not decided.
struct PendingRows {
  std::int64_t rows = 0;
  std::optional<UnixMillis> oldest_at;
};
PendingRows count_pending(Connection& connection);

using RecordName = std::pair<const Kind*, RecordId>;
// Records with rows in (after, upto] of one epoch, each once, with their kinds.
std::vector<RecordName> records_changed(Connection& connection, std::int64_t log,
                                        std::int64_t after, std::int64_t upto);
// The pending rows of one record, in order: what is replayed over its shadow.
std::vector<std::string> pending_lines(Connection& connection, const RecordId& record);

}  // namespace skerry::store
