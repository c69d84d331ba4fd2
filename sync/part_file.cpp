#include "sync/part_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

// FAT and some others have no RENAME_NOREPLACE; FAT has no links either, and there nothing but
// looking first is left.
int rename_without_replacing(int folder, const std::string& from, const std::string& to) {
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) == 0)
    return ::unlinkat(folder, from.c_str(), 0);
  if (errno != EPERM && errno != EOPNOTSUPP) return -1;
  if (::faccessat(folder, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::renameat(folder, from.c_str(), folder, to.c_str());
}

bool is_folder(const FileHandle& folder, const std::string& name) {
  struct stat status {};
  return ::fstatat(folder.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

}  // namespace

Error medium_error(int error_number, std::string_view doing, const std::filesystem::path& path) {
  Error error = system_error(error_number, fmt::format("{} {}", doing, path.string()));
  if (error.code == Errc::storage_full) {
    error.next = "free space on the medium or use another one, then run the export again";
  } else if (error_number == EROFS || error_number == EACCES || error_number == EPERM) {
    error.next = "remove the write protection or use another medium, then run it again";
  } else if (error_number == ENOTDIR || error_number == ELOOP) {
    error.next =
        fmt::format("there must be a folder at {}: move away what is there", path.string());
  } else if (error_number == EISDIR || error_number == EEXIST) {
    error.next = fmt::format("a file belongs at {}: move away the folder there, or at its .part",
                             path.string());
  } else {
    error.next = "check that the medium is in place and sound, then run it again";
  }
  return error;
}

bool remove_left_part(const FileHandle& folder, const std::string& part_name) {
  const FileHandle left(
      ::openat(folder.fd(), part_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // Some file systems know no locks: there it is taken for left.
  if (left.is_open() && ::flock(left.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return false;
  ::unlinkat(folder.fd(), part_name.c_str(), 0);
  return true;
}

// The part file; errors name the medium.
class PartFile::Sink final : public ByteSink {
 public:
  explicit Sink(const PartFile& part) : part_(part) {}
  Result<void> write(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(part_.file_.fd(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(medium_error(errno, "writing", part_.path_));
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }
  Result<void> finish() override { return {}; }

 private:
  const PartFile& part_;
};

PartFile::PartFile(const FileHandle& folder, std::string name, std::string part_name,
                   std::filesystem::path path, unsigned mode)
    : folder_(folder),
      name_(std::move(name)),
      part_(std::move(part_name)),
      path_(std::move(path)),
      mode_(mode) {}

PartFile::~PartFile() {
  if (made_) ::unlinkat(folder_.fd(), part_.c_str(), 0);
}

Result<void> PartFile::copy(int source, std::uint64_t size) {
  return fill([&](ByteSink& out) { return pump(source, 0, size, out); });
}

Result<void> PartFile::fill(const std::function<Result<void>(ByteSink&)>& produce) {
  SKERRY_TRY_VOID(create());
  Sink sink(*this);
  SKERRY_TRY_VOID(produce(sink));
  if (::fsync(file_.fd()) != 0) return fail(medium_error(errno, "writing", path_));
  ::posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);  // advice: some file systems keep it
  return {};
}

Result<FileHandle> PartFile::reopen() const { return open_foreign_file(folder_.fd(), part_); }

Result<void> PartFile::compare(std::uint64_t size, const Hash& sha256) const {
  SKERRY_TRY(const FileHandle file, reopen());
  SKERRY_TRY(const std::uint64_t read_size, file_size(file.fd()));
  HashSink hash;
  Result<void> read = pump(file.fd(), 0, read_size, hash);
  if (read && read_size == size && hash.hash() == sha256) return {};
  const std::string why = read ? "what was read back differs" : read.error().detail;
  return fail(Errc::io_failed, fmt::format("{}: {}", path_.string(), why),
              "the medium is not reliable: use another one and run the export again");
}

Result<void> PartFile::publish(Existing existing) {
  const int renamed = existing == Existing::replace
                          ? ::renameat(folder_.fd(), part_.c_str(), folder_.fd(), name_.c_str())
                          : rename_without_replacing(folder_.fd(), part_, name_);
  if (renamed != 0 && errno == EEXIST)
    return fail(Errc::already_exists, fmt::format("{} is there already", path_.string()),
                "move it away, or name another file");
  if (renamed != 0) return fail(medium_error(errno, "renaming to", path_));
  made_ = false;
  // FUSE drivers of exFAT and NTFS have no fsync for folders.
  if (::fsync(folder_.fd()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS)
    return fail(medium_error(errno, "writing", path_));
  file_.close();
  return {};
}

Error PartFile::written_by_another() const {
  return Error(Errc::busy, fmt::format("{} is being written just now", path_.string()),
               "run it again when the other one is done");
}

Result<void> PartFile::create() {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file_ = FileHandle(::openat(folder_.fd(), part_.c_str(), flags, mode_));
  if (!file_.is_open() && errno == EEXIST) {
    if (!remove_left_part(folder_, part_)) return fail(written_by_another());
    file_ = FileHandle(::openat(folder_.fd(), part_.c_str(), flags, mode_));
    // Made anew meanwhile; where nothing can be taken away, the medium says why.
    if (!file_.is_open() && errno == EEXIST && !is_folder(folder_, part_) &&
        ::faccessat(folder_.fd(), ".", W_OK, 0) == 0)
      return fail(written_by_another());
  }
  if (!file_.is_open()) return fail(medium_error(errno, "creating", path_));
  ::flock(file_.fd(), LOCK_EX);  // for remove_left_part(); waits for one that just looks
  // Which may have taken it for left, and away: what has its name by now is another's.
  struct stat own {};
  struct stat named {};
  const bool is_named = ::fstat(file_.fd(), &own) == 0 &&
                        ::fstatat(folder_.fd(), part_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                        own.st_ino == named.st_ino;
  if (!is_named) return fail(written_by_another());
  made_ = true;
  return {};
}

Result<void> place_file(int source, std::uint64_t size, const Hash& sha256,
                        const std::filesystem::path& file, Existing existing) {
  const std::filesystem::path parent = std::filesystem::absolute(file).parent_path();
  const FileHandle folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return fail(medium_error(errno, "opening", parent));
  std::array<std::uint8_t, 8> suffix{};  // beside it may lie anything
  crypto::SystemRandom().fill(suffix);
  const std::string name = file.filename().string();
  PartFile part(folder, name, fmt::format(".{}.{}.part", name, to_hex(suffix)), file);
  SKERRY_TRY_VOID(part.copy(source, size));
  SKERRY_TRY_VOID(part.compare(size, sha256));
  return part.publish(existing);
}

}  // namespace skerry::sync
