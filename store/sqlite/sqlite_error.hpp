// From SQLite's result codes to StorageError. Only for the files of store/sqlite.
#pragma once

#include <string_view>

struct sqlite3;

namespace skerry::store {

// Throws the StorageError for `code`; `doing` says what was attempted (an SQL text or a sentence).
// A failed fsync does not return at all: see set_fsync_failure_hook().
[[noreturn]] void throw_sqlite_error(sqlite3* handle, int code, std::string_view doing);

// throw_sqlite_error() unless `code` is SQLITE_OK.
void check_sqlite(sqlite3* handle, int code, std::string_view doing);

// Ends the process by way of the hook.
[[noreturn]] void fsync_failed(const char* what) noexcept;

}  // namespace skerry::store
