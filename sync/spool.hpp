// The private folder that foreign files are copied into before anything looks at them (SYNC 4.7):
// a file on a medium may change between two reads, a copy in the spool does not.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/bytes.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/file_handle.hpp"

namespace skerry::sync {

struct SpoolLimits {
  std::uint64_t file_bytes_max = BundleLimits{}.file_bytes_max;
  std::uint64_t total_bytes_max = 1024 * mebibyte;  // of everything in the folder
  std::uint64_t kept_bytes_max = 256 * mebibyte;    // of what is kept, the newest
};

// A complete copy. It has no name: it is gone when dropped, unless Spool::keep() gives it one.
struct SpooledFile {
  FileHandle file;
  std::uint64_t size = 0;
  Hash sha256{};
};

// A copy coming in: write() what arrives, then seal().
class SpoolWriter {
 public:
  SpoolWriter(FileHandle file, std::uint64_t bytes_max)
      : file_(std::move(file)), out_(std::make_unique<FileSink>(file_.fd(), bytes_max)) {}

  // Errc::limit_exceeded over the limit of a file.
  Result<void> write(ByteView bytes) { return out_->write(bytes); }
  ByteSink& sink() { return *out_; }
  int fd() const { return file_.fd(); }
  SpooledFile seal();

 private:
  FileHandle file_;
  std::unique_ptr<FileSink> out_;
};

// One process uses the folder; several threads may. Copies under way have no name and do not count
// against the quota: how many there are at a time is the caller's to limit. Nothing is fsynced:
// what was not imported is read from the medium again.
class Spool {
 public:
  // Creates the folder with mode 0700 when it is missing.
  static Result<Spool> open(std::filesystem::path folder, SpoolLimits limits = {});

  // For what arrives in pieces. Errc::storage_full when the folder's quota is used up.
  Result<SpoolWriter> begin() const;
  // Copies a regular file that is already open (open_foreign_file), from its start, reading each
  // byte once. `name` is for messages.
  Result<SpooledFile> take(int source, std::string_view name) const;
  // As above, by path. Errc::bad_input for links, folders, devices, pipes.
  Result<SpooledFile> take(const std::filesystem::path& source) const;

  // Gives the copy the name <sha256>.skb, as evidence. The oldest of those kept go for it, so that
  // no number of bad files uses the quota up. Errc::limit_exceeded when it is too large for that.
  Result<std::filesystem::path> keep(const SpooledFile& file) const;
  bool is_kept(const Hash& sha256) const;
  // A copy of one that is kept, as take() makes it; Errc::not_found when it is not.
  Result<SpooledFile> take_kept(const Hash& sha256) const;
  // It is no evidence any more.
  void forget(const Hash& sha256) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  Spool(std::filesystem::path folder, SpoolLimits limits)
      : folder_(std::move(folder)), limits_(limits) {}
  Result<std::uint64_t> used_bytes() const;
  std::filesystem::path kept_path(const Hash& sha256) const;
  void make_room(std::uint64_t bytes) const;

  std::filesystem::path folder_;
  SpoolLimits limits_;
};

// Opens a file that somebody else may have prepared: relative to `folder` (AT_FDCWD for a path),
// never through a link, never waiting for a pipe, regular files only (Errc::bad_input).
Result<FileHandle> open_foreign_file(int folder, const std::string& name);

}  // namespace skerry::sync
