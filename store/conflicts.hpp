// Conflict records (SYNC 4.4): two writers' values of one field, or two records of one key. Central
// makes them while it takes rows in; sites in scope get copies; nothing that was lost is thrown
// away.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

enum class ConflictType {
  concurrent,
  edit_vs_delete,
  delete_vs_edit,
  duplicate_key,
  not_authorised,
  out_of_scope,
  in_use  // a deletion, against what refers to the record by now
};
std::string_view to_text(ConflictType type);
std::optional<ConflictType> parse_conflict_type(std::string_view text);

struct Conflict {
  RecordId id;
  ConflictType type = ConflictType::concurrent;
  const Kind* kind = nullptr;
  RecordId record;
  RecordId scope_customer;
  std::string field;    // empty: the whole record
  json::object winner;  // {value, author, version, effective}
  json::object loser;   // {value, old, author, uid, hlc, wall, base}
  bool open = true;
  std::string decided_by;   // who or what resolved it; "rule" for agreement by rule
  json::object resolution;  // {choice, value, version, before, after}
  UnixMillis created_at = 0;
  std::optional<UnixMillis> resolved_at;
  std::int64_t version = 0;  // n of central's log; 0 for a decision central has not seen

  // The second record, where two are in conflict: that of the winner.
  std::optional<RecordId> other() const;
};

std::optional<Conflict> find_conflict(Connection& connection, const RecordId& id);
// Inserts or replaces.
void write_conflict(Connection& connection, const Conflict& conflict);
// About the record as a whole, not a field of it: the newest, so that each edit of what is gone
// costs the same whatever a peer sends.
inline constexpr int about_whole_max = 50;
std::vector<Conflict> open_about_whole(Connection& connection, const RecordId& record);
// Over the keys of this record, whichever side it is.
std::vector<Conflict> open_duplicates(Connection& connection, const RecordId& record);
// Those that arose, or were opened again, behind this row of central's log, in its order.
std::vector<Conflict> open_behind(Connection& connection, std::int64_t n);
std::int64_t count_open_conflicts(Connection& connection);
// Those told under the customer, in the order of their ids behind `after`, at most `rows`.
std::vector<Conflict> conflicts_of(Connection& connection, const RecordId& customer,
                                   const RecordId& after, std::int64_t rows);
// At a site: what it may not see any more; without a customer all of them.
void erase_conflicts(Connection& connection, const std::optional<RecordId>& customer);

struct ConflictQuery {
  std::optional<bool> open;
  std::optional<RecordId> record;     // either one
  std::int64_t after_created_at = 0;  // with after_id: the last one of the page before
  RecordId after_id;
  std::int64_t limit = 50;
};
std::vector<Conflict> list_conflicts(Connection& connection, const ConflictQuery& query);

// The form of the wire and the API; read back by conflict_from_json.
json::object to_json(const Conflict& conflict);
Result<Conflict> conflict_from_json(const json::object& object);

}  // namespace skerry::store
