#include "sync/file_handle.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "sync/bundle_limits.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t copy_chunk_bytes = 128 * kibibyte;

// For file systems without O_TMPFILE (overlay, some network mounts).
Result<FileHandle> make_unlinked_file(const std::filesystem::path& folder) {
  std::string name = (folder / "tmp-XXXXXX").string();
  FileHandle file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "creating a file in " + folder.string()));
  ::unlink(name.c_str());
  return file;
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int FileHandle::release() { return std::exchange(fd_, -1); }

void FileHandle::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error system_error(int error_number, std::string_view what) {
  const std::string reason = std::generic_category().message(error_number);
  std::string detail = fmt::format("{}: {}", what, reason);
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG)
    return Error(Errc::storage_full, std::move(detail), "free space there, then run it again");
  return Error(Errc::io_failed, std::move(detail));
}

Result<FileHandle> make_private_file(const std::filesystem::path& folder) {
  FileHandle file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.is_open()) return file;
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) return make_unlinked_file(folder);
  return fail(system_error(errno, "creating a file in " + folder.string()));
}

Result<std::uint64_t> file_size(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return fail(system_error(errno, "reading a file's size"));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, "reading a bundle"));
    if (count == 0) return fail(Errc::corrupt_bundle, "the file ends too early");
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> write_all(int fd, ByteView bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, what));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> pump(int fd, std::uint64_t offset, std::uint64_t size, ByteSink& sink) {
  std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(size, copy_chunk_bytes));
  while (size > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, chunk.size()));
    const std::span<std::uint8_t> part(chunk.data(), count);
    SKERRY_TRY_VOID(read_at(fd, offset, part));
    SKERRY_TRY_VOID(sink.write(part));
    offset += count;
    size -= count;
  }
  return {};
}

Result<void> FileSink::write(ByteView bytes) {
  if (bytes.size() > bytes_max_ - bytes_)
    return fail(Errc::limit_exceeded, fmt::format("more than {} bytes", bytes_max_));
  SKERRY_TRY_VOID(write_all(fd_, bytes, "writing a temporary file"));
  hash_.update(bytes);
  bytes_ += bytes.size();
  return {};
}

}  // namespace skerry::sync
