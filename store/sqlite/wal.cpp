#include "store/sqlite/wal.hpp"

#include <sqlite3.h>

#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store {
namespace {

// Pages of 4 KiB added since the last step: enough to be worth two fsyncs, few enough to be short.
constexpr std::uint64_t idle_step_pages = 1000;
constexpr std::uint64_t busy_step_pages = 4000;
// From here on the log is asked to start anew, which waits for the readers in it.
constexpr std::uint64_t restart_pages_first = 16000;
constexpr int restart_wait_ms = 50;

}  // namespace

Wal::Wal(Connection& connection) : connection_(connection), restart_pages_(restart_pages_first) {
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Wal*>(self)->pages_ = static_cast<std::uint64_t>(pages);
        return SQLITE_OK;
      },
      this);
}

Wal::~Wal() { sqlite3_wal_hook(connection_.handle(), nullptr, nullptr); }

int Wal::run(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, nullptr, nullptr);
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
    fsync_failed(sqlite3_errstr(code));
  return code;
}

void Wal::checkpoint_fully() {
  const int code = run(SQLITE_CHECKPOINT_TRUNCATE);
  if (code == SQLITE_BUSY)
    throw StorageError(Errc::locked, "another program is reading the database");
  check_sqlite(connection_.handle(), code, "checkpoint");
  sqlite3_file* file = nullptr;
  check_sqlite(connection_.handle(),
               sqlite3_file_control(connection_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file),
               "checkpoint");
  // With an empty log the checkpoint had nothing to sync.
  check_sqlite(nullptr, file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), "fsync");
  pages_ = 0;
  pages_at_attempt_ = 0;
}

bool Wal::is_due(bool idle) {
  const std::uint64_t pages = pages_;
  if (pages < pages_at_attempt_) {  // the log started anew
    pages_at_attempt_ = 0;
    restart_pages_ = restart_pages_first;
  }
  return pages - pages_at_attempt_ >= (idle ? idle_step_pages : busy_step_pages);
}

void Wal::checkpoint() {
  const std::uint64_t pages = pages_;
  pages_at_attempt_ = pages;
  // PASSIVE waits for nobody, and a write that follows it starts the log anew if no reader is in
  // it at that moment. Under constant reading there may be none; RESTART waits, but not for long,
  // and rarely when something (a backup) keeps its snapshot.
  const bool restart = pages >= restart_pages_;
  if (restart) {
    sqlite3_busy_timeout(connection_.handle(), restart_wait_ms);
    restart_pages_ = pages * 2;
  }
  const int code = run(restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE);
  if (restart) sqlite3_busy_timeout(connection_.handle(), Connection::busy_timeout_ms);
  if (code == SQLITE_OK)
    ++checkpoints_;
  else if (code != SQLITE_BUSY)
    ++failures_;
}

}  // namespace skerry::store
