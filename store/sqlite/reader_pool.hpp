// Read-only connections, opened when first needed and closed when none was for a while, each in a
// read transaction that is kept while nothing is written. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/mutex.hpp"
#include "store/database.hpp"

namespace skerry::store {

class ReaderPool {
 public:
  ReaderPool(std::filesystem::path file, int readers_max);
  // Every snapshot has been given back.
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Waits while readers_max are out. Throws StorageError when opening fails.
  Snapshot take() SKERRY_EXCLUDES(mutex_);
  void give_back(Snapshot snapshot) SKERRY_EXCLUDES(mutex_);

  // While a group is being committed; ends before anyone hears of it. A snapshot that is taken
  // later sees the group, and one that is taken meanwhile never less than one before it.
  class Commit {
   public:
    explicit Commit(ReaderPool& pool) : pool_(pool) { ++pool_.commits_; }
    ~Commit() { ++pool_.commits_; }
    Commit(const Commit&) = delete;
    Commit& operator=(const Commit&) = delete;

   private:
    ReaderPool& pool_;
  };

  // Ends the transactions of those that nobody has out: they would hold a checkpoint up.
  void release_free() SKERRY_EXCLUDES(mutex_);
  // Closes them all when none was taken since the last call. Whether any was closed.
  bool close_unused() SKERRY_EXCLUDES(mutex_);

 private:
  void bring_up_to_date(Snapshot& snapshot) const;

  const std::filesystem::path file_;
  const int readers_max_;
  std::atomic<std::uint64_t> commits_{0};  // begun and ended: odd while one is being made
  Mutex mutex_;
  Condition given_back_;
  // The one given back last is taken first: its cache is warm, and a small load keeps few caches.
  std::vector<Snapshot> free_ SKERRY_GUARDED_BY(mutex_);
  int out_ SKERRY_GUARDED_BY(mutex_) = 0;
  bool was_used_ SKERRY_GUARDED_BY(mutex_) = false;  // since the last close_unused()
};

}  // namespace skerry::store
