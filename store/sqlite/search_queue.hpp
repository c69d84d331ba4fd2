// Changes of the search index that wait for the end of the writer's transaction (search_index.hpp
// says why). Belongs to a connection; only for the files of store/sqlite.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::store {

class Connection;

struct SearchChange {
  std::string kind_table;
  std::int64_t rowid;
  bool is_removal;
  std::string text;
};

class SearchQueue {
 public:
  // From begin_transaction() to flush() or clear() changes wait; otherwise they are made at once.
  void begin_transaction() { deferring_ = true; }
  void add(Connection& connection, SearchChange change);
  // Makes all of them. Throws StorageError, also when making some of them earlier has failed: those
  // are lost, so the transaction must be, whatever its jobs made of the error.
  void flush(Connection& connection);
  void clear();

  // In step with the savepoints of the transaction.
  void open_savepoint() { marks_.push_back(changes_.size()); }
  void release_savepoint(Connection& connection);
  void roll_back_savepoint();

 private:
  void flush_if_many(Connection& connection);
  void make_all(Connection& connection, std::vector<SearchChange> changes);

  bool deferring_ = false;
  bool failed_ = false;
  std::vector<SearchChange> changes_;  // in the order they were asked for
  std::vector<std::size_t> marks_;     // size of changes_ when each open savepoint began
};

}  // namespace skerry::store
