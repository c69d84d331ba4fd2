#include "store/backups.hpp"

namespace skerry::store {
namespace {

constexpr const char* columns =
    "id,file,created_at,bytes,sha256,rows,verified_at,checked_at,failure";

Backup read_backup(const Cursor& cursor) {
  Backup backup;
  backup.id = cursor.id<BackupId>(0);
  backup.file = cursor.text(1);
  backup.created_at = cursor.integer(2);
  backup.bytes = cursor.integer(3);
  backup.sha256 = cursor.hash(4);
  backup.rows = cursor.integer(5);
  if (!cursor.is_null(6)) backup.verified_at = cursor.integer(6);
  backup.checked_at = cursor.integer(7);
  backup.failure = cursor.text(8);
  return backup;
}

std::optional<Backup> first(Cursor cursor) {
  if (!cursor.next()) return std::nullopt;
  return read_backup(cursor);
}

std::string select(std::string_view rest) {
  return std::string("SELECT ").append(columns).append(" FROM backup ").append(rest);
}

}  // namespace

void write_backup(Connection& connection, const Backup& backup) {
  const auto failure =
      backup.failure.empty() ? std::nullopt : std::optional<std::string_view>(backup.failure);
  connection.execute(
      "INSERT INTO backup(id,file,created_at,bytes,sha256,rows,verified_at,checked_at,failure) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT(id) DO UPDATE SET file=excluded.file,"
      "bytes=excluded.bytes,sha256=excluded.sha256,"
      "verified_at=coalesce(excluded.verified_at,verified_at),checked_at=excluded.checked_at,"
      "failure=excluded.failure",
      backup.id, std::string_view(backup.file), backup.created_at, backup.bytes, backup.sha256,
      backup.rows, backup.verified_at, backup.checked_at, failure);
  connection.execute(
      "DELETE FROM backup WHERE number<=(SELECT max(number) FROM backup)-?1 AND number<>coalesce("
      "(SELECT number FROM backup WHERE failure IS NULL ORDER BY created_at DESC LIMIT 1),0)",
      backups_max);
}

std::vector<Backup> list_backups(Connection& connection, std::int64_t limit) {
  static const std::string sql = select("WHERE number>0 ORDER BY number DESC LIMIT ?1");
  std::vector<Backup> backups;
  Cursor cursor = connection.query(sql, limit);
  while (cursor.next()) backups.push_back(read_backup(cursor));
  return backups;
}

std::optional<Backup> find_backup(Connection& connection, const BackupId& id) {
  static const std::string sql = select("WHERE id=?1");
  return first(connection.query(sql, id));
}

std::optional<Backup> find_backup_at(Connection& connection, std::string_view file) {
  static const std::string sql = select("WHERE file=?1 ORDER BY number DESC LIMIT 1");
  return first(connection.query(sql, file));
}

std::optional<Backup> last_good_backup(Connection& connection, UnixMillis now) {
  static const std::string sql =
      select("WHERE failure IS NULL AND created_at<=?1 ORDER BY created_at DESC LIMIT 1");
  return first(connection.query(sql, now));
}

bool raise_durable(Connection& connection, const DurableHead& head) {
  Cursor found = connection.query(
      "SELECT e.number FROM site_epoch e JOIN ingest i ON i.epoch=e.number "
      "WHERE e.epoch=?1 AND i.seq=?2 AND i.hash=?3",
      head.epoch, head.head, head.hash);
  if (!found.next()) return false;
  connection.execute("UPDATE site_epoch SET durable=max(durable,?2) WHERE number=?1",
                     found.integer(0), head.head);
  return true;
}

std::vector<DurableHead> read_durable_heads(Connection& connection) {
  std::vector<DurableHead> heads;
  Cursor cursor =
      connection.query("SELECT epoch,head,head_hash FROM site_epoch WHERE head>0 ORDER BY epoch");
  while (cursor.next()) heads.push_back({cursor.id<EpochId>(0), cursor.integer(1), cursor.hash(2)});
  return heads;
}

}  // namespace skerry::store
