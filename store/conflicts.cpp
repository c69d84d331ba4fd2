#include "store/conflicts.hpp"

#include <array>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"

namespace skerry::store {
namespace {

constexpr std::array<std::string_view, 7> type_names{
    "concurrent",     "edit_vs_delete", "delete_vs_edit", "duplicate_key",
    "not_authorised", "out_of_scope",   "in_use"};
constexpr std::string_view columns =
    "id,type,kind,record,scope_customer,field,winner,loser,state,decided_by,resolution,created_at,"
    "resolved_at,version";

json::object read_object(std::string_view text) {
  if (text.empty()) return {};
  json::value value = parse_kept_json(text);
  return value.is_object() ? std::move(value.get_object()) : json::object();
}

Conflict read_conflict(const Cursor& cursor) {
  Conflict conflict;
  conflict.id = cursor.id<RecordId>(0);
  conflict.type = parse_conflict_type(cursor.text(1)).value_or(ConflictType::concurrent);
  conflict.kind = find_kind(cursor.text(2));
  conflict.record = cursor.id<RecordId>(3);
  conflict.scope_customer = cursor.id<RecordId>(4);
  conflict.field = cursor.text(5);
  conflict.winner = read_object(cursor.text(6));
  conflict.loser = read_object(cursor.text(7));
  conflict.open = cursor.text(8) == "open";
  conflict.decided_by = cursor.text(9);
  conflict.resolution = read_object(cursor.text(10));
  conflict.created_at = cursor.integer(11);
  if (!cursor.is_null(12)) conflict.resolved_at = cursor.integer(12);
  conflict.version = cursor.integer(13);
  return conflict;
}

json::object object_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_object() ? value->get_object() : json::object();
}

std::vector<Conflict> read_all(Cursor cursor) {
  std::vector<Conflict> conflicts;
  while (cursor.next()) conflicts.push_back(read_conflict(cursor));
  return conflicts;
}

}  // namespace

std::optional<RecordId> Conflict::other() const {
  return parse_id<RecordId>(text_of(winner, "record"));
}

std::string_view to_text(ConflictType type) { return type_names[static_cast<std::size_t>(type)]; }

std::optional<ConflictType> parse_conflict_type(std::string_view text) {
  for (std::size_t i = 0; i < type_names.size(); ++i)
    if (type_names[i] == text) return static_cast<ConflictType>(i);
  return std::nullopt;
}

std::optional<Conflict> find_conflict(Connection& connection, const RecordId& id) {
  const std::string sql = fmt::format("SELECT {} FROM conflict WHERE id=?1", columns);
  Cursor cursor = connection.query(sql, id);
  if (!cursor.next()) return std::nullopt;
  return read_conflict(cursor);
}

void write_conflict(Connection& connection, const Conflict& conflict) {
  const std::string winner = to_json_text(conflict.winner);
  const std::string loser = to_json_text(conflict.loser);
  const std::string resolution = to_json_text(conflict.resolution);
  connection.execute(
      "INSERT INTO conflict(id,type,kind,record,scope_customer,field,winner,loser,state,decided_by,"
      "resolution,created_at,resolved_at,version,other) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15) ON CONFLICT(id) DO UPDATE SET "
      "other=excluded.other,winner=excluded.winner,loser=excluded.loser,state=excluded.state,"
      "decided_by=excluded.decided_by,resolution=excluded.resolution,"
      "resolved_at=excluded.resolved_at,version=excluded.version",
      conflict.id, to_text(conflict.type), conflict.kind->name, conflict.record,
      conflict.scope_customer, conflict.field, winner, loser, conflict.open ? "open" : "resolved",
      conflict.decided_by, resolution, conflict.created_at, conflict.resolved_at, conflict.version,
      conflict.other());
}

std::vector<Conflict> conflicts_of(Connection& connection, const RecordId& customer,
                                   const RecordId& after, std::int64_t rows) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM conflict WHERE scope_customer=?1 AND id>?2 ORDER BY id LIMIT ?3", columns);
  return read_all(connection.query(sql, customer, after, rows));
}

