#include "store/record.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "core/check.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "store/custom_fields.hpp"
#include "store/derived.hpp"
#include "store/record_sql.hpp"
#include "store/site_scope.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::store {
namespace {

constexpr int system_columns = record_system_columns;

const json::value& custom_of(const Record& record) {
  static const json::value none;
  const int position = sql_of(*record.kind).custom;
  return position < 0 ? none : record.values[static_cast<std::size_t>(position)];
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
  cursor.bind(parameter + 4, record.scope.customer);
  if (record.scope.place.is_zero())
    cursor.bind(parameter + 5, nullptr);
  else
    cursor.bind(parameter + 5, record.scope.place);
  cursor.bind(parameter + 6, std::string_view(stamps));
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
    case FieldType::integer:
      return cursor.integer(column);
    case FieldType::timestamp:
      return json::string(format_timestamp(cursor.integer(column)));
    case FieldType::reference:
      return json::string(to_string(cursor.id<RecordId>(column)));
    case FieldType::choices:
    case FieldType::texts:
    case FieldType::group:
      return json::parse(cursor.text(column));
    case FieldType::custom:
    case FieldType::settings:
      return parse_kept_json(cursor.text(column));  // they may hold doubles
    case FieldType::scope:
      if (cursor.text(column).starts_with('[')) return json::parse(cursor.text(column));
      return json::string(cursor.text(column));
    default:
      return json::string(cursor.text(column));
  }
}

}  // namespace

const std::string& select_columns(const Kind& kind) { return sql_of(kind).columns; }
const std::string& find_statement(const Kind& kind) { return sql_of(kind).find; }

void bind_value(Cursor& cursor, int parameter, const Field& field, const json::value& value) {
  if (value.is_null()) {
    cursor.bind(parameter, nullptr);
  } else if (field.type == FieldType::boolean) {
    cursor.bind(parameter, value.get_bool());
  } else if (field.type == FieldType::integer) {
    cursor.bind(parameter, value.get_int64());
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

Record::Record(const Kind& k) : kind(&k), values(k.fields.size()), derived(sql_of(k).derived) {}

Record read_record(const Cursor& cursor, const Kind& kind) {
  Record record(kind);
  record.row = cursor.integer(0);
  record.id = cursor.id<RecordId>(1);
  record.revision = cursor.integer(2);
  record.created_at = cursor.integer(3);
  record.updated_at = cursor.integer(4);
  record.version = cursor.integer(5);
  record.scope.customer = cursor.id<RecordId>(6);
  if (!cursor.is_null(7)) record.scope.place = cursor.id<RecordId>(7);
  auto stamps = Stamps::parse(cursor.text(8));
  if (!stamps)
    throw StorageError(Errc::database_damaged,
                       fmt::format("bad stamps of {} {}", kind.name, to_string(record.id)));
  record.stamps = std::move(*stamps);
  int column = system_columns;
  for (std::size_t i = 0; i < kind.fields.size(); ++i)
    record.values[i] = read_column(cursor, column++, kind.fields[i]);
  for (std::size_t i = 0; i < kind.derived.size(); ++i)
    record.derived[i] = read_column(cursor, column++, kind.derived[i]);
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

Error no_such(const Kind& kind, const std::optional<RecordId>& id) {
  return Error(Errc::not_found,
               id ? fmt::format("no {} has the id {}", kind.name, to_string(*id))
                  : fmt::format("no {} has this id", kind.name),
               fmt::format("GET /v1/{} lists those that are there", kind.plural));
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
  index_custom_values(connection, record, nullptr, custom_of(record));
  index_scope(connection, nullptr, record);
  derive_after_insert(connection, record);
}

// Sets only the fields that changed: SQLite writes every index anew that has a column of the SET
// list, whether the value is another one or not.
void replace_record(Connection& connection, const Record& before, Record& record) {
  SKERRY_CHECK(before.id == record.id);
  record.row = before.row;
  std::vector<std::size_t> changed;
  std::string sql = fmt::format(
      "UPDATE {} SET revision=?2,created_at=?3,updated_at=?4,version=?5,scope_customer=?6,"
      "scope_place=?7,stamps=?8",
      record.kind->name);
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    if (before.values[i] == record.values[i]) continue;
    changed.push_back(i);
    fmt::format_to(std::back_inserter(sql), ",\"{}\"=?{}", record.kind->fields[i].name,
                   8 + changed.size());
  }
  std::vector<std::size_t> derived;
  for (std::size_t i = 0; i < record.derived.size(); ++i) {
    if (before.derived[i] == record.derived[i]) continue;
    derived.push_back(i);
    fmt::format_to(std::back_inserter(sql), ",\"{}\"=?{}", record.kind->derived[i].name,
                   8 + changed.size() + derived.size());
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
    for (const std::size_t i : derived)
      bind_value(cursor, parameter++, record.kind->derived[i], record.derived[i]);
    run(cursor);
  }
  const std::string old_text = search_text(before);
  const std::string new_text = search_text(record);
  if (old_text != new_text) {
    search_index::remove(connection, record.kind->name, record.row, old_text);
    search_index::insert(connection, record.kind->name, record.row, new_text);
  }
  index_custom_values(connection, record, custom_of(before), custom_of(record));
  index_scope(connection, &before, record);
  derive_after_replace(connection, before, record);
}

void delete_record(Connection& connection, const Record& before, std::int64_t n) {
  search_index::remove(connection, before.kind->name, before.row, search_text(before));
  connection.execute(sql_of(*before.kind).remove, before.row);
  index_custom_values(connection, before, custom_of(before), nullptr);
  derive_after_delete(connection, before, n);
}

Version newest_version(const Record& record) {
  Version newest = record.stamps.every().version;
  for (const Field& field : record.kind->fields)
    newest = std::max(newest, record.stamps.of(field.name).version);
  return newest;
}

const json::value& Record::value(std::string_view field) const {
  const int position = kind->find_field(field);
  SKERRY_CHECK(position >= 0);
  return values[static_cast<std::size_t>(position)];
}

std::string record_label(const Record& record) {
  const json::string* label = record.value(record.kind->label).if_string();
  if (!label) return {};
  std::string text(*label);
  if (text.size() <= 80) return text;
  return std::string(beginning_of(text, 77)) + "…";
}

Result<void> check_tables(Connection& connection) {
  for (const Kind& kind : all_kinds()) {
    std::string columns;
    Cursor cursor =
        connection.query("SELECT name FROM pragma_table_info(?1) ORDER BY cid", kind.name);
    for (int column = 0; cursor.next(); ++column)
      columns += column == 0               ? std::string(cursor.text(0))
                 : column < system_columns ? fmt::format(",{}", cursor.text(0))
                                           : fmt::format(",\"{}\"", cursor.text(0));
    std::string wanted = sql_of(kind).columns;
    for (const std::string_view name : kind.hidden) wanted += fmt::format(",\"{}\"", name);
    if (columns != wanted)
      return fail(
          Errc::bad_input,
          fmt::format("table {} has columns {}, its kind asks for {}", kind.name, columns, wanted),
          "restore a backup of this version: skerry backup restore FILE");
  }
  return {};
}

}  // namespace skerry::store
