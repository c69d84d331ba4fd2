#include "store/sqlite/reader_pool.hpp"

#include <utility>

#include "core/check.hpp"

namespace skerry::store {

ReaderPool::ReaderPool(std::filesystem::path file, int readers_max)
    : file_(std::move(file)), readers_max_(readers_max) {
  SKERRY_CHECK(readers_max_ > 0);
}

ReaderPool::~ReaderPool() {
  MutexLock lock(mutex_);
  SKERRY_CHECK(out_ == 0);
}

Snapshot ReaderPool::take() {
  Snapshot snapshot;
  {
    MutexLock lock(mutex_);
    while (out_ == readers_max_) given_back_.wait(mutex_);
    ++out_;
    was_used_ = true;
    if (!free_.empty()) {
      snapshot = std::move(free_.back());
      free_.pop_back();
    }
  }
  try {
    if (snapshot.connection == nullptr)
      snapshot.connection = Connection::open(file_, Connection::Mode::read_only);
    bring_up_to_date(snapshot);
    return snapshot;
  } catch (...) {
    MutexLock lock(mutex_);
    --out_;
    given_back_.notify_one();
    throw;
  }
}

// To begin and end a transaction costs as much as to look a record up, most of it in locks of the
// file; so one goes on until the next commit begins, and until that has ended none does. The count
// is read first: a group may be seen without being counted, never the reverse.
void ReaderPool::bring_up_to_date(Snapshot& snapshot) const {
  const std::uint64_t commits = commits_;
  Connection& connection = *snapshot.connection;
  if (connection.in_transaction()) {  // SQLite ends one by itself after some errors
    if (snapshot.commits == commits && commits % 2 == 0) return;
    connection.execute("COMMIT");
  }
  connection.execute("BEGIN");
  snapshot.commits = commits;
}

void ReaderPool::give_back(Snapshot snapshot) {
  // It would go on seeing what the next one has no use for.
  SKERRY_CHECK(!snapshot.connection->any_statement_busy());
  MutexLock lock(mutex_);
  free_.push_back(std::move(snapshot));
  --out_;
  given_back_.notify_one();
}

void ReaderPool::release_free() {
  MutexLock lock(mutex_);
  for (const Snapshot& snapshot : free_)
    if (snapshot.connection->in_transaction()) snapshot.connection->execute("COMMIT");
}

bool ReaderPool::close_unused() {
  MutexLock lock(mutex_);
  const bool unused = !std::exchange(was_used_, false) && out_ == 0 && !free_.empty();
  if (unused) free_.clear();
  return unused;
}

}  // namespace skerry::store
