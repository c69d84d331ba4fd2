// The way of our own files to the disk. The linker sends here what our objects call (--wrap=open:
// a call of open() is one of __wrap_open(), and __real_open() is the system's); SQLite's library
// keeps its own. Files that the standard library opens or moves do not come by.
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/disk.hpp"

using skerry::Bytes;
using skerry::faults::Call;
using skerry::faults::Disk;
namespace fs = std::filesystem;

extern "C" {
int __real_open(const char* path, int flags, ...);
int __real_openat(int folder, const char* path, int flags, ...);
ssize_t __real_write(int fd, const void* bytes, size_t count);
ssize_t __real_pwrite(int fd, const void* bytes, size_t count, off_t offset);
int __real_fsync(int fd);
int __real_ftruncate(int fd, off_t size);
int __real_renameat2(int from_folder, const char* from, int to_folder, const char* to,
                     unsigned flags);
int __real_unlinkat(int folder, const char* path, int flags);
}

namespace {

bool fails(Call call) {
  const int error = Disk::the().before(call);
  if (error != 0) errno = error;
  return error != 0;
}

bool is_there(int folder, const char* path) {
  struct stat status {};
  return ::fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

fs::path whole(int folder, const char* path) {
  if (path[0] == '/' || folder == AT_FDCWD) return path;
  return fs::read_symlink(fmt::format("/proc/self/fd/{}", folder)) / path;
}

int open_wrapped(int folder, const char* path, int flags, mode_t mode) {
  const bool creates = (flags & O_CREAT) != 0 && !is_there(folder, path);
  const bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
  if (fails(creates || unnamed ? Call::take_space : Call::other)) return -1;
  const int fd = __real_openat(folder, path, flags, mode);
  if (fd >= 0 && creates) {
    const fs::path file = whole(folder, path);
    Disk::the().changed(file.parent_path(), [file] { __real_unlinkat(AT_FDCWD, file.c_str(), 0); });
  }
  return fd;
}

// A file that loses its name, and gets it back at a power cut.
struct Lost {
  fs::path path;
  int fd;
  mode_t mode;
};
Lost about_to_lose(int folder, const char* path) {
  struct stat status {};
  ::fstatat(folder, path, &status, 0);
  return {whole(folder, path), __real_openat(folder, path, O_RDONLY | O_CLOEXEC),
          status.st_mode & 07777U};
}
void bring_back(const Lost& lost) {
  if (lost.fd < 0) return;
  const Bytes content = skerry::faults::content_of(lost.fd);
  const int fd = __real_open(lost.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, lost.mode);
  [[maybe_unused]] const ssize_t put = __real_write(fd, content.data(), content.size());
}

int rename_wrapped(int from_folder, const char* from, int to_folder, const char* to,
                   unsigned flags) {
  if (!Disk::the().armed()) return __real_renameat2(from_folder, from, to_folder, to, flags);
  if (fails(Call::other)) return -1;
  const fs::path before = whole(from_folder, from);
  const Lost replaced = about_to_lose(to_folder, to);
  const int result = __real_renameat2(from_folder, from, to_folder, to, flags);
  if (result == 0)
    Disk::the().changed(replaced.path.parent_path(), [before, replaced] {
      __real_renameat2(AT_FDCWD, replaced.path.c_str(), AT_FDCWD, before.c_str(), 0);
      bring_back(replaced);
    });
  return result;
}

int unlink_wrapped(int folder, const char* path, int flags) {
  if (fails(Call::other)) return -1;
  if (!Disk::the().armed() || (flags & AT_REMOVEDIR) != 0)
    return __real_unlinkat(folder, path, flags);
  const Lost lost = about_to_lose(folder, path);
  const int result = __real_unlinkat(folder, path, flags);
  if (result == 0) Disk::the().changed(lost.path.parent_path(), [lost] { bring_back(lost); });
  return result;
}

mode_t mode_of(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_wrapped(AT_FDCWD, path, flags, mode);
}

int __wrap_openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_wrapped(folder, path, flags, mode);
}

ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
  if (fails(Call::take_space)) return -1;
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  if (at >= 0)
    Disk::the().will_write(fd, static_cast<std::uint64_t>(at),
                           {static_cast<const std::uint8_t*>(bytes), count});
  return __real_write(fd, bytes, count);
}

ssize_t __wrap_pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (fails(Call::take_space)) return -1;
  Disk::the().will_write(fd, static_cast<std::uint64_t>(offset),
                         {static_cast<const std::uint8_t*>(bytes), count});
  return __real_pwrite(fd, bytes, count, offset);
}

int __wrap_fsync(int fd) {
  if (fails(Call::sync)) return -1;
  const int result = __real_fsync(fd);
  if (result == 0) {
    Disk::the().synced(fd);
    Disk::the().folder_synced(fd);
  }
  return result;
}

int __wrap_ftruncate(int fd, off_t size) {
  if (fails(Call::take_space)) return -1;
  Disk::the().will_truncate(fd, static_cast<std::uint64_t>(size));
  return __real_ftruncate(fd, size);
}

int __wrap_rename(const char* from, const char* to) {
  return rename_wrapped(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int __wrap_renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return rename_wrapped(from_folder, from, to_folder, to, 0);
}
int __wrap_renameat2(int from_folder, const char* from, int to_folder, const char* to,
                     unsigned flags) {
  return rename_wrapped(from_folder, from, to_folder, to, flags);
}
int __wrap_unlink(const char* path) { return unlink_wrapped(AT_FDCWD, path, 0); }
int __wrap_unlinkat(int folder, const char* path, int flags) {
  return unlink_wrapped(folder, path, flags);
}

}  // extern "C"
