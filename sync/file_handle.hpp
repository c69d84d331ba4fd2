// Files by descriptor: owned, private, read at offsets. Errors carry the system's reason;
// a full disk is Errc::storage_full, everything else Errc::io_failed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/bytes.hpp"
#include "crypto/sha256.hpp"

namespace skerry::sync {

// Owns a descriptor. Movable; closes on destruction.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle() { close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  void close();

 private:
  int fd_ = -1;
};

// The error for a failed system call: `what` is a clause, "writing /media/x".
Error system_error(int error_number, std::string_view what);

// A file without a name in `folder`, mode 0600: nothing is left behind however the process ends.
Result<FileHandle> make_private_file(const std::filesystem::path& folder);

Result<std::uint64_t> file_size(int fd);

// Reads exactly out.size() bytes at `offset`; Errc::corrupt_bundle when the file is shorter.
Result<void> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> out);

Result<void> write_all(int fd, ByteView bytes, std::string_view what);

// Passes `size` bytes of `fd` from `offset` to `sink`, without finish().
Result<void> pump(int fd, std::uint64_t offset, std::uint64_t size, ByteSink& sink);

// The end of a pipeline: writes to a descriptor it does not own, counts and hashes what passes.
class FileSink final : public ByteSink {
 public:
  // More than `bytes_max` is Errc::limit_exceeded.
  FileSink(int fd, std::uint64_t bytes_max) : fd_(fd), bytes_max_(bytes_max) {}

  Result<void> write(ByteView bytes) override;
  Result<void> finish() override { return {}; }

  std::uint64_t bytes() const { return bytes_; }
  // Of everything so far; call once.
  Hash hash() { return hash_.finish(); }

 private:
  int fd_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  crypto::Sha256 hash_;
};

// The end of a pipeline that only hashes.
class HashSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    hash_.update(bytes);
    return {};
  }
  Result<void> finish() override { return {}; }
  Hash hash() { return hash_.finish(); }

 private:
  crypto::Sha256 hash_;
};

}  // namespace skerry::sync
