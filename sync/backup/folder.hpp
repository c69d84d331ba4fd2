// The folder that backups lie in, by their names: skerry-<machine>-<time>.backup, with "central" or
// the first eight digits of the site's id. Several machines may use one folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "sync/backup/manifest.hpp"

namespace skerry::sync {

std::string backup_name(const store::Identity& machine, UnixMillis created_at);
// Lower case letters, digits, '-' and the ending: no path, no surprise.
bool is_backup_name(std::string_view name);

struct FoundBackup {
  std::string name;
  std::uint64_t size = 0;
  Result<BackupManifest> manifest;  // unverified; or why it cannot be read
};
// Every file that ends in .backup, the newest first. Errc::not_found, Errc::io_failed.
Result<std::vector<FoundBackup>> find_backups(const std::filesystem::path& folder);

// Makes it (0700) when it is missing. Errc::io_failed.
Result<void> prepare_backup_folder(const std::filesystem::path& folder);
// Whether that can be done, and files be made in it: the same error, and nothing is made.
Result<void> check_backup_folder(const std::filesystem::path& folder);

// Removes what a killed backup of this machine left: files of such a name with ".part" behind it.
void remove_parts(const std::filesystem::path& folder, const store::Identity& machine);

// Removes this machine's that are older than its `keep` newest good ones, and returns their paths.
std::vector<std::filesystem::path> rotate_backups(
    const std::filesystem::path& folder, const store::Identity& machine, std::size_t keep,
    const std::function<bool(const std::filesystem::path&)>& is_good);

}  // namespace skerry::sync
