#include "store/upstream.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace skerry::store {

std::optional<Upstream> read_upstream(Connection& connection) {
  Cursor cursor = connection.query(
      "SELECT ce_ord,ce_nonce,n,hash,contact_at,copy_since,compared,differs FROM upstream");
  if (!cursor.next()) return std::nullopt;
  Upstream upstream;
  upstream.life.ord = cursor.integer(0);
  const ByteView nonce = cursor.blob(1);
  std::copy_n(nonce.begin(), std::min(nonce.size(), upstream.life.nonce.size()),
              upstream.life.nonce.begin());
  upstream.n = cursor.integer(2);
  upstream.hash = cursor.hash(3);
  upstream.contact_at = cursor.integer(4);
  if (!cursor.is_null(5)) upstream.copy_since = cursor.integer(5);
  upstream.compared = cursor.integer(6);
  upstream.differs = cursor.integer(7) != 0;
  return upstream;
}

std::string copy_remedy(std::string_view site) {
  return fmt::format("skerry site reauthorise {} (or adopt, or discard)", site);
}

void write_upstream(Connection& connection, const Upstream& upstream) {
  connection.execute(
      "INSERT INTO upstream(one,ce_ord,ce_nonce,n,hash,contact_at,copy_since,compared,differs) "
      "VALUES(1,?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(one) DO UPDATE SET ce_ord=excluded.ce_ord,"
      "ce_nonce=excluded.ce_nonce,n=excluded.n,hash=excluded.hash,"
      "contact_at=excluded.contact_at,copy_since=excluded.copy_since,"
      "compared=excluded.compared,differs=excluded.differs",
      upstream.life.ord, ByteView(upstream.life.nonce), upstream.n, upstream.hash,
      upstream.contact_at, upstream.copy_since, upstream.compared, upstream.differs);
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

}  // namespace skerry::store
