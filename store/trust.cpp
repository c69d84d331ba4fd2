#include "store/trust.hpp"

#include "store/identity.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view seen_key = "trust_seen";
constexpr std::string_view known_key = "new_key_known";  // number of the last that central has

std::int64_t last_known_key(Connection& connection) {
  Cursor cursor =
      connection.query("SELECT CAST(value AS INTEGER) FROM meta WHERE key=?1", known_key);
  return cursor.next() ? cursor.integer(0) : 0;
}

TrustGeneration read(Cursor& cursor) {
  return {cursor.integer(0), std::string(cursor.text(1)), cursor.integer(2)};
}

}  // namespace

std::optional<TrustGeneration> newest_trust(Connection& connection) {
  Cursor cursor = connection.query(
      "SELECT generation,signed,adopted_at FROM trust "
      "WHERE generation=(SELECT max(generation) FROM trust)");
  if (!cursor.next()) return std::nullopt;
  return read(cursor);
}

std::vector<TrustGeneration> trust_after(Connection& connection, std::int64_t generation,
                                         std::size_t bytes_max) {
  std::vector<TrustGeneration> found;
  Cursor cursor = connection.query(
      "SELECT generation,signed,adopted_at FROM trust WHERE generation>?1 ORDER BY generation",
      generation);
  for (std::size_t bytes = 0; cursor.next();) {
    bytes += cursor.text(1).size();
    if (bytes > bytes_max) break;
    found.push_back(read(cursor));
  }
  return found;
}

void insert_trust(Connection& connection, ChangeLog& log, const TrustGeneration& generation) {
  connection.execute("INSERT INTO trust(generation,signed,adopted_at) VALUES(?1,?2,?3)",
                     generation.generation, generation.text, generation.adopted_at);
  log.set_trust_seen(trust_seen(connection));
}

void forget_trust(Connection& connection, ChangeLog& log) {
  connection.execute("DELETE FROM trust");
  connection.execute("DELETE FROM meta WHERE key=?1", seen_key);
  log.set_trust_seen(0);
}

std::int64_t trust_seen(Connection& connection) {
  Cursor cursor = connection.query(
      "SELECT max(coalesce((SELECT max(generation) FROM trust),0),"
      "coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key=?1),0))",
      seen_key);
  return cursor.next() ? cursor.integer(0) : 0;
}

void note_trust_seen(Connection& connection, ChangeLog& log, std::int64_t generation) {
  write_meta(connection, seen_key, std::to_string(generation));
  log.set_trust_seen(trust_seen(connection));
}

std::int64_t trust_of_site(Connection& connection, std::int64_t site) {
  Cursor cursor = connection.query("SELECT generation FROM site_trust WHERE site=?1", site);
  return cursor.next() ? cursor.integer(0) : 0;
}

void note_trust_of_site(Connection& connection, std::int64_t site, std::int64_t generation) {
  connection.execute(
      "INSERT INTO site_trust(site,generation) VALUES(?1,?2) "
      "ON CONFLICT(site) DO UPDATE SET generation=excluded.generation",
      site, generation);
}

std::int64_t count_sites_behind(Connection& connection, std::int64_t generation) {
  Cursor cursor = connection.query(
      "SELECT count(*) FROM site s LEFT JOIN site_trust t ON t.site=s.row "
      "WHERE s.status='active' AND coalesce(t.generation,0)<?1",
      generation);
  return cursor.next() ? cursor.integer(0) : 0;
}

void note_former_key(Connection& connection, std::int64_t site, std::string_view key) {
  connection.execute("INSERT OR IGNORE INTO former_key(site,key) VALUES(?1,?2)", site, key);
}

bool is_former_key(Connection& connection, std::int64_t site, std::string_view key) {
  return connection.query("SELECT 1 FROM former_key WHERE site=?1 AND key=?2", site, key).next();
}

void add_new_key(Connection& connection, std::string_view key, std::string_view text) {
  connection.execute("INSERT INTO new_key(key,signed) VALUES(?1,?2)", key, text);
}

std::vector<std::string> list_new_keys(Connection& connection) {
  std::vector<std::string> texts;
  Cursor cursor = connection.query("SELECT signed FROM new_key WHERE number>?1 ORDER BY number",
                                   last_known_key(connection));
  while (cursor.next()) texts.emplace_back(cursor.text(0));
  return texts;
}

std::vector<std::string> list_last_keys(Connection& connection, std::size_t count) {
  std::vector<std::string> texts;
  Cursor cursor = connection.query(
      "SELECT signed FROM (SELECT number,signed FROM new_key ORDER BY number DESC LIMIT ?1) "
      "ORDER BY number",
      static_cast<std::int64_t>(count));
  while (cursor.next()) texts.emplace_back(cursor.text(0));
  return texts;
}

void confirm_new_key(Connection& connection, std::string_view key) {
  std::int64_t number = 0;
  {
    Cursor cursor = connection.query("SELECT number FROM new_key WHERE key=?1", key);
    if (cursor.next()) number = cursor.integer(0);
  }
  if (number > last_known_key(connection))
    write_meta(connection, known_key, std::to_string(number));
}

}  // namespace skerry::store
