#include "store/tombstone.hpp"

namespace skerry::store {

std::optional<Tombstone> find_tombstone(Connection& connection, const RecordId& record) {
  Cursor cursor = connection.query(
      "SELECT kind,scope_customer,scope_place,ord,version FROM tombstone WHERE record=?1", record);
  if (!cursor.next()) return std::nullopt;
  return Tombstone{record,
                   find_kind(cursor.text(0)),
                   {cursor.id<RecordId>(1), cursor.id<RecordId>(2)},
                   Version{cursor.integer(3), cursor.integer(4)}};
}

void write_tombstone(Connection& connection, const Tombstone& tombstone, UnixMillis now) {
  connection.execute(
      "INSERT INTO tombstone(record,kind,scope_customer,scope_place,ord,version,deleted_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(record) DO UPDATE SET "
      "ord=excluded.ord,version=excluded.version",
      tombstone.record, tombstone.kind->name, tombstone.scope.customer, tombstone.scope.place,
      tombstone.version.ord, tombstone.version.n, now);
}

void erase_tombstone(Connection& connection, const RecordId& record) {
  connection.execute("DELETE FROM tombstone WHERE record=?1", record);
}

}  // namespace skerry::store
