#include "store/upstream.hpp"

#include <algorithm>

#include "core/kinds/kinds.hpp"

namespace skerry::store {

std::optional<Upstream> read_upstream(Connection& connection) {
  Cursor cursor =
      connection.query("SELECT ce_ord,ce_nonce,n,hash,acked,durable,contact_at FROM upstream");
  if (!cursor.next()) return std::nullopt;
  Upstream upstream;
  upstream.life.ord = cursor.integer(0);
  const ByteView nonce = cursor.blob(1);
  std::copy_n(nonce.begin(), std::min(nonce.size(), upstream.life.nonce.size()),
              upstream.life.nonce.begin());
  upstream.n = cursor.integer(2);
  upstream.hash = cursor.hash(3);
  upstream.acked = cursor.integer(4);
  upstream.durable = cursor.integer(5);
  upstream.contact_at = cursor.integer(6);
  return upstream;
}

void write_upstream(Connection& connection, const Upstream& upstream) {
  connection.execute(
      "INSERT INTO upstream(one,ce_ord,ce_nonce,n,hash,acked,durable,contact_at) "
      "VALUES(1,?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(one) DO UPDATE SET "
      "ce_ord=excluded.ce_ord,ce_nonce=excluded.ce_nonce,n=excluded.n,hash=excluded.hash,"
      "acked=excluded.acked,durable=excluded.durable,contact_at=excluded.contact_at",
      upstream.life.ord, ByteView(upstream.life.nonce), upstream.n, upstream.hash, upstream.acked,
      upstream.durable, upstream.contact_at);
}

void write_row_result(Connection& connection, std::int64_t log, const RowResult& result) {
  connection.execute(
      "INSERT INTO row_result(log,seq,disposition,detail) VALUES(?1,?2,?3,?4) "
      "ON CONFLICT(log,seq) DO UPDATE SET disposition=excluded.disposition,detail=excluded.detail",
      log, result.seq, to_text(result.disposition), result.detail);
}

std::optional<RowResult> find_row_result(Connection& connection, std::int64_t log,
                                         std::int64_t seq) {
  Cursor cursor = connection.query(
      "SELECT disposition,detail FROM row_result WHERE log=?1 AND seq=?2", log, seq);
  if (!cursor.next()) return std::nullopt;
  return RowResult{seq, parse_disposition(cursor.text(0)).value_or(Disposition::applied),
                   std::string(cursor.text(1))};
}

std::vector<std::pair<const Kind*, RecordId>> records_changed(Connection& connection,
                                                              std::int64_t log, std::int64_t after,
                                                              std::int64_t upto) {
  std::vector<std::pair<const Kind*, RecordId>> records;
  Cursor cursor = connection.query(
      "SELECT DISTINCT kind,record FROM change_log WHERE log=?1 AND seq>?2 AND seq<=?3", log, after,
      upto);
  while (cursor.next()) {
    const Kind* kind = find_kind(cursor.text(0));
    if (kind) records.emplace_back(kind, cursor.id<RecordId>(1));
  }
  return records;
}

// "+0" keeps the query off the index of (log, seq): without statistics SQLite prefers it to that
// of the record, and reads every pending row of the log for each record of a bundle.
std::vector<std::string> pending_lines(Connection& connection, std::int64_t log,
                                       const RecordId& record, std::int64_t after) {
  std::vector<std::string> lines;
  Cursor cursor = connection.query(
      "SELECT line FROM change_log WHERE record=?1 AND log+0=?2 AND seq+0>?3 ORDER BY n", record,
      log, after);
  while (cursor.next()) lines.emplace_back(cursor.text(0));
  return lines;
}

}  // namespace skerry::store
