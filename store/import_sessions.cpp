#include "store/import_sessions.hpp"

namespace skerry::store {
namespace {

KeptImport read_import(const Cursor& cursor) {
  return {cursor.id<RecordId>(0), std::string(cursor.text(1)), std::string(cursor.text(2)),
          cursor.integer(3), std::string(cursor.text(4))};
}

}  // namespace

void keep_import(Connection& connection, const KeptImport& import) {
  connection.execute(
      "INSERT INTO import_session(id,kind,state,created_at,summary) VALUES(?1,?2,?3,?4,?5)",
      import.id, import.kind, import.state, import.created_at, import.summary);
  connection.execute(
      "DELETE FROM import_session WHERE id IN (SELECT id FROM import_session "
      "ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?1)",
      kept_imports_max);
}

void update_import(Connection& connection, const RecordId& id, std::string_view state,
                   std::string_view summary) {
  connection.execute("UPDATE import_session SET state=?2,summary=?3 WHERE id=?1", id, state,
                     summary);
}

std::optional<KeptImport> find_import(Connection& connection, const RecordId& id) {
  Cursor cursor = connection.query(
      "SELECT id,kind,state,created_at,summary FROM import_session WHERE id=?1", id);
  if (!cursor.next()) return std::nullopt;
  return read_import(cursor);
}

std::vector<KeptImport> list_imports(Connection& connection) {
  std::vector<KeptImport> imports;
  Cursor cursor = connection.query(
      "SELECT id,kind,state,created_at,summary FROM import_session "
      "ORDER BY created_at DESC, id DESC");
  while (cursor.next()) imports.push_back(read_import(cursor));
  return imports;
}

}  // namespace skerry::store
