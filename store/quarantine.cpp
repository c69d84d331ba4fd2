#include "store/quarantine.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace skerry::store {

ChangeUid uid_of_hash(const Hash& hash) {
  ChangeUid uid;
  std::copy_n(hash.begin(), uid.bytes.size(), uid.bytes.begin());
  return uid;
}

bool quarantine(Connection& connection, const Site& site, const QuarantinedRow& row,
                UnixMillis now) {
  return connection.execute(
             "INSERT INTO quarantine(site,epoch,seq,hash,uid,line,received_at) "
             "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(epoch,seq,hash) DO NOTHING",
             site.number, row.epoch, row.seq, row.hash, row.uid, std::string_view(row.line),
             now) > 0;
}

std::vector<QuarantinedRow> list_quarantined(Connection& connection, const Site& site,
                                             std::optional<std::int64_t> epoch) {
  std::vector<QuarantinedRow> rows;
  Cursor cursor = connection.query(
      "SELECT number,epoch,seq,hash,uid,line FROM quarantine WHERE site=?1 AND "
      "(?2 IS NULL OR epoch=?2) ORDER BY epoch,seq,number",
      site.number, epoch);
  while (cursor.next())
    rows.push_back({cursor.integer(0), cursor.integer(1), cursor.integer(2), cursor.hash(3),
                    cursor.id<ChangeUid>(4), std::string(cursor.text(5))});
  return rows;
}

std::int64_t count_quarantined(Connection& connection, const Site& site,
                               std::optional<std::int64_t> epoch) {
  Cursor cursor =
      connection.query("SELECT count(*) FROM quarantine WHERE site=?1 AND (?2 IS NULL OR epoch=?2)",
                       site.number, epoch);
  return cursor.next() ? cursor.integer(0) : 0;
}

void release_quarantined(Connection& connection, const Site& site, const ChangeUid& uid) {
  connection.execute("DELETE FROM quarantine WHERE site=?1 AND uid=?2", site.number, uid);
}

std::optional<IssuedRow> find_issued(Connection& connection, const Site& site,
                                     const ChangeUid& uid) {
  Cursor cursor = connection.query(
      "SELECT i.epoch,i.seq,i.disposition,i.detail FROM ingest i JOIN site_epoch e ON "
      "e.number=i.epoch WHERE coalesce(i.uid,substr(i.hash,1,16))=?1 AND e.site=?2 "
      "ORDER BY i.disposition='held',i.epoch,i.seq LIMIT 1",
      uid, site.number);
  if (!cursor.next()) return std::nullopt;
  const auto disposition = parse_disposition(cursor.text(2));
  SKERRY_CHECK(disposition.has_value());
  return IssuedRow{cursor.integer(0), cursor.integer(1), *disposition, std::string(cursor.text(3))};
}

}  // namespace skerry::store
