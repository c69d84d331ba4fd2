#include "store/own_epochs.hpp"

#include <algorithm>

#include "store/prune_log.hpp"

namespace skerry::store {
namespace {

OwnEpoch read_epoch(const Cursor& cursor) {
  OwnEpoch epoch;
  epoch.log = cursor.integer(0);
  epoch.epoch = cursor.id<EpochId>(1);
  if (!cursor.is_null(2))
    epoch.parent = LogPlace{cursor.id<EpochId>(2), cursor.integer(3), cursor.hash(4)};
  if (!cursor.is_null(5)) epoch.previous = cursor.id<EpochId>(5);
  epoch.why = cursor.text(6);
  epoch.started_at = cursor.integer(7);
  epoch.end = cursor.integer(8);
  epoch.acked = cursor.integer(9);
  epoch.durable = cursor.integer(10);
  return epoch;
}

// What is kept of the epoch's rows, up to where they count. Those that were pruned count as well.
void read_ends(Connection& connection, OwnEpoch& epoch) {
  const ChainBegin begin = read_chain_begin(connection, epoch.log);
  Cursor cursor = connection.query(
      "SELECT seq,hash FROM change_log WHERE log=?1 AND seq<=?2 ORDER BY seq DESC LIMIT 1",
      epoch.log, epoch.end);
  if (cursor.next()) {
    epoch.end = cursor.integer(0);
    epoch.end_hash = cursor.hash(1);
  } else {
    epoch.end = std::min(begin.seq, epoch.end);
    if (epoch.end == begin.seq) epoch.end_hash = begin.hash;
  }
  epoch.first = std::min(begin.seq, epoch.end) + 1;
}

}  // namespace

std::vector<OwnEpoch> read_own_epochs(Connection& connection) {
  std::vector<OwnEpoch> epochs;
  {
    Cursor cursor = connection.query(
        "SELECT number,epoch,parent_epoch,parent_seq,parent_hash,previous,coalesce(why,''),"
        "started_at,upto,acked,durable FROM log WHERE purpose='own' ORDER BY number");
    while (cursor.next()) epochs.push_back(read_epoch(cursor));
  }
  for (OwnEpoch& epoch : epochs) read_ends(connection, epoch);
  return epochs;
}

EpochId first_epoch(Connection& connection) {
  Cursor cursor =
      connection.query("SELECT epoch FROM log WHERE purpose='own' ORDER BY number LIMIT 1");
  return cursor.next() ? cursor.id<EpochId>(0) : EpochId{};
}

void write_confirmed(Connection& connection, const OwnEpoch& epoch) {
  connection.execute("UPDATE log SET acked=?2,durable=?3 WHERE number=?1", epoch.log, epoch.acked,
                     epoch.durable);
}

std::optional<Hash> own_hash_at(Connection& connection, std::int64_t log, std::int64_t seq) {
  if (seq == 0) return Hash{};
  Cursor cursor = connection.query(
      "SELECT hash FROM change_log WHERE log=?1 AND seq=?2 UNION ALL "
      "SELECT hash FROM pruned WHERE log=?1 AND seq=?2",
      log, seq);
  if (!cursor.next()) return std::nullopt;
  return cursor.hash(0);
}

PendingRows count_pending(Connection& connection) {
  PendingRows pending;
  for (const OwnEpoch& epoch : read_own_epochs(connection)) {
    if (epoch.pending() == 0) continue;
    pending.rows += epoch.pending();
    if (pending.oldest_at) continue;
    Cursor cursor = connection.query("SELECT recorded_at FROM change_log WHERE log=?1 AND seq=?2",
                                     epoch.log, epoch.acked + 1);
    if (cursor.next()) pending.oldest_at = cursor.integer(0);
  }
  return pending;
}

std::vector<RecordName> records_changed(Connection& connection, std::int64_t log,
                                        std::int64_t after, std::int64_t upto) {
  std::vector<RecordName> records;
  Cursor cursor = connection.query(
      "SELECT DISTINCT kind,record FROM change_log WHERE log=?1 AND seq>?2 AND seq<=?3", log, after,
      upto);
  while (cursor.next()) {
    const Kind* kind = find_kind(cursor.text(0));
    if (kind) records.emplace_back(kind, cursor.id<RecordId>(1));
  }
  return records;
}

// CROSS JOIN keeps the order: without statistics SQLite would begin with the logs, and read every
// pending row of theirs for each record of a bundle.
std::vector<std::string> pending_lines(Connection& connection, const RecordId& record) {
  std::vector<std::string> lines;
  Cursor cursor = connection.query(
      "SELECT c.line FROM change_log c CROSS JOIN log l ON l.number=c.log WHERE c.record=?1 AND "
      "l.purpose='own' AND c.seq>l.acked AND c.seq<=l.upto ORDER BY c.n",
      record);
  while (cursor.next()) lines.emplace_back(cursor.text(0));
  return lines;
}

}  // namespace skerry::store
