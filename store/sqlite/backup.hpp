// Online backup: a consistent copy of the database while writes go on.
#pragma once

#include <filesystem>
#include <functional>

#include "core/result.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

// Copies what `source` (read-only, idle) sees now into `file`, by way of `file`.part: copied,
// checked (PRAGMA quick_check), fsynced, renamed. Throws StorageError as far as SQLite is
// concerned; in every case but success nothing is left behind.
Result<void> copy_database(Connection& source, const std::filesystem::path& file,
                           const std::function<void(int, int)>& progress);

// fsync(2) of a file or a folder by its name.
Result<void> sync_path(const std::filesystem::path& path);

}  // namespace skerry::store
