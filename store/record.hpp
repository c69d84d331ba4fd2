// A record as this machine holds it, and its table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/kinds/validate.hpp"
#include "store/sqlite/connection.hpp"
#include "store/stamps.hpp"

namespace skerry::store {

struct Record {
  const Kind* kind = nullptr;
  std::int64_t row = 0;  // place in the table; 0 before it was inserted
  RecordId id;
  std::int64_t revision = 0;  // the ETag: counts the changes seen on this machine
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;  // on this machine
  std::int64_t version = 0;   // n of central's version of the whole record
  RecordId scope_customer;
  Stamps stamps;
  std::vector<json::value> values;  // canonical, in the order of kind->fields

  explicit Record(const Kind& k) : kind(&k), values(k.fields.size()) {}
};

// nullopt when there is none.
std::optional<Record> find_record(Connection& connection, const Kind& kind, const RecordId& id);
bool record_exists(Connection& connection, const Kind& kind, const RecordId& id);

// Insert, replace and delete keep the full-text index in step. They check nothing.
void insert_record(Connection& connection, Record& record);
// `before` is the row as it is in the table.
void replace_record(Connection& connection, const Record& before, Record& record);
void delete_record(Connection& connection, const Record& before);

// The row under the cursor of a statement that begins with `SELECT ` + select_columns(kind).
Record read_record(const Cursor& cursor, const Kind& kind);
const std::string& select_columns(const Kind& kind);

// Binds the stored form of a field's value: the same for rows and for filters.
void bind_value(Cursor& cursor, int parameter, const Field& field, const json::value& value);

// {"id":…,"revision":…,"created_at":…,"updated_at":…, the fields}: what the API answers.
void append_record_json(std::string& out, const Record& record);
std::string record_json(const Record& record);

// The same text straight from the columns, without a Record in between: the way of reads and lists.
void append_record_json(std::string& out, const Cursor& cursor, const Kind& kind);
// Appends the record's JSON and gives its revision; nullopt when there is none.
std::optional<std::int64_t> append_found_json(std::string& out, Connection& connection,
                                              const Kind& kind, const RecordId& id);

// The newest version among the record's fields.
Version newest_version(const Record& record);

// What a person knows the record by; at most 80 characters.
std::string record_label(const Record& record);

// Start-up check: every kind's table has exactly the columns its description asks for.
// Errc::internal names the difference.
Result<void> check_tables(Connection& connection);

}  // namespace skerry::store
