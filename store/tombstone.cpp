#include "store/tombstone.hpp"

namespace skerry::store {

std::optional<Tombstone> find_tombstone(Connection& connection, const RecordId& record) {
  Cursor cursor = connection.query(
      "SELECT kind,scope_customer,ord,version FROM tombstone WHERE record=?1", record);
  if (!cursor.next()) return std::nullopt;
  return Tombstone{record, find_kind(cursor.text(0)), cursor.id<RecordId>(1),
                   Version{cursor.integer(2), cursor.integer(3)}};
}

void write_tombstone(Connection& connection, const Tombstone& tombstone, UnixMillis now) {
  connection.execute(
      "INSERT INTO tombstone(record,kind,scope_customer,ord,version,deleted_at) "
      "VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(record) DO UPDATE SET "
      "ord=excluded.ord,version=excluded.version",
      tombstone.record, tombstone.kind->name, tombstone.scope_customer, tombstone.version.ord,
      tombstone.version.n, now);
}

void erase_tombstone(Connection& connection, const RecordId& record) {
  connection.execute("DELETE FROM tombstone WHERE record=?1", record);
}

}  // namespace skerry::store
