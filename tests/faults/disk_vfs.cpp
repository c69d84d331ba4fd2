// SQLite's way to the disk: its own file system, asked after the disk was.
#include <cstddef>
#include <fcntl.h>
#include <sqlite3.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/disk.hpp"

namespace skerry::faults {
namespace {

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs disk_vfs;

// What SQLite's own file system fills follows behind it.
struct alignas(std::max_align_t) DiskFile {
  sqlite3_file base;
  int fd;               // a second one, never closed: that would drop SQLite's locks
  const char* created;  // a new file, whose folder is synced with it

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

DiskFile* disk_file(sqlite3_file* file) { return reinterpret_cast<DiskFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return disk_file(file)->real(); }

std::filesystem::path folder_of(const char* name) {
  return std::filesystem::path(name).parent_path();
}

int full_or(int error, int otherwise) { return error == ENOSPC ? SQLITE_FULL : otherwise; }

int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

int read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
  if (Disk::the().before(Call::other) != 0) return SQLITE_IOERR_READ;
  return real(file)->pMethods->xRead(real(file), out, count, offset);
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (const int error = Disk::the().before(Call::take_space))
    return full_or(error, SQLITE_IOERR_WRITE);
  Disk::the().will_write(
      disk_file(file)->fd, static_cast<std::uint64_t>(offset),
      {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(count)});
  return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Disk::the().before(Call::other) != 0) return SQLITE_IOERR_TRUNCATE;
  Disk::the().will_truncate(disk_file(file)->fd, static_cast<std::uint64_t>(size));
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync(sqlite3_file* file, int flags) {
  if (Disk::the().before(Call::sync) != 0) return SQLITE_IOERR_FSYNC;
  const int code = real(file)->pMethods->xSync(real(file), flags);
  if (code != SQLITE_OK) return code;
  Disk::the().synced(disk_file(file)->fd);
  if (const char* created = disk_file(file)->created) Disk::the().folder_synced(folder_of(created));
  return code;
}

int size(sqlite3_file* file, sqlite3_int64* out) {
  return real(file)->pMethods->xFileSize(real(file), out);
}
int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int traits(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

int map(sqlite3_file* file, int page, int page_size, int extend, void volatile** out) {
  if (const int error = extend != 0 ? Disk::the().before(Call::take_space) : 0)
    return full_or(error, SQLITE_IOERR_SHMSIZE);
  return real(file)->pMethods->xShmMap(real(file), page, page_size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods methods{2,        close,   read,       write,   truncate, sync,   size,
                                 lock,     unlock,  check_lock, control, sector,   traits, map,
                                 shm_lock, barrier, unmap,      nullptr, nullptr};

void remember_creation(const char* name) {
  Disk::the().changed(folder_of(name), [path = std::string(name)] { ::unlink(path.c_str()); });
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  constexpr int lasting = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  file->pMethods = nullptr;
  if ((flags & lasting) == 0)  // gone when it is closed
    return real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
  struct stat status {};
  const bool creates = (flags & SQLITE_OPEN_CREATE) != 0 && ::stat(name, &status) != 0;
  if (Disk::the().before(creates ? Call::take_space : Call::other) != 0) return SQLITE_CANTOPEN;
  DiskFile* const ours = disk_file(file);
  const int code = real_vfs->xOpen(real_vfs, name, ours->real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  ours->fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC));
  ours->created = creates ? name : nullptr;  // SQLite keeps the name while the file is open
  if (creates) remember_creation(name);
  file->pMethods = &methods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  if (Disk::the().before(Call::other) != 0) return SQLITE_IOERR_DELETE;
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC));
  const int code = real_vfs->xDelete(real_vfs, name, sync_folder);
  if (code != SQLITE_OK || fd < 0) return code;
  // Its bytes are still there behind the descriptor.
  Disk::the().changed(folder_of(name), [fd, path = std::string(name)] {
    const Bytes content = content_of(fd);
    const long again =
        ::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    [[maybe_unused]] const long put = ::syscall(SYS_write, again, content.data(), content.size());
  });
  if (sync_folder != 0) Disk::the().folder_synced(folder_of(name));
  return code;
}

int last_error(sqlite3_vfs*, int, char*) { return Disk::the().last_errno(); }

}  // namespace

void mount_vfs() {
  real_vfs = sqlite3_vfs_find(nullptr);
  disk_vfs = *real_vfs;
  disk_vfs.zName = "disk";
  disk_vfs.szOsFile = static_cast<int>(sizeof(DiskFile)) + real_vfs->szOsFile;
  disk_vfs.xOpen = open;
  disk_vfs.xDelete = remove;
  disk_vfs.xGetLastError = last_error;
  sqlite3_vfs_register(&disk_vfs, 1);
}

}  // namespace skerry::faults
