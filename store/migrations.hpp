// Embedded, forward-only migrations with recorded hashes.
#pragma once

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

// Applies what is missing, each in a transaction with its row in table `migration(version, name,
// sha256, applied_at)`. Refuses a database with a newer version (Errc::unsupported_version) and one
// whose recorded hash differs from ours (Errc::io_failed: the file was changed by other means).
Result<void> migrate(Connection& connection, std::span<const Migration> migrations);

}  // namespace skerry::store
