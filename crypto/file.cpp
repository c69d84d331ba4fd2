#include "crypto/file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/text.hpp"

namespace skerry::crypto {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

// The Error of a system call that failed on `file`, by errno.
tl::unexpected<Error> failed(const char* doing, const fs::path& file, int error) {
  const std::string detail =
      fmt::format("{} {}: {}", doing, file.string(), std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return fail(Errc::storage_full, detail, "free some space on that file system, then repeat");
    case EEXIST:
      return fail(Errc::already_exists, detail, "choose another name: what is there stays");
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return fail(Errc::io_failed, detail, "name a file in a folder that is there");
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(Errc::io_failed, detail, "run it as a user who may, or name another file");
    default:
      return fail(Errc::io_failed, detail);
  }
}

fs::path folder_of(const fs::path& file) {
  const fs::path folder = file.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// Beside the target, because a rename does not cross file systems; hidden, because a crash may
// leave it behind.
fs::path temporary_name(const fs::path& file) {
  std::array<std::uint8_t, 8> suffix;
  SystemRandom().fill(suffix);
  return folder_of(file) / fmt::format(".{}.{}.tmp", file.filename().string(), to_hex(suffix));
}

Result<void> write_all(int fd, ByteView bytes, const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", file, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// A new file that holds `bytes`, on disk. Errors name `file`, which the caller knows.
Result<void> write_temporary(const fs::path& temporary, const fs::path& file, ByteView bytes,
                             unsigned mode) {
  const unsigned first_mode = mode & 0600U;  // nobody else reads it before it is whole
  Descriptor fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, first_mode));
  if (!fd.is_open()) return failed("cannot create", file, errno);
  SKERRY_TRY_VOID(write_all(fd.get(), bytes, file));
  if (::fchmod(fd.get(), mode) != 0) return failed("cannot set the mode of", file, errno);
  if (::fsync(fd.get()) != 0) return failed("cannot sync", file, errno);
  if (fd.close() != 0) return failed("cannot close", file, errno);
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return failed("cannot open", folder, errno);
  // FAT and some network file systems cannot sync a folder and say EINVAL.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return failed("cannot sync", folder, errno);
  return {};
}

// Renames unless `file` is there. A file system without RENAME_NOREPLACE has link().
int rename_without_replacing(const fs::path& temporary, const fs::path& file) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::link(temporary.c_str(), file.c_str()) != 0) return -1;
  return ::unlink(temporary.c_str());
}

using Rename = int (*)(const fs::path& from, const fs::path& to);

Result<void> put_file(const fs::path& file, ByteView bytes, unsigned mode, Rename rename) {
  const fs::path temporary = temporary_name(file);
  auto done = write_temporary(temporary, file, bytes, mode);
  if (done && rename(temporary, file) != 0) done = failed("cannot create", file, errno);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_folder(folder_of(file));
}

// A regular file, not through a link: what stands on a foreign medium may be anything.
Result<Descriptor> open_regular(const fs::path& file, struct stat& status) {
  Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open() && errno == ELOOP)
    return fail(Errc::bad_input, fmt::format("{} is a symbolic link", file.string()),
                fmt::format("name the file itself: realpath {}", shell_word(file.string())));
  if (!fd.is_open() && names_nothing(errno))
    return fail(Errc::not_found, fmt::format("there is no file {}", file.string()),
                "check the path");
  if (!fd.is_open()) return failed("cannot open", file, errno);
  if (::fstat(fd.get(), &status) != 0) return failed("cannot examine", file, errno);
  if (!S_ISREG(status.st_mode))
    return fail(Errc::bad_input, fmt::format("{} is not a regular file", file.string()),
                "name a regular file");
  return fd;
}

Result<void> check_size(const fs::path& file, const struct stat& status, std::size_t size_max) {
  if (std::cmp_less_equal(status.st_size, size_max)) return {};
  return fail(
      Errc::limit_exceeded,
      fmt::format("{} has {} bytes; at most {} are read", file.string(), status.st_size, size_max),
      "check that it is the file that is meant");
}

