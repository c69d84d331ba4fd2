#include "store/sqlite/backup.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>

#include "store/database.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store {
namespace {

constexpr int step_pages = 256;  // 1 MiB: a progress report about every millisecond

struct CloseHandle {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;

Handle open_handle(const std::string& name, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &opened,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Handle handle(opened);
  check_sqlite(opened, code, fmt::format("open {}", name));
  return handle;
}

Error system_error(const char* doing, const std::filesystem::path& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return Error(full ? Errc::storage_full : Errc::io_failed,
               fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

// A path that no file can be made at is the caller's to mend.
bool is_wrong_path(int number) {
  return number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG || number == ELOOP ||
         number == EACCES || number == EPERM || number == EROFS;
}

Result<void> create_empty(const std::filesystem::path& file) {
  ::unlink(file.c_str());  // what a killed backup has left
  const int descriptor =
      ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    const bool wrong = is_wrong_path(errno);
    Error error = system_error("create", file);
    if (!wrong) return fail(std::move(error));
    return fail(Errc::bad_input, std::move(error.detail),
                "name a file in a folder that is there and that the daemon may write to");
  }
  ::close(descriptor);
  return {};
}

// A backup that reads from a connection other than the writer's starts over whenever a commit comes
// between two steps, so under load it would never end. One read transaction around all steps gives
// it the state at its start instead. The price: checkpoints cannot pass that state, and the log
// grows by what is written meanwhile. Reading on the writer's connection would avoid that, but
// would make every group wait for a step, and write each changed page to both files.
void copy_pages(Connection& source, const std::filesystem::path& file,
                const std::function<void(int, int)>& progress) {
  const Handle target = open_handle(file.string(), SQLITE_OPEN_READWRITE);
  // The copy is worth nothing until it is whole, so it needs no journal, and one fsync at the end.
  check_sqlite(target.get(),
               sqlite3_exec(target.get(), "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF",
                            nullptr, nullptr, nullptr),
               "prepare the backup");
  ReadTransaction snapshot(source);
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.handle(), "main");
  if (backup == nullptr)
    throw_sqlite_error(target.get(), sqlite3_extended_errcode(target.get()), "start the backup");
  int code = SQLITE_OK;
  try {
    while (code == SQLITE_OK) {
      code = sqlite3_backup_step(backup, step_pages);
      const int total = sqlite3_backup_pagecount(backup);
      if (progress) progress(total - sqlite3_backup_remaining(backup), total);
    }
  } catch (...) {
    sqlite3_backup_finish(backup);
    throw;
  }
  sqlite3_backup_finish(backup);  // repeats the code of the last step
  if (code != SQLITE_DONE) throw_sqlite_error(target.get(), code, "copy the database");
}

Result<void> check_copy(const std::filesystem::path& file) {
  const auto copy = Connection::open(file, Connection::Mode::immutable);
  Cursor check = copy->query("PRAGMA quick_check(1)");
  const std::string first_row(check.next() ? check.text(0) : "");
  if (first_row != "ok")
    return fail(Errc::io_failed,
                fmt::format("the copy {} is damaged: {}", file.string(), first_row),
                "check the disk, and the database with skerry doctor");
  return {};
}

Result<void> write_part(Connection& source, const std::filesystem::path& part,
                        const std::function<void(int, int)>& progress) {
  SKERRY_TRY_VOID(create_empty(part));
  copy_pages(source, part, progress);
  SKERRY_TRY_VOID(sync_path(part));
  return check_copy(part);
}

// The name appears with the whole file behind it, and never replaces another file.
Result<void> publish(const std::filesystem::path& part, const std::filesystem::path& file) {
  if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return fail(Errc::already_exists, file.string() + " is there already");
    // vfat and others know no RENAME_NOREPLACE; copy_database() has looked before.
    if (errno != EINVAL || ::rename(part.c_str(), file.c_str()) != 0)
      return fail(system_error("rename the copy to", file));
  }
  const auto folder = file.parent_path();
  return sync_path(folder.empty() ? "." : folder);
}

}  // namespace

Result<void> sync_path(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_error("open", path));
  const bool synced = ::fsync(descriptor) == 0;
  const Error error = system_error("fsync", path);
  ::close(descriptor);
  if (!synced) return fail(error);
  return {};
}

Result<void> copy_database(Connection& source, const std::filesystem::path& file,
                           const std::function<void(int, int)>& progress) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, ignored)))
    return fail(Errc::already_exists, file.string() + " is there already",
                "name another file for the backup");
  auto part = file;
  part += ".part";
  try {
    Result<void> outcome = write_part(source, part, progress);
    if (outcome) outcome = publish(part, file);
    if (!outcome) ::unlink(part.c_str());
    return outcome;
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
}

}  // namespace skerry::store
