// How a record is written as JSON.
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/record.hpp"

namespace skerry::store {
namespace {

// `{"id":…,"updated_at":…`, what every record begins with.
void append_head(std::string& out, const RecordId& id, std::int64_t revision, UnixMillis created,
                 UnixMillis updated) {
  out += "{\"id\":\"";
  out += to_string(id);
  out += "\",\"revision\":";
  out += std::string_view(fmt::format_int(revision).c_str());
  out += ",\"created_at\":\"";
  out += format_timestamp(created);
  out += "\",\"updated_at\":\"";
  out += format_timestamp(updated);
  out += '"';
}

// A record without custom fields or settings has an empty object of them, so that a client can read
// on.
std::string_view null_text(const Field& field) {
  const bool is_map = field.type == FieldType::custom || field.type == FieldType::settings;
  return is_map ? "{}" : "null";
}

void append_column(std::string& out, const Cursor& cursor, int column, const Field& field) {
  if (cursor.is_null(column)) {
    out += null_text(field);
    return;
  }
  switch (field.type) {
    case FieldType::boolean:
      out += cursor.integer(column) != 0 ? "true" : "false";
      return;
    case FieldType::integer:
      out += std::string_view(fmt::format_int(cursor.integer(column)).c_str());
      return;
    case FieldType::timestamp:
      out += '"';
      out += format_timestamp(cursor.integer(column));
      out += '"';
      return;
    case FieldType::reference:
      out += '"';
      out += to_string(cursor.id<RecordId>(column));
      out += '"';
      return;
    case FieldType::choices:
    case FieldType::texts:
    case FieldType::group:
    case FieldType::custom:
    case FieldType::settings:
      out += cursor.text(column);
      return;  // stored as JSON
    case FieldType::scope:
      if (cursor.text(column).starts_with('['))
        out += cursor.text(column);
      else
        append_json_string(out, cursor.text(column));
      return;
    default:
      append_json_string(out, cursor.text(column));
  }
}

}  // namespace

void append_record_json(std::string& out, const Cursor& cursor, const Kind& kind) {
  append_head(out, cursor.id<RecordId>(1), cursor.integer(2), cursor.integer(3), cursor.integer(4));
  for (std::size_t i = 0; i < kind.columns(); ++i) {
    out += ",\"";
    out += kind.column(i).name;
    out += "\":";
    append_column(out, cursor, record_system_columns + static_cast<int>(i), kind.column(i));
  }
  out += '}';
}

std::optional<std::int64_t> append_found_json(std::string& out, Connection& connection,
                                              const Kind& kind, const RecordId& id) {
  Cursor cursor = connection.query(find_statement(kind), id);
  if (!cursor.next()) return std::nullopt;
  append_record_json(out, cursor, kind);
  return cursor.integer(2);
}

void append_record_json(std::string& out, const Record& record) {
  append_head(out, record.id, record.revision, record.created_at, record.updated_at);
  for (std::size_t i = 0; i < record.kind->columns(); ++i) {
    const Field& field = record.kind->column(i);
    const json::value& value =
        i < record.values.size() ? record.values[i] : record.derived[i - record.values.size()];
    out += ",\"";
    out += field.name;
    out += "\":";
    if (value.is_null())
      out += null_text(field);
    else
      append_json(out, value);
  }
  out += '}';
}

std::string record_json(const Record& record) {
  std::string text;
  text.reserve(512);
  append_record_json(text, record);
  return text;
}

}  // namespace skerry::store
