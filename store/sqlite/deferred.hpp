// What the writer's transaction writes at its end instead of with each row, in step with its
// savepoints. Belongs to a connection; only for the files of store/sqlite.
#pragma once

#include "store/sqlite/search_queue.hpp"
#include "store/sqlite/tally.hpp"

namespace skerry::store {

struct Deferred {
  SearchQueue search;
  TallyQueue tally;

  void begin_transaction() {
    search.begin_transaction();
    tally.begin_transaction();
  }
  // Throws StorageError, and then the transaction must not be committed.
  void flush(Connection& connection) {
    search.flush(connection);
    tally.flush(connection);
  }
  void clear() {
    search.clear();
    tally.clear();
  }
  void open_savepoint() {
    search.open_savepoint();
    tally.open_savepoint();
  }
  void release_savepoint(Connection& connection) {
    search.release_savepoint(connection);
    tally.release_savepoint();
  }
  void roll_back_savepoint() {
    search.roll_back_savepoint();
    tally.roll_back_savepoint();
  }
};

}  // namespace skerry::store
