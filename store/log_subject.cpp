#include "store/log_subject.hpp"

#include "store/record_sql.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

std::optional<LogSubject> find_last(Connection& connection, const RecordId& id) {
  Cursor cursor = connection.query(
      "SELECT label,customer,place FROM change_log WHERE record=?1 ORDER BY n DESC LIMIT 1", id);
  if (!cursor.next()) return std::nullopt;
  return LogSubject{std::string(cursor.text(0)), cursor.id<RecordId>(1), cursor.id<RecordId>(2)};
}

// Two columns rather than the whole record: this runs for every row that central takes in.
std::optional<LogSubject> find_now(Connection& connection, const Kind& kind, const RecordId& id) {
  const auto label = static_cast<std::size_t>(kind.find_field(kind.label));
  Cursor cursor = connection.query(sql_of(kind).subject, id);
  if (!cursor.next()) return std::nullopt;
  Record record(kind);
  if (kind.fields[label].type == FieldType::reference)
    record.values[label] = to_string(cursor.id<RecordId>(0));
  else if (!cursor.is_null(0))
    record.values[label] = cursor.text(0);
  record.scope = {cursor.id<RecordId>(1), cursor.id<RecordId>(2)};
  return subject_of(record);
}

std::optional<LogSubject> find_known(Connection& connection, const Kind& kind, const RecordId& id) {
  if (auto now = find_now(connection, kind, id)) return now;
  return find_last(connection, id);
}

}  // namespace

LogSubject subject_of(const Record& record) {
  return {record_label(record), record.scope.customer, record.scope.place};
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
  return subject_of(proposed);
}

}  // namespace skerry::store
