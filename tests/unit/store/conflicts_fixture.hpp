// Conflicts about records that are there, as central finds them.
#pragma once

#include <string>
#include <utility>

#include "store/resolve_conflict.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {

class ConflictsTest : public MachineStoreTest {
 protected:
  using MachineStoreTest::MachineStoreTest;

  // `sites`: where the winner's value, "now", and the loser's were written.
  RecordId conflict_about(const Record& record, ConflictType type, std::string field,
                          json::value loser, std::pair<std::string, std::string> sites = {}) {
    Conflict conflict;
    conflict.id = new_record_id(clock.wall_ms(), random);
    conflict.type = type;
    conflict.kind = record.kind;
    conflict.record = record.id;
    conflict.scope_customer = record.scope.customer;
    conflict.field = std::move(field);
    conflict.winner = {{"value", "now"}, {"author", json::object{{"site", sites.first}}}};
    conflict.loser = {{"value", std::move(loser)},
                      {"author", json::object{{"site", sites.second}}}};
    conflict.created_at = clock.wall_ms();
    conflict.version = role == Role::central ? log.last_n() : 0;
    write([&](Connection& connection) -> Result<void> {
      write_conflict(connection, conflict);
      return {};
    });
    return conflict.id;
  }

  Result<Conflict> resolve(const RecordId& id, const ConflictDecision& decision) {
    return run([&](Connection& connection) {
      return resolve_conflict(connection, log, role, random, id, decision, author);
    });
  }
  Result<Conflict> undo(const RecordId& id) {
    return run([&](Connection& connection) {
      return undo_conflict(connection, log, role, random, id, author);
    });
  }
  Record read(const Record& record) {
    const Reader reader = database->read();
    return *find_record(*reader, *record.kind, record.id);
  }
  std::string last_line() { return text("SELECT line FROM change_log ORDER BY n DESC"); }
};

}  // namespace skerry::store
