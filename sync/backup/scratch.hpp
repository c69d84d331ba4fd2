// A private folder for a database in the clear: there for as long as it takes, and gone with its
// scope.
#pragma once

#include <filesystem>
#include <utility>

#include "core/result.hpp"

namespace skerry::sync {

class ScratchFolder {
 public:
  // This folder (0700), empty: what a killed program left in it is removed. Errc::io_failed,
  // Errc::storage_full.
  static Result<ScratchFolder> open(std::filesystem::path folder);
  // One of its own among the temporary files of the system.
  static Result<ScratchFolder> temporary();
  ScratchFolder(ScratchFolder&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const { return folder_; }

 private:
  explicit ScratchFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Errc::storage_full unless `bytes` fit on the disk of `folder`, and leave the writer its reserve.
// Where nobody can say, the write itself will.
Result<void> check_space(const std::filesystem::path& folder, std::uintmax_t bytes);

}  // namespace skerry::sync
