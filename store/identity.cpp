#include "store/identity.hpp"

namespace skerry::store {

std::optional<std::string> read_meta(Connection& connection, std::string_view key) {
  Cursor cursor = connection.query("SELECT value FROM meta WHERE key=?1", key);
  if (!cursor.next()) return std::nullopt;
  return std::string(cursor.text(0));
}

void write_meta(Connection& connection, std::string_view key, std::string_view value) {
  connection.execute(
      "INSERT INTO meta(key,value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET "
      "value=excluded.value",
      key, value);
}

std::optional<Identity> read_identity(Connection& connection) {
  const auto role_text = read_meta(connection, "role");
  if (!role_text) return std::nullopt;
  const auto role = parse_role(*role_text);
  const auto id = parse_id<SiteId>(read_meta(connection, "id").value_or(""));
  if (!role || !id)
    throw StorageError(Errc::database_damaged, "the identity in table meta is damaged");
  return Identity{*role, *id, read_meta(connection, "name").value_or("")};
}

void write_identity(Connection& connection, const Identity& identity) {
  const std::string id = to_string(identity.id);
  write_meta(connection, "role", to_text(identity.role));
  write_meta(connection, "id", id);
  write_meta(connection, "name", identity.name);
}

}  // namespace skerry::store
