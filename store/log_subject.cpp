#include "store/log_subject.hpp"

#include <fmt/format.h>

#include "store/record_sql.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

std::string text_by_id(Connection& connection, const char* sql, const json::value& named) {
  const json::string* text = named.if_string();
  const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
  if (!id) return {};
  Cursor cursor = connection.query(sql, *id);
  return cursor.next() ? std::string(cursor.text(0)) : to_string(*id);
}

// "SN-9 to Yard, 2026-03-02"
std::string move_label(Connection& connection, const Record& move) {
  Record named(*move.kind);
  std::string text = fmt::format(
      "{} to {}",
      text_by_id(connection, "SELECT serial FROM asset WHERE id=?1", move.value("asset")),
      text_by_id(connection, "SELECT name FROM location WHERE id=?1", move.value("to_location")));
  constexpr std::size_t day = 10;
  for (const char* time : {"arrived_at", "shipped_at", "arrived_expected", "shipped_expected"}) {
    const json::string* at = move.value(time).if_string();
    if (!at) continue;
    text += fmt::format(", {}", std::string_view(*at).substr(0, day));
    break;
  }
  named.values[static_cast<std::size_t>(move.kind->find_field(move.kind->label))] = text;
  return record_label(named);
}

std::optional<LogSubject> find_last(Connection& connection, const RecordId& id) {
  Cursor cursor = connection.query(
      "SELECT label,customer,place FROM change_log WHERE record=?1 ORDER BY n DESC LIMIT 1", id);
  if (!cursor.next()) return std::nullopt;
  return LogSubject{std::string(cursor.text(0)), cursor.id<RecordId>(1), cursor.id<RecordId>(2)};
}

// Two columns rather than the whole record: this runs for every row that central takes in.
std::optional<LogSubject> find_now(Connection& connection, const Kind& kind, const RecordId& id) {
  if (is_called_by_others(kind)) {
    const auto whole = find_record(connection, kind, id);
    return whole ? std::optional(subject_of(connection, *whole)) : std::nullopt;
  }
  const auto label = static_cast<std::size_t>(kind.find_field(kind.label));
  Cursor cursor = connection.query(sql_of(kind).subject, id);
  if (!cursor.next()) return std::nullopt;
  Record record(kind);
  if (kind.fields[label].type == FieldType::reference)
    record.values[label] = to_string(cursor.id<RecordId>(0));
  else if (!cursor.is_null(0))
    record.values[label] = cursor.text(0);
  record.scope = {cursor.id<RecordId>(1), cursor.id<RecordId>(2)};
  return subject_of(connection, record);
}

std::optional<LogSubject> find_known(Connection& connection, const Kind& kind, const RecordId& id) {
  if (auto now = find_now(connection, kind, id)) return now;
  return find_last(connection, id);
}

}  // namespace

bool is_called_by_others(const Kind& kind) { return kind.name == "move"; }

LogSubject subject_of(Connection& connection, const Record& record) {
  std::string label = record_label(record);
  if (label.empty() && is_called_by_others(*record.kind)) label = move_label(connection, record);
  return {std::move(label), record.scope.customer, record.scope.place};
}

LogSubject find_subject(Connection& connection, const Kind& kind, const RecordId& id) {
  return find_known(connection, kind, id).value_or(LogSubject{});
}

LogSubject find_subject(Connection& connection, const Change& change) {
  if (auto known = find_known(connection, *change.kind, change.record)) return std::move(*known);
  Record proposed(*change.kind);
  proposed.id = change.record;
  for (const FieldChange& field : change.fields) proposed.values[field.field] = field.new_value;
  if (const auto scope = scope_of(connection, proposed)) proposed.scope = *scope;
  return subject_of(connection, proposed);
}

}  // namespace skerry::store
