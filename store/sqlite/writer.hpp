// The one writer: a bounded queue, the writer's thread, groups, and checkpoints between them.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "core/mutex.hpp"
#include "store/database.hpp"
#include "store/sqlite/group.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/wal.hpp"

namespace skerry::store {

class Writer {
 public:
  // `connection` is read-write, migrated, and used by nobody else from now on. `readers` is made
  // before the first write and lives until stop().
  Writer(std::unique_ptr<Connection> connection, ReaderPool& readers,
         const DatabaseOptions& options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // As in Database.
  void set_participant(Participant* participant);
  Result<void> submit(std::unique_ptr<WriteJob> job) SKERRY_EXCLUDES(mutex_);
  WriterStats stats() const SKERRY_EXCLUDES(mutex_);
  void stop() SKERRY_EXCLUDES(mutex_);
  bool on_writer_thread() const;

 private:
  using Jobs = std::vector<std::unique_ptr<WriteJob>>;

  void loop();
  // False when there will be no more; no jobs when none came for a while.
  bool take(Jobs& jobs) SKERRY_EXCLUDES(mutex_);
  void let_memory_go();
  void run(const Jobs& jobs);
  bool idle() const SKERRY_EXCLUDES(mutex_);

  const DatabaseOptions options_;
  const std::unique_ptr<Connection> connection_;
  ReaderPool& readers_;
  GroupCommit groups_;                   // writer thread, like connection_, but for its counters
  Wal wal_;                              // writer thread, but for its counters
  std::atomic<std::uint64_t> steps_{0};  // counted by the connection as it works

  std::atomic<std::thread::id> running_on_{};  // the thread inside run()

  mutable Mutex mutex_;
  Condition wake_;
  std::deque<std::unique_ptr<WriteJob>> queue_ SKERRY_GUARDED_BY(mutex_);
  bool waiting_ SKERRY_GUARDED_BY(mutex_) = false;
  bool stopping_ SKERRY_GUARDED_BY(mutex_) = false;

  std::once_flag joined_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace skerry::store
