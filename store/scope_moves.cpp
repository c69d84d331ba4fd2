#include "store/scope_moves.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace skerry::store {
namespace {

// Records whose way to their customer leads through `parent`.
std::vector<Record> followers(Connection& connection, const Record& parent) {
  std::vector<Record> found;
  for (const Kind& kind : all_kinds()) {
    if (kind.scope != ScopePath::follows) continue;
    const int position = kind.find_field(kind.scope_field);
    const auto& options = kind.fields[static_cast<std::size_t>(position)].options;
    if (std::find(options.begin(), options.end(), parent.kind->name) == options.end()) continue;
    auto cursor = connection.query(fmt::format("SELECT {} FROM {} WHERE {}=?1",
                                               select_columns(kind), kind.name, kind.scope_field),
                                   parent.id);
    while (cursor.next()) found.push_back(read_record(cursor, kind));
  }
  return found;
}

}  // namespace

void follow_scope(Connection& connection, const Record& before, const Record& after,
                  std::int64_t n) {
  if (before.scope == after.scope) return;
  const auto note = [&](const RecordId& customer) {
    connection.execute(
        "INSERT INTO scope_move(record,kind,customer,version) VALUES(?1,?2,?3,?4) "
        "ON CONFLICT(record,customer) DO UPDATE SET version=excluded.version",
        after.id, after.kind->name, customer, n);
  };
  note(RecordId{});  // that it moved at all: who comes to see it needs more than what changed
  for (const RecordId& customer : {before.scope.customer, before.scope.place})
    if (!customer.is_zero() && customer != after.scope.customer && customer != after.scope.place)
      note(customer);
  for (const Record& follower : followers(connection, after)) {
    Record moved = follower;
    moved.scope = after.scope;
    moved.version = n;
    replace_record(connection, follower, moved);
    follow_scope(connection, follower, moved, n);
  }
}

std::vector<RecordId> customers_left(Connection& connection, const RecordId& record,
                                     std::int64_t n) {
  std::vector<RecordId> customers;
  auto cursor =
      connection.query("SELECT customer FROM scope_move WHERE record=?1 AND version=?2", record, n);
  while (cursor.next()) customers.push_back(cursor.id<RecordId>(0));
  return customers;
}

bool moved_since(Connection& connection, const RecordId& record, std::int64_t n) {
  return connection
      .query("SELECT 1 FROM scope_move WHERE record=?1 AND version>?2 LIMIT 1", record, n)
      .next();
}

}  // namespace skerry::store