std::vector<Conflict> open_about_whole(Connection& connection, const RecordId& record) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM conflict WHERE id IN (SELECT id FROM conflict WHERE record=?1 AND "
      "state='open' AND field='' ORDER BY version DESC LIMIT {}) ORDER BY id",
      columns, about_whole_max);
  return read_all(connection.query(sql, record));
}

std::vector<Conflict> open_duplicates(Connection& connection, const RecordId& record) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM conflict WHERE (record=?1 OR other=?1) AND state='open' AND "
      "type='duplicate_key' ORDER BY id",
      columns);
  return read_all(connection.query(sql, record));
}

void erase_conflicts(Connection& connection, const std::optional<RecordId>& customer) {
  if (customer)
    connection.execute("DELETE FROM conflict WHERE scope_customer=?1", *customer);
  else
    connection.execute("DELETE FROM conflict");
}

std::vector<Conflict> open_behind(Connection& connection, std::int64_t n) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM conflict WHERE version>?1 AND state='open' ORDER BY version,id", columns);
  return read_all(connection.query(sql, n));
}

std::int64_t count_open_conflicts(Connection& connection) {
  Cursor cursor = connection.query("SELECT count(*) FROM conflict WHERE state='open'");
  return cursor.next() ? cursor.integer(0) : 0;
}

std::vector<Conflict> list_conflicts(Connection& connection, const ConflictQuery& query) {
  std::string sql = fmt::format("SELECT {} FROM conflict WHERE (created_at,id)>(?1,?2)", columns);
  if (query.open) sql += *query.open ? " AND state='open'" : " AND state='resolved'";
  if (query.record) sql += " AND (record=?4 OR other=?4)";
  sql += " ORDER BY created_at,id LIMIT ?3";
  Cursor cursor = connection.query(sql, query.after_created_at, query.after_id, query.limit);
  if (query.record) cursor.bind(4, *query.record);
  return read_all(std::move(cursor));
}

json::object to_json(const Conflict& conflict) {
  json::object object{{"id", to_string(conflict.id)},
                      {"type", to_text(conflict.type)},
                      {"kind", conflict.kind->name},
                      {"record", to_string(conflict.record)},
                      {"customer", to_string(conflict.scope_customer)}};
  object["field"] = conflict.field.empty() ? json::value() : json::value(conflict.field);
  object["winner"] = conflict.winner;
  object["loser"] = conflict.loser;
  object["state"] = conflict.open ? "open" : "resolved";
  object["decided_by"] =
      conflict.decided_by.empty() ? json::value() : json::value(conflict.decided_by);
  object["resolution"] =
      conflict.resolution.empty() ? json::value() : json::value(conflict.resolution);
  object["created_at"] = format_timestamp(conflict.created_at);
  object["resolved_at"] =
      conflict.resolved_at ? json::value(format_timestamp(*conflict.resolved_at)) : json::value();
  return object;
}

Result<Conflict> conflict_from_json(const json::object& object) {
  const auto id = parse_id<RecordId>(text_of(object, "id"));
  const auto type = parse_conflict_type(text_of(object, "type"));
  const Kind* kind = find_kind(text_of(object, "kind"));
  const auto record = parse_id<RecordId>(text_of(object, "record"));
  const auto customer = parse_id<RecordId>(text_of(object, "customer"));
  const auto created = parse_timestamp(text_of(object, "created_at"));
  const std::string_view state = text_of(object, "state");
  if (!id || !type || !kind || !record || !customer || !created ||
      (state != "open" && state != "resolved"))
    return fail(Errc::corrupt_bundle, "a conflict record lacks one of its members");
  Conflict conflict;
  conflict.id = *id;
  conflict.type = *type;
  conflict.kind = kind;
  conflict.record = *record;
  conflict.scope_customer = *customer;
  conflict.field = text_of(object, "field");
  conflict.winner = object_member(object, "winner");
  conflict.loser = object_member(object, "loser");
  conflict.open = state == "open";
  conflict.decided_by = text_of(object, "decided_by");
  conflict.resolution = object_member(object, "resolution");
  conflict.created_at = *created;
  conflict.resolved_at = parse_timestamp(text_of(object, "resolved_at"));
  return conflict;
}

}  // namespace skerry::store
