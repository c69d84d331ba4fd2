// Backups of the running machine: one at a time, on a thread of their own, so that no exchange and
// no import waits for one.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/mutex.hpp"
#include "core/strict_json.hpp"
#include "sync/backup/make.hpp"

namespace skerry::api {

namespace asio = boost::asio;
struct Context;

// What the configuration says of backups.
struct BackupSettings {
  std::filesystem::path folder;       // where to, unless another place is named
  std::string recipient;              // of the recovery key, "age1…"; empty: there is none
  std::int64_t interval_seconds = 0;  // between two that are made by themselves; 0: none are
  std::int64_t keep = 7;              // so many of this machine's stay in the folder
  bool by_unit = false;               // systemd says where the daemon may write
};

// Any thread.
class BackupDesk {
 public:
  struct Running {
    std::string step;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };

  // "skerry-backup": what make_backup() and verify_backup() run on.
  asio::thread_pool& worker() { return worker_; }
  std::optional<Running> running() const SKERRY_EXCLUDES(mutex_);

  // Keeps what it is told for running(); Errc::stopping once stop() was called.
  sync::BackupProgress progress();
  void finished() SKERRY_EXCLUDES(mutex_);

  // What runs gives up at its next step. join() waits for it.
  void stop() { stopping_ = true; }
  void join() { worker_.join(); }

 private:
  asio::thread_pool worker_{1};
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  std::optional<Running> running_ SKERRY_GUARDED_BY(mutex_);
};

// What a backup is to be; empty members: as the settings say.
struct BackupWish {
  std::filesystem::path target;  // absolute: a folder that is there, or a file that is not
  std::string recipient;         // "age1…"
};
// On the desk's worker. The folder of the settings is made when it is missing, and the oldest make
// room in it. Errc::no_recovery_key, bad_input for a recipient that is none, and as sync; where the
// unit lets nothing be written, the remedy is a line for the unit.
Result<sync::MadeBackup> make_backup(const Context& context, const BackupWish& wish);
// The same without doing it: what it would begin with, or why not.
Result<store::Backup> try_backup(const Context& context, const BackupWish& wish);
// `file`: an absolute path, or the name of one in the folder.
Result<sync::MadeBackup> verify_backup(const Context& context, const std::filesystem::path& file);

// When the next one is due by itself; nullopt: never, for want of an interval or a recovery key.
// After a failure it is tried again soon.
std::optional<UnixMillis> next_backup_at(store::Connection& connection,
                                         const BackupSettings& settings, UnixMillis now);

// As the API and the command line show one.
json::object to_json(const store::Backup& backup);

// How this machine stands with its backups. Where nobody arranged any, that is no complaint.
struct BackupHealth {
  std::optional<store::Backup> good;  // the newest that was whole when it was last looked at
  std::string complaint;              // what is wrong; empty: all is well
  std::string next;                   // and what to do
};
BackupHealth backup_health(store::Connection& connection, const BackupSettings& settings,
                           UnixMillis now);

}  // namespace skerry::api
