// Embedded, forward-only migrations with recorded hashes.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "core/result.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct Migration {
  int version;  // 1, 2, 3, … without gaps
  std::string_view name;
  std::string_view sql;  // from store/migrations/NNNN_name.sql, embedded at build time
};

std::span<const Migration> all_migrations();

// Applies what is missing in one transaction, each with its row in table `migration(version, name,
// sha256, applied_at)`, and only when SQLite finds the outcome sound. Refuses a database with a
// newer version (Errc::unsupported_version) and one whose recorded hash differs from ours
// (Errc::bad_input: the file was changed by other means).
Result<void> migrate(Connection& connection, std::span<const Migration> migrations);

// The same for the database in `file`, which nobody else writes. One that an earlier version of the
// program left is copied first, to `file`.schema-N with N its version: read back and fsynced, in
// the place of an earlier such copy; that version can go on from there. Errc::bad_input when a
// table is gone that a migration made.
Result<void> upgrade(Connection& connection, const std::filesystem::path& file,
                     std::span<const Migration> migrations);

// Errc::unsupported_version unless all of them are applied; Errc::bad_input as above.
Result<void> must_be_current(Connection& connection, std::span<const Migration> migrations);

}  // namespace skerry::store
