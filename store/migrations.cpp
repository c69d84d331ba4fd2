#include "store/migrations.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "store/sqlite/backup.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view create_migration_table =
    "CREATE TABLE IF NOT EXISTS migration(version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " sha256 BLOB NOT NULL, applied_at TEXT NOT NULL) STRICT";

constexpr const char* restore_a_backup = "restore a backup: skerry backup restore FILE";

bool has_table(Connection& connection, std::string_view where) {
  Cursor rows =
      connection.query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name GLOB ?", where);
  return rows.next();
}

// Compares what the database says was applied with what we have; returns how many were.
Result<std::size_t> check_applied(Connection& connection, std::span<const Migration> migrations) {
  std::size_t applied = 0;
  Cursor rows = connection.query("SELECT version, name, sha256 FROM migration ORDER BY version");
  for (; rows.next(); ++applied) {
    const std::int64_t version = rows.integer(0);
    if (version > static_cast<std::int64_t>(migrations.size()))
      return fail(Errc::unsupported_version,
                  fmt::format("the database has version {} ({}), this program knows versions up "
                              "to {}",
                              version, rows.text(1), migrations.size()),
                  "install the version of skerry that wrote it, or a newer one");
    if (applied >= migrations.size() || version != migrations[applied].version ||
        rows.hash(2) != crypto::sha256(as_bytes(migrations[applied].sql)))
      return fail(Errc::bad_input,
                  fmt::format("migration {} ({}) in the database is not the one of this program: "
                              "the file was changed by other means",
                              version, rows.text(1)),
                  restore_a_backup);
  }
  return applied;
}

void record(Connection& connection, const Migration& migration) {
  const Hash hash = crypto::sha256(as_bytes(migration.sql));
  const std::string now = format_timestamp(SystemClock().wall_ms());
  connection.execute("INSERT INTO migration(version, name, sha256, applied_at) VALUES(?, ?, ?, ?)",
                     migration.version, migration.name, hash, now);
}

void must_be_sound(Connection& connection) {
  Cursor complaints = connection.statement("PRAGMA quick_check(1)");
  if (complaints.next() && complaints.text(0) != "ok")
    throw StorageError(Errc::io_failed, fmt::format("after the migration: {}", complaints.text(0)),
                       "nothing was changed: the earlier version of skerry goes on with it",
                       StorageError::Of::contents);
}

// Those that the migrations make: each of their statements begins a line.
Result<void> must_have_its_tables(Connection& connection, std::span<const Migration> migrations) {
  for (const Migration& migration : migrations)
    for (std::string_view rest = migration.sql; !rest.empty();) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      constexpr std::string_view create = "CREATE TABLE ", create_virtual = "CREATE VIRTUAL TABLE ";
      if (!line.starts_with(create) && !line.starts_with(create_virtual)) continue;
      line.remove_prefix(line.starts_with(create) ? create.size() : create_virtual.size());
      const std::string_view table = line.substr(0, line.find_first_of("( "));
      if (!has_table(connection, table))
        return fail(
            Errc::bad_input,
            fmt::format("the database has no table {}: the file was changed by other means", table),
            restore_a_backup);
    }
  return {};
}

// All of them or none, so that an upgrade which fails leaves what the earlier version goes on with.
void apply(Connection& connection, std::span<const Migration> migrations) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    for (const Migration& migration : migrations) {
      connection.execute_script(
          std::string(migration.sql),
          fmt::format("migration {} ({})", migration.version, migration.name));
      SKERRY_CHECK(connection.in_transaction());  // a migration has no COMMIT of its own
      record(connection, migration);
    }
    must_be_sound(connection);
    connection.execute("COMMIT");
  } catch (...) {
    if (connection.in_transaction()) connection.execute("ROLLBACK");
    throw;
  }
}

// How many are applied, of a database that fits the list or is new.
Result<std::size_t> applied_of(Connection& connection, std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i)
    SKERRY_CHECK(migrations[i].version == static_cast<int>(i) + 1);
  if (!has_table(connection, "migration") && has_table(connection, "*"))
    return fail(Errc::bad_input, "the database is none of Skerry's",
                fmt::format("use an empty data folder, or {}", restore_a_backup));
  connection.execute(create_migration_table);
  return check_applied(connection, migrations);
}

Result<void> keep_copy(const std::filesystem::path& file, std::size_t version) {
  auto copy = file;
  copy += fmt::format(".schema-{}", version);
  log(Level::notice, "the database is of an earlier version: copying it to {}", copy.string());
  std::error_code error;
  std::filesystem::remove(copy, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("removing {}: {}", copy.string(), error.message()));
  const auto source = Connection::open(file, Connection::Mode::read_only);
  return copy_database(*source, copy, {});
}

}  // namespace

Result<void> migrate(Connection& connection, std::span<const Migration> migrations) {
  SKERRY_TRY(const std::size_t applied, applied_of(connection, migrations));
  if (applied < migrations.size()) apply(connection, migrations.subspan(applied));
  return {};
}

Result<void> upgrade(Connection& connection, const std::filesystem::path& file,
                     std::span<const Migration> migrations) {
  SKERRY_TRY(const std::size_t applied, applied_of(connection, migrations));
  if (applied == migrations.size()) return must_have_its_tables(connection, migrations);
  if (applied > 0) SKERRY_TRY_VOID(keep_copy(file, applied));
  if (applied > 0) log(Level::notice, "migrating from schema {} to {}", applied, migrations.size());
  apply(connection, migrations.subspan(applied));
  return must_have_its_tables(connection, migrations);
}

Result<void> must_be_current(Connection& connection, std::span<const Migration> migrations) {
  SKERRY_TRY(const std::size_t applied, applied_of(connection, migrations));
  if (applied == migrations.size()) return must_have_its_tables(connection, migrations);
  return fail(Errc::unsupported_version,
              fmt::format("the database has version {}, and version {} is needed here", applied,
                          migrations.size()),
              "start the daemon once, which brings it forward: skerry serve");
}

}  // namespace skerry::store
