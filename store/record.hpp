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

// The customers whose scope decides who sees a record: each may be zero, for nobody's.
struct Scope {
  RecordId customer;
  RecordId place;  // of an asset and what follows it: the customer where it stands, if another one
  bool operator==(const Scope&) const = default;
};

struct Record {
  const Kind* kind = nullptr;
  std::int64_t row = 0;  // place in the table; 0 before it was inserted
  RecordId id;
  std::int64_t revision = 0;  // the ETag: counts the changes seen on this machine
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;  // on this machine
  std::int64_t version = 0;   // n of central's version of the whole record
  Scope scope;
  Stamps stamps;
  std::vector<json::value> values;   // canonical, in the order of kind->fields
  std::vector<json::value> derived;  // in the order of kind->derived

  explicit Record(const Kind& k);

  // Of a field of the kind; it must have it (CHECK).
  const json::value& value(std::string_view field) const;
};

// nullopt when there is none.
std::optional<Record> find_record(Connection& connection, const Kind& kind, const RecordId& id);
bool record_exists(Connection& connection, const Kind& kind, const RecordId& id);
// Errc::not_found, with what shows those that are there. `id`: when it is one.
Error no_such(const Kind& kind, const std::optional<RecordId>& id = {});

// Insert, replace and delete keep the full-text index, the index of custom fields and the derived
// columns of other records in step (store/derived.hpp). They check nothing.
void insert_record(Connection& connection, Record& record);
// `before` is the row as it is in the table.
void replace_record(Connection& connection, const Record& before, Record& record);
// `n`: of the deletion in central's log, 0 at a site.
void delete_record(Connection& connection, const Record& before, std::int64_t n);

// The row under the cursor of a statement that begins with `SELECT ` + select_columns(kind).
Record read_record(const Cursor& cursor, const Kind& kind);
const std::string& select_columns(const Kind& kind);
// SELECT of these columns WHERE id=?1.
const std::string& find_statement(const Kind& kind);
inline constexpr int record_system_columns = 9;  // before the fields: row … stamps

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

// What a person knows the record by; at most 80 bytes, and empty when it has no value.
std::string record_label(const Record& record);

// Start-up check: every kind's table has exactly the columns its description asks for.
// Errc::internal names the difference.
Result<void> check_tables(Connection& connection);

}  // namespace skerry::store