// Exactly out.size() bytes and then the end.
Result<void> read_all(int fd, std::span<std::uint8_t> out, const fs::path& file) {
  std::uint8_t beyond = 0;
  for (;;) {
    const bool at_end = out.empty();
    const ssize_t got = at_end ? ::read(fd, &beyond, 1) : ::read(fd, out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read", file, errno);
    if (at_end && got == 0) return {};
    if (at_end || got == 0)
      return fail(Errc::io_failed, fmt::format("{} changed while it was read", file.string()),
                  "repeat when nobody writes it");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

// A secret is only as safe as who may read its file and who may put another one in its place; the
// rules are those of sshd's StrictModes.
Result<void> check_secrecy(const fs::path& file, const struct stat& status) {
  // Root's group adds nobody to root: so look systemd's credentials, which an access list lets us
  // read, whose mask is shown as the group's right.
  const bool is_roots =
      status.st_uid == 0 && status.st_gid == 0 && (status.st_mode & 07777U) == 0440;
  if (!is_roots && (status.st_mode & 077U) != 0)
    return fail(Errc::bad_config,
                fmt::format("{} has mode {:04o}: others may read this secret", file.string(),
                            status.st_mode & 07777U),
                fmt::format("chmod 600 {}", shell_word(file.string())));
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(Errc::bad_config,
                fmt::format("{} belongs to another user (uid {})", file.string(), status.st_uid),
                fmt::format("see where it comes from; if it is yours: chown {} {}", ::geteuid(),
                            shell_word(file.string())));
  const fs::path folder = folder_of(file);
  struct stat around;
  if (::stat(folder.c_str(), &around) != 0) return failed("cannot examine", folder, errno);
  const bool own_files_only = (around.st_mode & S_ISVTX) != 0;  // as in /tmp
  if ((around.st_mode & 022U) != 0 && !own_files_only)
    return fail(Errc::bad_config,
                fmt::format("{} has mode {:04o}: others may exchange the secret {} in it",
                            folder.string(), around.st_mode & 07777U, file.filename().string()),
                fmt::format("chmod go-w {}", shell_word(folder.string())));
  return {};
}

}  // namespace

bool names_nothing(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
}

Result<void> write_file_atomically(const fs::path& file, ByteView bytes, unsigned mode) {
  return put_file(file, bytes, mode, [](const fs::path& from, const fs::path& to) {
    return std::rename(from.c_str(), to.c_str());
  });
}

Result<void> create_file_atomically(const fs::path& file, ByteView bytes, unsigned mode) {
  return put_file(file, bytes, mode, rename_without_replacing);
}

Result<void> check_file_place(const fs::path& file) {
  const fs::path folder = folder_of(file);
  const Descriptor fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::faccessat(fd.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return failed("cannot create", file, errno);
  if (std::error_code ignored; fs::is_directory(fs::symlink_status(file, ignored)))
    return failed("cannot create", file, EISDIR);
  return {};
}

Result<void> check_new_file(const fs::path& file) {
  SKERRY_TRY_VOID(check_file_place(file));
  if (std::error_code ignored; fs::exists(fs::symlink_status(file, ignored)))
    return failed("cannot create", file, EEXIST);
  return {};
}

Result<Bytes> read_small_file(const fs::path& file, std::size_t size_max) {
  struct stat status;
  SKERRY_TRY(const Descriptor fd, open_regular(file, status));
  SKERRY_TRY_VOID(check_size(file, status, size_max));
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  SKERRY_TRY_VOID(read_all(fd.get(), bytes, file));
  return bytes;
}

Result<SecretBytes> read_secret_file(const fs::path& file, std::size_t size_max) {
  struct stat status;
  SKERRY_TRY(const Descriptor fd, open_regular(file, status));
  SKERRY_TRY_VOID(check_secrecy(file, status));
  SKERRY_TRY_VOID(check_size(file, status, size_max));
  SecretBytes bytes(static_cast<std::size_t>(status.st_size));
  SKERRY_TRY_VOID(read_all(fd.get(), bytes.span(), file));
  return bytes;
}

}  // namespace skerry::crypto
