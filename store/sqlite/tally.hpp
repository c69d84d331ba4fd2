// Numbers that grow and shrink with the transaction, in table `tally`: how many records of a kind
// there are. Of all that one transaction adds to a number only the sum is written, before COMMIT:
// a statement for each row would cost a twentieth of the row. A job does not see its own additions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::store {

class Connection;

namespace tally {

void add(Connection& connection, std::string_view name, std::int64_t number);
// 0 for a name that nothing was added to.
std::int64_t read(Connection& connection, std::string_view name);

}  // namespace tally

// What waits for the end of the writer's transaction. Belongs to a connection; only for the files
// of store/sqlite.
class TallyQueue {
 public:
  // From begin_transaction() to flush() or clear() additions wait; otherwise they are made at once.
  void begin_transaction() { deferring_ = true; }
  void add(Connection& connection, std::string_view name, std::int64_t number);
  // Throws StorageError.
  void flush(Connection& connection);
  void clear();

  // In step with the savepoints of the transaction.
  void open_savepoint() { marks_.push_back(additions_.size()); }
  void release_savepoint();
  void roll_back_savepoint();

 private:
  struct Addition {
    std::string name;
    std::int64_t number;
  };
  void remember(std::string_view name, std::int64_t number);

  bool deferring_ = false;
  std::vector<Addition> additions_;  // one for each name behind the last mark
  std::vector<std::size_t> marks_;   // size of additions_ when each open savepoint began
};

}  // namespace skerry::store
