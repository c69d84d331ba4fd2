// The backups of this machine and what became of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "store/sites.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

using BackupId = Id<struct BackupTag>;

// One file, or an attempt at one.
struct Backup {
  BackupId id;
  std::string file;           // absolute
  UnixMillis created_at = 0;  // the state it holds is of then
  std::int64_t bytes = 0;     // 0: it was never made
  Hash sha256{};
  std::int64_t rows = 0;                  // the last n of the change log in it
  std::optional<UnixMillis> verified_at;  // last found whole
  UnixMillis checked_at = 0;              // last made or looked at
  std::string failure;                    // why it was not, at checked_at; empty: it was
};

// Inserts it, or replaces what is known of the same id; `verified_at` is never forgotten. Of more
// than backups_max rows the oldest go, but not that of the last good backup.
inline constexpr std::int64_t backups_max = 1000;
void write_backup(Connection& connection, const Backup& backup);
// The newest first, at most `limit`.
std::vector<Backup> list_backups(Connection& connection, std::int64_t limit);
std::optional<Backup> find_backup(Connection& connection, const BackupId& id);
// The newest under this path.
std::optional<Backup> find_backup_at(Connection& connection, std::string_view file);
// The newest that was whole when it was last looked at. One of a clock that ran ahead does not
// count.
std::optional<Backup> last_good_backup(Connection& connection, UnixMillis now);

// At central: rows of a site up to `head` are in a verified backup. The epoch's `durable` rises to
// it when the row taken in there has this hash, and never falls. False when it has not.
struct DurableHead {
  EpochId epoch;
  std::int64_t head = 0;
  Hash hash{};
  bool operator==(const DurableHead&) const = default;
};
bool raise_durable(Connection& connection, const DurableHead& head);
// The heads of all epochs taken in, by epoch.
std::vector<DurableHead> read_durable_heads(Connection& connection);

}  // namespace skerry::store
