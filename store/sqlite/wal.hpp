// The write-ahead log, kept short by the writer: SQLite before 3.51.3 can lose committed writes
// when two connections checkpoint or write at the same instant, so only the writer's connection
// does either. Writer thread only, but for the counters.
#pragma once

#include <atomic>
#include <cstdint>

#include "store/sqlite/connection.hpp"

namespace skerry::store {

class Wal {
 public:
  // `connection` is the writer's and outlives this.
  explicit Wal(Connection& connection);
  ~Wal();
  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Moves everything into the database file, fsyncs it and empties the log. After an unclean stop
  // what we read may be in the system's cache and not on the disk; this writes it once more.
  // Throws StorageError.
  void checkpoint_fully();

  // Between groups: whether the log has grown enough for a step when nobody waits (`idle`), or has
  // grown too much.
  bool is_due(bool idle);
  // One step. A failure is counted and tried again later: the log still holds everything.
  void checkpoint();

  std::uint64_t pages() const { return pages_; }
  std::uint64_t checkpoints() const { return checkpoints_; }
  std::uint64_t failures() const { return failures_; }

 private:
  int run(int mode);

  Connection& connection_;
  std::uint64_t pages_at_attempt_ = 0;
  std::uint64_t restart_pages_;
  std::atomic<std::uint64_t> pages_{0};
  std::atomic<std::uint64_t> checkpoints_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace skerry::store
