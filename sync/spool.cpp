#include "sync/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "sync/bundle_name.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t copy_chunk_bytes = 128 * kibibyte;

Result<std::size_t> read_some(int fd, std::span<std::uint8_t> out, std::string_view name) {
  for (;;) {
    const ssize_t count = ::read(fd, out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail(system_error(errno, fmt::format("reading {}", name)));
  }
}

}  // namespace

Result<FileHandle> open_foreign_file(int folder, const std::string& name) {
  FileHandle file(
      ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ELOOP)
      return fail(Errc::bad_input, fmt::format("{} is a link", name), "copy the file itself there");
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
      return fail(Errc::not_found, fmt::format("there is no file {}", name));
    if (errno == EACCES)
      return fail(Errc::forbidden, fmt::format("this user may not read {}", name),
                  "copy it to where it may be read");
    return fail(system_error(errno, fmt::format("opening {}", name)));
  }
  struct stat status;
  if (::fstat(file.fd(), &status) != 0)
    return fail(system_error(errno, fmt::format("opening {}", name)));
  if (!S_ISREG(status.st_mode))
    return fail(Errc::bad_input, fmt::format("{} is not a regular file", name));
  return file;
}

SpooledFile SpoolWriter::seal() {
  const std::uint64_t size = out_->bytes();
  return {std::move(file_), size, out_->hash()};
}

Result<Spool> Spool::open(std::filesystem::path folder, SpoolLimits limits) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(system_error(errno, fmt::format("creating {}", folder.string())));
  return Spool(std::move(folder), limits);
}

Result<SpoolWriter> Spool::begin() const {
  SKERRY_TRY(const std::uint64_t used, used_bytes());
  if (used >= limits_.total_bytes_max)
    return fail(Errc::storage_full,
                fmt::format("{} holds {} bytes, its quota is {}", folder_.string(), used,
                            limits_.total_bytes_max),
                fmt::format("remove kept bundles from {}", folder_.string()));
  const std::uint64_t left = limits_.total_bytes_max - used;
  SKERRY_TRY(FileHandle file, make_private_file(folder_));
  return SpoolWriter(std::move(file), std::min(left, limits_.file_bytes_max));
}

Result<SpooledFile> Spool::take(int source, std::string_view name) const {
  SKERRY_TRY(SpoolWriter writer, begin());
  std::vector<std::uint8_t> chunk(copy_chunk_bytes);
  for (;;) {
    SKERRY_TRY(const std::size_t count, read_some(source, chunk, name));
    if (count == 0) return writer.seal();
    if (Result<void> written = writer.write(ByteView(chunk).first(count)); !written) {
      Error error = std::move(written).error();
      error.detail = fmt::format("{}: {}", name, error.detail);
      return fail(std::move(error));
    }
  }
}

Result<SpooledFile> Spool::take(const std::filesystem::path& source) const {
  SKERRY_TRY(const FileHandle file, open_foreign_file(AT_FDCWD, source.string()));
  return take(file.fd(), source.string());
}

Result<std::filesystem::path> Spool::keep(const SpooledFile& file) const {
  if (file.size > limits_.kept_bytes_max)
    return fail(Errc::limit_exceeded, fmt::format("{} bytes are too many to keep", file.size));
  const std::filesystem::path path = kept_path(file.sha256);
  if (is_kept(file.sha256)) return path;
  make_room(file.size);
  // A file without a name is copied: linking it would need privileges or /proc.
  FileHandle kept(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!kept.is_open()) {
    if (errno == EEXIST) return path;
    return fail(system_error(errno, fmt::format("creating {}", path.string())));
  }
  FileSink out(kept.fd(), file.size);
  if (Result<void> copied = pump(file.file.fd(), 0, file.size, out); !copied) {
    ::unlink(path.c_str());
    return fail(std::move(copied).error());
  }
  return path;
}

bool Spool::is_kept(const Hash& sha256) const {
  std::error_code ignored;
  return std::filesystem::exists(kept_path(sha256), ignored);
}

Result<SpooledFile> Spool::take_kept(const Hash& sha256) const { return take(kept_path(sha256)); }

void Spool::forget(const Hash& sha256) const {
  std::error_code ignored;
  std::filesystem::remove(kept_path(sha256), ignored);
}

std::filesystem::path Spool::kept_path(const Hash& sha256) const {
  return folder_ / (to_hex(sha256) + bundle_suffix.data());
}

void Spool::make_room(std::uint64_t bytes) const {
  struct Kept {
    std::filesystem::file_time_type at;
    std::filesystem::path path;
    std::uint64_t size = 0;
  };
  std::vector<Kept> kept;
  std::error_code error;  // what cannot be looked at is not there to be removed
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().extension() != bundle_suffix) continue;
    Kept file{entry.last_write_time(error), entry.path(), 0};
    if (!error) file.size = entry.file_size(error);
    if (!error) kept.push_back(std::move(file));
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.at > b.at; });
  for (const Kept& file : kept) {
    bytes += file.size;
    if (bytes > limits_.kept_bytes_max) std::filesystem::remove(file.path, error);
  }
}

Result<std::uint64_t> Spool::used_bytes() const {
  std::uint64_t used = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    std::error_code ignored;  // a file that went away in between counts nothing
    const std::uintmax_t size = entry.file_size(ignored);
    if (!ignored) used += size;
  }
  if (error) return fail(system_error(error.value(), fmt::format("reading {}", folder_.string())));
  return used;
}

}  // namespace skerry::sync
