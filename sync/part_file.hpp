// One file on its way to its place: part file, fsync, the caches are dropped and it is read again,
// then rename and fsync of the folder. What is unfinished, or reads back differently, is removed
// under the part's name, which is locked: the place may be another writer's by then.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "sync/file_handle.hpp"

namespace skerry::sync {

// The error for a failed system call on a medium: tells what to do with the medium. `doing` is a
// verb, "writing".
Error medium_error(int error_number, std::string_view doing, const std::filesystem::path& path);

// Takes away what a writer left that was killed, or whose medium was pulled out; false where one is
// writing it just now.
bool remove_left_part(const FileHandle& folder, const std::string& part_name);

enum class Existing : bool { refuse, replace };

// copy() or fill(), compare(), publish(), in that order. Memory: one chunk, whatever the size.
class PartFile {
 public:
  // In `folder`, which outlives it; `path` is for messages. A file under the part's name that was
  // left by an earlier attempt is removed, and it is locked while it is written.
  PartFile(const FileHandle& folder, std::string name, std::string part_name,
           std::filesystem::path path, unsigned mode = 0644);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // Errors: Errc::storage_full, Errc::io_failed, Errc::busy where another is writing the same part.
  Result<void> copy(int source, std::uint64_t size);
  // The same with what `produce` writes.
  Result<void> fill(const std::function<Result<void>(ByteSink&)>& produce);
  // What was written, through a new descriptor, so that the medium is asked rather than a buffer.
  Result<FileHandle> reopen() const;
  // By reopen(). Errc::io_failed where it reads back differently; it takes no place then.
  Result<void> compare(std::uint64_t size, const Hash& sha256) const;
  // Errc::already_exists unless what is there may be replaced.
  Result<void> publish(Existing existing);

 private:
  class Sink;
  Result<void> create();
  Error written_by_another() const;

  const FileHandle& folder_;
  std::string name_;
  std::string part_;
  std::filesystem::path path_;
  unsigned mode_;
  FileHandle file_;
  bool made_ = false;
};

// The whole way for a single file, mode 0644.
Result<void> place_file(int source, std::uint64_t size, const Hash& sha256,
                        const std::filesystem::path& file, Existing existing);

}  // namespace skerry::sync
