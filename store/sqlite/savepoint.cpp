#include "store/sqlite/savepoint.hpp"

#include "core/check.hpp"
#include "store/sqlite/deferred.hpp"

namespace skerry::store {

Savepoint::Savepoint(Connection& connection, std::string_view name)
    : connection_(connection), name_(name) {
  // Outside a transaction SAVEPOINT would open one of its own, and RELEASE would commit it.
  SKERRY_CHECK(connection.in_transaction());
  connection_.execute("SAVEPOINT " + name_);
  connection_.deferred().open_savepoint();
}

Savepoint::~Savepoint() {
  if (!open_) return;
  if (!connection_.in_transaction()) {
    connection_.deferred().roll_back_savepoint();
    return;
  }
  try {
    rollback();
  } catch (const StorageError&) {
    // Not undone is not an outcome: give up the transaction, which the writer then notices.
    if (connection_.in_transaction()) connection_.execute("ROLLBACK");
  }
}

void Savepoint::release() {
  SKERRY_CHECK(open_);
  connection_.execute("RELEASE " + name_);
  open_ = false;
  connection_.deferred().release_savepoint(connection_);
}

void Savepoint::rollback() {
  SKERRY_CHECK(open_);
  open_ = false;
  connection_.deferred().roll_back_savepoint();
  connection_.execute("ROLLBACK TO " + name_);
  connection_.execute("RELEASE " + name_);
}

}  // namespace skerry::store
