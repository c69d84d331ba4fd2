// A savepoint that ends with its scope; they nest. Inside a WriteJob: undo a part of it and go on.
#pragma once

#include <string>
#include <string_view>

#include "store/sqlite/connection.hpp"

namespace skerry::store {

class Savepoint {
 public:
  // `name`: a word of our own that is not SQL, such as "row". Inside a transaction only.
  Savepoint(Connection& connection, std::string_view name);
  // Rolls back unless released. When SQLite has ended the whole transaction there is nothing to do.
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;

  // Keeps what was done, as part of the transaction around it.
  void release();
  // Undoes what was done since the constructor; the savepoint is over.
  void rollback();

 private:
  Connection& connection_;
  std::string name_;
  bool open_ = true;
};

}  // namespace skerry::store
