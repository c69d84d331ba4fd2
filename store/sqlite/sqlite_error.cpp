#include "store/sqlite/sqlite_error.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sqlite3.h>
#include <string>

#include "core/log.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {
namespace {

void print_fsync_failure(const char* what) noexcept {
  std::array<char, 1024> text{};
  std::snprintf(text.data(), text.size(), "skerry: the disk did not take a write, stopping: %s",
                what);
  write_log_line(Level::critical, text.data());
}

constexpr std::size_t doing_chars_max = 300;  // of a statement, for a log line

std::atomic<FsyncFailureHook> fsync_failure_hook{print_fsync_failure};

bool is_fsync_error(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

// Those that leave the system's own error behind.
bool is_of_system(int code) {
  return (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
}

// The tables are not those that the statement was written for.
bool is_of_contents(int code) {
  return (code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_CONSTRAINT;
}

// SQLite names a full disk SQLITE_FULL in its own writes, but not where it makes a file, enlarges
// the shared-memory file, or where a quota or a limit of file sizes is reached.
bool is_full(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return is_of_system(code) &&
         (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

}  // namespace

void set_fsync_failure_hook(FsyncFailureHook hook) noexcept {
  fsync_failure_hook = hook != nullptr ? hook : print_fsync_failure;
}

void fsync_failed(const char* what) noexcept {
  fsync_failure_hook.load()(what);
  std::abort();
}

void throw_sqlite_error(sqlite3* handle, int code, std::string_view doing) {
  const int last = errno;  // before another call changes it
  if (is_fsync_error(code)) fsync_failed(sqlite3_errstr(code));
  int system_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  if (system_error == 0 && code == SQLITE_IOERR_WRITE) system_error = last;  // within COMMIT
  // sqlite3_errmsg speaks of the last call on the handle, which may not be the one that failed.
  const bool is_last = handle != nullptr && sqlite3_extended_errcode(handle) == code;
  if (const int primary = code & 0xff; primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT)
    throw StorageError(
        Errc::database_damaged,
        fmt::format("skerry.db is damaged or no database of Skerry's (SQLite {})", code),
        "restore a backup: skerry backup restore FILE, or name another folder",
        StorageError::Of::contents);
  std::string what =
      fmt::format("{} (SQLite {}): {}", is_last ? sqlite3_errmsg(handle) : sqlite3_errstr(code),
                  code, doing.substr(0, doing_chars_max));
  if (is_of_system(code) && system_error != 0)
    what += fmt::format(": {}", std::strerror(system_error));
  throw StorageError(
      is_full(code, system_error) ? Errc::storage_full : Errc::io_failed, what, {},
      is_of_contents(code) ? StorageError::Of::contents : StorageError::Of::surroundings);
}

void check_sqlite(sqlite3* handle, int code, std::string_view doing) {
  if (code != SQLITE_OK) throw_sqlite_error(handle, code, doing);
}

}  // namespace skerry::store
