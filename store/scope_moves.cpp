#include "store/scope_moves.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace skerry::store {
namespace {

constexpr std::int64_t batch_rows = 1000;

// The records of the kind whose `column` names `id`, in the order of their ids.
bool visit_naming(Connection& connection, const Kind& kind, std::string_view column,
                  const RecordId& id, const VisitRecord& visit) {
  const std::string sql =
      fmt::format("SELECT {} FROM {} WHERE {}=?1 AND id>?2 ORDER BY id LIMIT ?3",
                  select_columns(kind), kind.name, column);
  RecordId after;
  while (true) {
    std::vector<Record> batch;
    {
      auto cursor = connection.query(sql, id, after, batch_rows);
      while (cursor.next()) batch.push_back(read_record(cursor, kind));
    }
    for (const Record& record : batch)
      if (!visit(record)) return false;
    if (std::ssize(batch) < batch_rows) return true;
    after = batch.back().id;
  }
}

// Records of kinds with this path whose way to their customer leads through `parent`.
bool visit_followers(Connection& connection, const Kind& parent, const RecordId& id, ScopePath path,
                     const VisitRecord& visit) {
  for (const Kind& kind : all_kinds()) {
    if (kind.scope != path) continue;
    const int position = kind.find_field(kind.scope_field);
    const auto& options = kind.fields[static_cast<std::size_t>(position)].options;
    if (std::find(options.begin(), options.end(), parent.name) == options.end()) continue;
    if (!visit_naming(connection, kind, kind.scope_field, id, visit)) return false;
  }
  return true;
}

// The record, and all that follows it.
bool visit_tree(Connection& connection, const Record& root, const VisitRecord& visit) {
  return visit(root) && visit_followers(connection, *root.kind, root.id, ScopePath::follows,
                                        [&](const Record& follower) {
                                          return visit_tree(connection, follower, visit);
                                        });
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
  visit_followers(connection, *after.kind, after.id, ScopePath::follows,
                  [&](const Record& follower) {
                    Record moved = follower;
                    moved.scope = after.scope;
                    moved.version = n;
                    replace_record(connection, follower, moved);
                    follow_scope(connection, follower, moved, n);
                    return true;
                  });
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

bool visit_records_of(Connection& connection, const RecordId& customer, const VisitRecord& visit) {
  const Kind& kind = *find_kind("customer");
  const auto record = find_record(connection, kind, customer);
  if (record && !visit_tree(connection, *record, visit)) return false;
  const VisitRecord with_followers = [&](const Record& placed) {
    return visit_tree(connection, placed, visit);
  };
  if (!visit_followers(connection, kind, customer, ScopePath::placed, with_followers)) return false;
  // What stands there and belongs to somebody else.
  for (const Kind& placed : all_kinds()) {
    if (placed.scope != ScopePath::placed) continue;
    const bool went_on =
        visit_naming(connection, placed, "scope_place", customer, [&](const Record& each) {
          return each.scope.customer == customer || with_followers(each);
        });
    if (!went_on) return false;
  }
  return true;
}

}  // namespace skerry::store
