#include "store/inbox.hpp"

namespace skerry::store {

void write_inbox(Connection& connection, const InboxEntry& entry) {
  connection.execute(
      "INSERT INTO inbox(sha256,name,kind,sender,outcome,detail,received_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7)",
      entry.sha256, entry.name, entry.kind, entry.sender, entry.outcome, entry.detail,
      entry.received_at);
}

std::vector<InboxEntry> list_inbox(Connection& connection, std::int64_t limit) {
  std::vector<InboxEntry> entries;
  Cursor cursor = connection.query(
      "SELECT sha256,name,kind,sender,outcome,detail,received_at FROM inbox ORDER BY number DESC "
      "LIMIT ?1",
      limit);
  while (cursor.next()) {
    InboxEntry entry;
    entry.sha256 = cursor.hash(0);
    entry.name = cursor.text(1);
    entry.kind = cursor.text(2);
    if (!cursor.is_null(3)) entry.sender = cursor.id<SiteId>(3);
    entry.outcome = cursor.text(4);
    entry.detail = cursor.text(5);
    entry.received_at = cursor.integer(6);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace skerry::store
