#include "store/log_subject.hpp"

#include <fmt/format.h>

namespace skerry::store {
namespace {

std::optional<LogSubject> find_last(Connection& connection, const RecordId& id) {
  Cursor cursor = connection.query(
      "SELECT label,customer FROM change_log WHERE record=?1 AND label IS NOT NULL "
      "ORDER BY n DESC LIMIT 1",
      id);
  if (!cursor.next()) return std::nullopt;
  return LogSubject{std::string(cursor.text(0)), cursor.id<RecordId>(1)};
}

// Two columns rather than the whole record: this runs for every row that central takes in.
std::optional<LogSubject> find_now(Connection& connection, const Kind& kind, const RecordId& id) {
  const auto label = static_cast<std::size_t>(kind.find_field(kind.label));
  Cursor cursor = connection.query(
      fmt::format("SELECT {},scope_customer FROM {} WHERE id=?1", kind.label, kind.name), id);
  if (!cursor.next()) return std::nullopt;
  Record record(kind);
  if (kind.fields[label].type == FieldType::reference)
    record.values[label] = to_string(cursor.id<RecordId>(0));
  else if (!cursor.is_null(0))
    record.values[label] = cursor.text(0);
  record.scope_customer = cursor.id<RecordId>(1);
  return subject_of(record);
}

std::optional<LogSubject> find_known(Connection& connection, const Kind& kind, const RecordId& id) {
  if (auto now = find_now(connection, kind, id)) return now;
  return find_last(connection, id);
}

}  // namespace

LogSubject subject_of(const Record& record) {
  return {record_label(record), record.scope_customer};
}

LogSubject find_subject(Connection& connection, const Kind& kind, const RecordId& id) {
  return find_known(connection, kind, id).value_or(LogSubject{});
}

LogSubject find_subject(Connection& connection, const Change& change) {
  if (auto known = find_known(connection, *change.kind, change.record)) return std::move(*known);
  Record proposed(*change.kind);
  proposed.id = change.record;
  for (const FieldChange& field : change.fields) proposed.values[field.field] = field.new_value;
  if (change.kind->scope == ScopePath::itself) {
    proposed.scope_customer = change.record;
  } else if (const int customer = change.kind->find_field("customer"); customer >= 0) {
    const json::string* text = proposed.values[static_cast<std::size_t>(customer)].if_string();
    if (text) proposed.scope_customer = parse_id<RecordId>(*text).value_or(RecordId{});
  }
  return subject_of(proposed);
}

}  // namespace skerry::store
