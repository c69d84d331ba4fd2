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

std::unique_ptr<Connection> ReaderPool::take() {
  {
    MutexLock lock(mutex_);
    while (out_ == readers_max_) given_back_.wait(mutex_);
    ++out_;
    if (!free_.empty()) {
      std::unique_ptr<Connection> connection = std::move(free_.back());
      free_.pop_back();
      return connection;
    }
  }
  try {
    return Connection::open(file_, Connection::Mode::read_only);
  } catch (...) {
    MutexLock lock(mutex_);
    --out_;
    given_back_.notify_one();
    throw;
  }
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  // Either would pin the state of today for whoever takes the connection next year.
  SKERRY_CHECK(!connection->any_statement_busy() && !connection->in_transaction());
  MutexLock lock(mutex_);
  free_.push_back(std::move(connection));
  --out_;
  given_back_.notify_one();
}

}  // namespace skerry::store
