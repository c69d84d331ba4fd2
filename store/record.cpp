#include "store/record.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

#include "core/check.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::store {
namespace {

constexpr int system_columns = 8;  // row … stamps

// The statements of one kind, written once from its description.
struct TableSql {
  std::string columns;
  std::string find;
  std::string exists;
  std::string insert;
  std::string remove;
};

TableSql write_sql(const Kind& kind) {
  TableSql sql;
  std::string names;
  std::string marks = "?1,?2,?3,?4,?5,?6,?7";
  int parameter = 7;
  for (const Field& field : kind.fields) {
    names += fmt::format(",{}", field.name);
    marks += fmt::format(",?{}", ++parameter);
  }
  sql.columns = "row,id,revision,created_at,updated_at,version,scope_customer,stamps" + names;
  sql.find = fmt::format("SELECT {} FROM {} WHERE id=?1", sql.columns, kind.name);
  sql.exists = fmt::format("SELECT 1 FROM {} WHERE id=?1", kind.name);
  sql.insert = fmt::format(
      "INSERT INTO {}(id,revision,created_at,updated_at,version,scope_customer,stamps{}) "
      "VALUES({})",
      kind.name, names, marks);
  sql.remove = fmt::format("DELETE FROM {} WHERE row=?1", kind.name);
  return sql;
}

const TableSql& sql_of(const Kind& kind) {
  static const std::vector<TableSql> all = [] {
    std::vector<TableSql> built;
    for (const Kind& each : all_kinds()) built.push_back(write_sql(each));
    return built;
  }();
  const auto index = static_cast<std::size_t>(&kind - all_kinds().data());
  SKERRY_CHECK(index < all.size());
  return all[index];
}

std::string search_text(const Record& record) {
  std::string text;
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    const json::string* value = record.values[i].if_string();
    if (!record.kind->fields[i].searchable || !value) continue;
    if (!text.empty()) text += ' ';
    text += std::string_view(*value);
  }
  return text;
}

// Binds a field's stored form; `held` keeps a text until the statement has run.
void bind_field(Cursor& cursor, int parameter, const Field& field, const json::value& value,
                std::vector<std::string>& held) {
  if (value.is_array() || value.is_object()) {
    held.push_back(to_json_text(value));
    cursor.bind(parameter, std::string_view(held.back()));
  } else {
    bind_value(cursor, parameter, field, value);
  }
}

// Binds what both insert and update write beside the fields, from `parameter` on.
void bind_system(Cursor& cursor, int parameter, const Record& record, const std::string& stamps) {
  cursor.bind(parameter, record.revision);
  cursor.bind(parameter + 1, record.created_at);
  cursor.bind(parameter + 2, record.updated_at);
  cursor.bind(parameter + 3, record.version);
  cursor.bind(parameter + 4, record.scope_customer);
  cursor.bind(parameter + 5, std::string_view(stamps));
}

void run(Cursor& cursor) {
  while (cursor.next()) {
  }
}

json::value read_column(const Cursor& cursor, int column, const Field& field) {
  if (cursor.is_null(column)) return nullptr;
  switch (field.type) {
    case FieldType::boolean:
      return cursor.integer(column) != 0;
    case FieldType::timestamp:
      return json::string(format_timestamp(cursor.integer(column)));
    case FieldType::reference:
      return json::string(to_string(cursor.id<RecordId>(column)));
    case FieldType::choices:
    case FieldType::group:
      return json::parse(cursor.text(column));
    default:
      return json::string(cursor.text(column));
  }
}

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

void append_column(std::string& out, const Cursor& cursor, int column, const Field& field) {
  if (cursor.is_null(column)) {
    out += "null";
    return;
  }
  switch (field.type) {
    case FieldType::boolean:
      out += cursor.integer(column) != 0 ? "true" : "false";
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
    case FieldType::group:
      out += cursor.text(column);
      return;  // stored as JSON
    default:
      append_json_string(out, cursor.text(column));
  }
}

}  // namespace

const std::string& select_columns(const Kind& kind) { return sql_of(kind).columns; }

void bind_value(Cursor& cursor, int parameter, const Field& field, const json::value& value) {
  if (value.is_null()) {
    cursor.bind(parameter, nullptr);
  } else if (field.type == FieldType::boolean) {
    cursor.bind(parameter, value.get_bool());
  } else if (field.type == FieldType::timestamp) {
    const auto time = parse_timestamp(value.get_string());
    SKERRY_CHECK(time.has_value());
    cursor.bind(parameter, *time);
  } else if (field.type == FieldType::reference) {
    // SQLite copies nothing, so a blob has to outlive the call: it is bound from the text's place.
    const auto id = parse_id<RecordId>(value.get_string());
    SKERRY_CHECK(id.has_value());
    cursor.bind_copy(parameter, id->view());
  } else {
    cursor.bind(parameter, std::string_view(value.get_string()));
  }
}

Record read_record(const Cursor& cursor, const Kind& kind) {
  Record record(kind);
  record.row = cursor.integer(0);
  record.id = cursor.id<RecordId>(1);
  record.revision = cursor.integer(2);
  record.created_at = cursor.integer(3);
  record.updated_at = cursor.integer(4);
  record.version = cursor.integer(5);
  record.scope_customer = cursor.id<RecordId>(6);
  auto stamps = Stamps::parse(cursor.text(7));
  if (!stamps)
    throw StorageError(Errc::io_failed,
                       fmt::format("bad stamps of {} {}", kind.name, to_string(record.id)));
  record.stamps = std::move(*stamps);
  for (std::size_t i = 0; i < kind.fields.size(); ++i)
    record.values[i] = read_column(cursor, system_columns + static_cast<int>(i), kind.fields[i]);
  return record;
}

