#include "store/shadow.hpp"

#include "core/json_text.hpp"
#include "core/strict_json.hpp"

namespace skerry::store {

// {"c":created_at,"r":revision,"u":customer,"p":place,"s":stamps,"f":{field:value}}
std::string to_doc(const Record& record) {
  json::object fields;
  for (std::size_t i = 0; i < record.values.size(); ++i)
    if (!record.values[i].is_null()) fields[record.kind->fields[i].name] = record.values[i];
  return to_json_text(json::object{{"c", record.created_at},
                                   {"r", record.revision},
                                   {"u", to_string(record.scope.customer)},
                                   {"p", to_string(record.scope.place)},
                                   {"s", record.stamps.to_text()},
                                   {"f", std::move(fields)}});
}

Record from_doc(const Kind& kind, const RecordId& id, std::string_view doc) {
  const json::object object = parse_kept_json(doc).as_object();
  Record record(kind);
  record.id = id;
  record.created_at = object.at("c").as_int64();
  record.updated_at = record.created_at;
  record.revision = object.at("r").as_int64();
  record.scope = {parse_id<RecordId>(object.at("u").as_string()).value_or(RecordId{}),
                  parse_id<RecordId>(object.at("p").as_string()).value_or(RecordId{})};
  record.stamps = Stamps::parse(object.at("s").as_string()).value_or(Stamps{});
  for (const auto& [name, value] : object.at("f").as_object()) {
    const int field = kind.find_field(name);
    if (field >= 0) record.values[static_cast<std::size_t>(field)] = value;
  }
  return record;
}

std::optional<Record> find_shadow(Connection& connection, const Kind& kind, const RecordId& id) {
  Cursor cursor = connection.query("SELECT doc FROM shadow WHERE record=?1", id);
  if (!cursor.next()) return std::nullopt;
  return from_doc(kind, id, cursor.text(0));
}

std::vector<Record> list_shadows(Connection& connection, const Kind& kind) {
  std::vector<Record> shadows;
  Cursor cursor =
      connection.query("SELECT record,doc FROM shadow WHERE kind=?1 ORDER BY record", kind.name);
  while (cursor.next()) shadows.push_back(from_doc(kind, cursor.id<RecordId>(0), cursor.text(1)));
  return shadows;
}

void write_shadow(Connection& connection, const Record& record) {
  const std::string doc = to_doc(record);
  connection.execute(
      "INSERT INTO shadow(record,kind,doc) VALUES(?1,?2,?3) ON CONFLICT(record) DO UPDATE "
      "SET doc=excluded.doc",
      record.id, record.kind->name, doc);
}

void keep_shadow(Connection& connection, const Record& record) {
  const std::string doc = to_doc(record);
  connection.execute(
      "INSERT INTO shadow(record,kind,doc) VALUES(?1,?2,?3) ON CONFLICT(record) DO NOTHING",
      record.id, record.kind->name, doc);
}

void erase_shadow(Connection& connection, const RecordId& id) {
  connection.execute("DELETE FROM shadow WHERE record=?1", id);
}

}  // namespace skerry::store
