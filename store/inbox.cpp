#include "store/inbox.hpp"

#include <string>

namespace skerry::store {
namespace {

constexpr std::int64_t rows_between_purges = 64;  // a purge may read the whole table
constexpr std::string_view from_strangers =
    "sender IS NULL AND open_door=?2 AND outcome NOT IN ('applied','duplicate','waiting')";

bool is_refused_stranger(const InboxEntry& entry) {
  return !entry.sender && entry.outcome != "applied" && entry.outcome != "duplicate" &&
         entry.outcome != "waiting";
}

void purge_refused_strangers(Connection& connection, bool open_door) {
  static const std::string sql = "DELETE FROM inbox WHERE " + std::string(from_strangers) +
                                 " AND number<=(SELECT number FROM inbox WHERE " +
                                 std::string(from_strangers) +
                                 " ORDER BY number DESC LIMIT 1 OFFSET ?1)";
  connection.execute(sql, refused_strangers_max, open_door);
}

}  // namespace

void write_inbox(Connection& connection, const InboxEntry& entry) {
  const bool stranger = is_refused_stranger(entry);
  if (stranger) {
    static const std::string repeats =
        "DELETE FROM inbox WHERE sha256=?1 AND " + std::string(from_strangers);
    connection.execute(repeats, entry.sha256, entry.open_door);
  }
  connection.execute(
      "INSERT INTO inbox(sha256,name,kind,sender,outcome,detail,received_at,open_door) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
      entry.sha256, entry.name, entry.kind, entry.sender, entry.outcome, entry.detail,
      entry.received_at, entry.open_door);
  if (!stranger || connection.last_insert_rowid() % rows_between_purges != 0) return;
  for (const bool open_door : {false, true}) purge_refused_strangers(connection, open_door);
}

bool was_taken(Connection& connection, const Hash& sha256) {
  return connection
      .query(
          "SELECT 1 FROM inbox WHERE sha256=?1 AND outcome IN ('applied','duplicate',"
          "'quarantined')",
          sha256)
      .next();
}

bool was_met(Connection& connection, const Hash& sha256) {
  return connection.query("SELECT 1 FROM inbox WHERE sha256=?1", sha256).next();
}

std::vector<UnreadFile> list_unread(Connection& connection) {
  std::vector<UnreadFile> files;
  Cursor cursor = connection.query(
      "SELECT sha256,name FROM inbox WHERE outcome='unsupported_version' GROUP BY sha256 "
      "ORDER BY min(number)");
  while (cursor.next()) files.push_back({cursor.hash(0), std::string(cursor.text(1))});
  return files;
}

std::vector<InboxEntry> list_inbox(Connection& connection, std::int64_t limit,
                                   std::int64_t before) {
  std::vector<InboxEntry> entries;
  Cursor cursor = connection.query(
      "SELECT sha256,name,kind,sender,outcome,detail,received_at,number FROM inbox "
      "WHERE number<?2 ORDER BY number DESC LIMIT ?1",
      limit, before);
  while (cursor.next()) {
    InboxEntry entry;
    entry.sha256 = cursor.hash(0);
    entry.name = cursor.text(1);
    entry.kind = cursor.text(2);
    if (!cursor.is_null(3)) entry.sender = cursor.id<SiteId>(3);
    entry.outcome = cursor.text(4);
    entry.detail = cursor.text(5);
    entry.received_at = cursor.integer(6);
    entry.number = cursor.integer(7);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace skerry::store
