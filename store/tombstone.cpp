#include "store/tombstone.hpp"

#include "store/shadow.hpp"

namespace skerry::store {

std::optional<Tombstone> find_tombstone(Connection& connection, const RecordId& record) {
  Cursor cursor = connection.query(
      "SELECT kind,scope_customer,scope_place,ord,version,doc FROM tombstone WHERE record=?1",
      record);
  if (!cursor.next()) return std::nullopt;
  return Tombstone{record,
                   find_kind(cursor.text(0)),
                   {cursor.id<RecordId>(1), cursor.id<RecordId>(2)},
                   Version{cursor.integer(3), cursor.integer(4)},
                   std::string(cursor.text(5))};
}

Tombstone tombstone_of(const Record& record, Version version) {
  return {record.id, record.kind, record.scope, version, to_doc(record)};
}

std::optional<Record> record_of(const Tombstone& tombstone) {
  if (!tombstone.kind || tombstone.doc.empty()) return std::nullopt;
  return from_doc(*tombstone.kind, tombstone.record, tombstone.doc);
}

void write_tombstone(Connection& connection, const Tombstone& tombstone, UnixMillis now) {
  connection.execute(
      "INSERT INTO tombstone(record,kind,scope_customer,scope_place,ord,version,deleted_at,doc) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(record) DO UPDATE SET "
      "ord=excluded.ord,version=excluded.version,"
      "doc=CASE WHEN excluded.doc='' THEN tombstone.doc ELSE excluded.doc END",
      tombstone.record, tombstone.kind->name, tombstone.scope.customer, tombstone.scope.place,
      tombstone.version.ord, tombstone.version.n, now, std::string_view(tombstone.doc));
}

void erase_tombstone(Connection& connection, const RecordId& record) {
  connection.execute("DELETE FROM tombstone WHERE record=?1", record);
}

}  // namespace skerry::store
