// Read-only connections, opened when first needed. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/mutex.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

class ReaderPool {
 public:
  ReaderPool(std::filesystem::path file, int readers_max);
  // Every connection has been given back.
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Waits while readers_max are out. Throws StorageError when opening fails.
  std::unique_ptr<Connection> take() SKERRY_EXCLUDES(mutex_);
  void give_back(std::unique_ptr<Connection> connection) SKERRY_EXCLUDES(mutex_);

 private:
  const std::filesystem::path file_;
  const int readers_max_;
  Mutex mutex_;
  Condition given_back_;
  // The one given back last is taken first: its cache is warm, and a small load keeps few caches.
  std::vector<std::unique_ptr<Connection>> free_ SKERRY_GUARDED_BY(mutex_);
  int out_ SKERRY_GUARDED_BY(mutex_) = 0;
};

}  // namespace skerry::store
