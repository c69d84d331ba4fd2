// The imports that run on this machine, wait for their turn, or have ended not long ago.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http_types.hpp"
#include "core/mutex.hpp"
#include "store/import_records.hpp"
#include "store/write_records.hpp"

namespace skerry::api {

struct Context;

enum class ImportState : std::uint8_t { waiting, checking, writing, done, failed, cancelled };
std::string_view to_text(ImportState state);

// One import, from its request to its outcome. What is not guarded is fixed before the session is
// shared; `options.watch` and `options.rejects` are its own.
class ImportSession {
 public:
  RecordId id;
  const Kind* kind = nullptr;
  store::ImportOptions options;
  store::Author author;
  SpooledBody file;
  Descriptor rejects;  // written by the importer, read once the session has ended
  UnixMillis created_at = 0;
  store::ImportWatch watch;

  void begin();
  void end(ImportState state, store::ImportReport report, std::optional<Error> error,
           UnixMillis now) SKERRY_EXCLUDES(mutex_);
  ImportState state() const SKERRY_EXCLUDES(mutex_);
  bool has_ended() const { return state() >= ImportState::done; }
  // {"id","kind","state","mode","dry_run",…}, see api/handlers/import_sessions.hpp.
  json::object describe() const SKERRY_EXCLUDES(mutex_);
  // As it will stand when the transaction that brings `report` about has been committed.
  json::object describe(ImportState state, const store::ImportReport& report) const;

 private:
  json::object head(ImportState state) const;
  void add_progress(json::object& out) const;

  mutable Mutex mutex_;
  std::chrono::steady_clock::time_point begun_{};  // of the phase that runs
  std::optional<ImportState> ended_ SKERRY_GUARDED_BY(mutex_);
  store::ImportReport report_ SKERRY_GUARDED_BY(mutex_);
  std::optional<Error> error_ SKERRY_GUARDED_BY(mutex_);
  UnixMillis ended_at_ SKERRY_GUARDED_BY(mutex_) = 0;
  std::atomic<std::int64_t> began_ms_{0};  // steady clock; 0: waits
  std::atomic<std::int64_t> ended_ms_{0};  // 0: goes on
};

// Any thread.
class ImportSessions {
 public:
  static constexpr std::size_t unfinished_max = 16;  // each holds a file of up to 512 MiB
  static constexpr std::size_t ended_max = 32;       // whose rejects can be fetched

  // Errc::busy with too many that wait, Errc::stopping.
  Result<void> add(std::shared_ptr<ImportSession> session) SKERRY_EXCLUDES(mutex_);
  void remove(const RecordId& id) SKERRY_EXCLUDES(mutex_);
  std::shared_ptr<ImportSession> find(const RecordId& id) const SKERRY_EXCLUDES(mutex_);

  // An import without a session, while it runs: it ends when the daemon stops.
  class Guard {
   public:
    Guard(ImportSessions& sessions, store::ImportWatch& watch);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    ImportSessions& sessions_;
    store::ImportWatch* watch_;
  };

  // Cancels all of them and takes no more: what runs ends within a second, what waits does not
  // begin.
  void stop() SKERRY_EXCLUDES(mutex_);
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  friend class Guard;

  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  std::deque<std::shared_ptr<ImportSession>> sessions_ SKERRY_GUARDED_BY(mutex_);
  std::vector<store::ImportWatch*> watches_ SKERRY_GUARDED_BY(mutex_);
};

// The report as the API has it: rows, created, … ignored_columns.
json::object import_report_json(const store::ImportReport& report);

// A file with errors that was to be written: Errc::bad_input with each error at "row 7, column X".
Error import_refusal(const store::ImportReport& report);

// Once, before the first session of a run: those of the run before that never ended were cut off,
// as by a power failure, and have failed.
Result<void> end_cut_imports(Context& context);

// Worker thread: the whole session, to its end on disk. Does not throw.
void run_import_session(Context& context, ImportSession& session);

}  // namespace skerry::api