std::optional<Record> find_record(Connection& connection, const Kind& kind, const RecordId& id) {
  Cursor cursor = connection.query(sql_of(kind).find, id);
  if (!cursor.next()) return std::nullopt;
  return read_record(cursor, kind);
}

bool record_exists(Connection& connection, const Kind& kind, const RecordId& id) {
  return connection.query(sql_of(kind).exists, id).next();
}

void insert_record(Connection& connection, Record& record) {
  const std::string stamps = record.stamps.to_text();
  std::vector<std::string> held;
  held.reserve(record.values.size());
  {
    Cursor cursor = connection.statement(sql_of(*record.kind).insert);
    cursor.bind(1, record.id);
    bind_system(cursor, 2, record, stamps);
    for (std::size_t i = 0; i < record.values.size(); ++i)
      bind_field(cursor, system_columns + static_cast<int>(i), record.kind->fields[i],
                 record.values[i], held);
    run(cursor);
  }
  record.row = connection.last_insert_rowid();
  search_index::insert(connection, record.kind->name, record.row, search_text(record));
}

// Sets only the fields that changed: SQLite writes every index anew that has a column of the SET
// list, whether the value is another one or not.
void replace_record(Connection& connection, const Record& before, Record& record) {
  SKERRY_CHECK(before.id == record.id);
  record.row = before.row;
  std::vector<std::size_t> changed;
  std::string sql = fmt::format(
      "UPDATE {} SET revision=?2,created_at=?3,updated_at=?4,version=?5,scope_customer=?6,"
      "stamps=?7",
      record.kind->name);
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    if (before.values[i] == record.values[i]) continue;
    changed.push_back(i);
    fmt::format_to(std::back_inserter(sql), ",{}=?{}", record.kind->fields[i].name,
                   7 + changed.size());
  }
  sql += " WHERE row=?1";
  const std::string stamps = record.stamps.to_text();
  std::vector<std::string> held;
  held.reserve(changed.size());
  {
    Cursor cursor = connection.statement(sql);
    cursor.bind(1, record.row);
    bind_system(cursor, 2, record, stamps);
    int parameter = system_columns;
    for (const std::size_t i : changed)
      bind_field(cursor, parameter++, record.kind->fields[i], record.values[i], held);
    run(cursor);
  }
  const std::string old_text = search_text(before);
  const std::string new_text = search_text(record);
  if (old_text == new_text) return;
  search_index::remove(connection, record.kind->name, record.row, old_text);
  search_index::insert(connection, record.kind->name, record.row, new_text);
}

void delete_record(Connection& connection, const Record& before) {
  search_index::remove(connection, before.kind->name, before.row, search_text(before));
  connection.execute(sql_of(*before.kind).remove, before.row);
}

void append_record_json(std::string& out, const Cursor& cursor, const Kind& kind) {
  append_head(out, cursor.id<RecordId>(1), cursor.integer(2), cursor.integer(3), cursor.integer(4));
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    out += ",\"";
    out += kind.fields[i].name;
    out += "\":";
    append_column(out, cursor, system_columns + static_cast<int>(i), kind.fields[i]);
  }
  out += '}';
}

std::optional<std::int64_t> append_found_json(std::string& out, Connection& connection,
                                              const Kind& kind, const RecordId& id) {
  Cursor cursor = connection.query(sql_of(kind).find, id);
  if (!cursor.next()) return std::nullopt;
  append_record_json(out, cursor, kind);
  return cursor.integer(2);
}

void append_record_json(std::string& out, const Record& record) {
  append_head(out, record.id, record.revision, record.created_at, record.updated_at);
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    out += ",\"";
    out += record.kind->fields[i].name;
    out += "\":";
    append_json(out, record.values[i]);
  }
  out += '}';
}

std::string record_json(const Record& record) {
  std::string text;
  text.reserve(512);
  append_record_json(text, record);
  return text;
}

Version newest_version(const Record& record) {
  Version newest = record.stamps.every().version;
  for (const Field& field : record.kind->fields)
    newest = std::max(newest, record.stamps.of(field.name).version);
  return newest;
}

std::string record_label(const Record& record) {
  const int field = record.kind->find_field(record.kind->label);
  SKERRY_CHECK(field >= 0);
  const json::string* label = record.values[static_cast<std::size_t>(field)].if_string();
  if (!label) return {};
  std::string text(*label);
  if (text.size() <= 80) return text;
  std::size_t end = 77;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Result<void> check_tables(Connection& connection) {
  for (const Kind& kind : all_kinds()) {
    std::string columns;
    Cursor cursor =
        connection.query("SELECT name FROM pragma_table_info(?1) ORDER BY cid", kind.name);
    while (cursor.next())
      columns += fmt::format("{}{}", columns.empty() ? "" : ",", cursor.text(0));
    if (columns != sql_of(kind).columns)
      return fail(Errc::internal, fmt::format("table {} has columns {}, its kind asks for {}",
                                              kind.name, columns, sql_of(kind).columns));
  }
  return {};
}

}  // namespace skerry::store
