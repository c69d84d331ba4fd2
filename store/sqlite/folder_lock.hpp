// One daemon per data folder, on a disk that SQLite's locks and shared memory work on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace skerry::store {

// Creates `folder` (0700) when it is missing; its parent must exist. Errc::bad_config when the
// folder is on a network file system, Errc::io_failed when it cannot be used.
Result<void> prepare_folder(const std::filesystem::path& folder);
// Whether a folder that is there, or that would be made, is fit for it: the same errors.
Result<void> check_folder(const std::filesystem::path& folder);

// The name of a network file system by the f_type of statfs(2), nullopt for all others. On those
// flock and shared memory do not reach across machines, and fsync promises less than it says.
std::optional<std::string_view> network_file_system(std::uint64_t type);

// flock(2) on `folder`/lock, which holds the pid as text. The kernel releases it when the process
// ends in whatever way.
class FolderLock {
 public:
  // Errc::locked names the holder's pid.
  static Result<FolderLock> acquire(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace skerry::store
