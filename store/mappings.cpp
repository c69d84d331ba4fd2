#include "store/mappings.hpp"

#include <algorithm>

#include "core/json_text.hpp"
#include "core/text.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t name_bytes_max = 64;

std::string text_of(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

// What columns_json() wrote.
ColumnWishes read_columns(std::string_view text) {
  const json::object object = json::parse(text).as_object();
  ColumnWishes columns;
  for (const json::value& each : object.at("map").as_array())
    columns.mapping.push_back(
        {text_of(each.as_object(), "field"), text_of(each.as_object(), "header")});
  for (const json::value& each : object.at("set").as_array())
    columns.fixed.push_back(
        {text_of(each.as_object(), "field"), text_of(each.as_object(), "value")});
  for (const json::value& each : object.at("ignore").as_array())
    columns.ignored.emplace_back(each.as_string());
  columns.ignore_unknown = object.at("ignore_unknown").as_bool();
  return columns;
}

SavedMapping read_mapping(const Cursor& cursor) {
  return {std::string(cursor.text(0)), std::string(cursor.text(1)), read_columns(cursor.text(2)),
          cursor.integer(3), std::string(cursor.text(4))};
}

}  // namespace

bool is_mapping_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '.' || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= name_bytes_max && name == trim_blanks(name) &&
         std::all_of(name.begin(), name.end(), fits);
}

void save_mapping(Connection& connection, const SavedMapping& mapping) {
  const std::string columns = to_json_text(columns_json(mapping.columns));
  connection.execute(
      "INSERT INTO import_mapping(name,kind,columns,saved_at,saved_by) VALUES(?1,?2,?3,?4,?5) "
      "ON CONFLICT(name) DO UPDATE SET kind=?2,columns=?3,saved_at=?4,saved_by=?5",
      mapping.name, mapping.kind, columns, mapping.saved_at, mapping.saved_by);
}

std::optional<SavedMapping> find_mapping(Connection& connection, std::string_view name) {
  Cursor cursor = connection.query(
      "SELECT name,kind,columns,saved_at,saved_by FROM import_mapping WHERE name=?1", name);
  if (!cursor.next()) return std::nullopt;
  return read_mapping(cursor);
}

std::vector<SavedMapping> list_mappings(Connection& connection) {
  std::vector<SavedMapping> mappings;
  Cursor cursor = connection.query(
      "SELECT name,kind,columns,saved_at,saved_by FROM import_mapping ORDER BY name");
  while (cursor.next()) mappings.push_back(read_mapping(cursor));
  return mappings;
}

bool delete_mapping(Connection& connection, std::string_view name) {
  return connection.execute("DELETE FROM import_mapping WHERE name=?1", name) > 0;
}

json::object columns_json(const ColumnWishes& columns) {
  json::array map;
  for (const ColumnMapping& each : columns.mapping)
    map.push_back(json::object{{"field", each.field}, {"header", each.header}});
  json::array set;
  for (const FixedValue& each : columns.fixed)
    set.push_back(json::object{{"field", each.field}, {"value", each.value}});
  return {{"map", std::move(map)},
          {"set", std::move(set)},
          {"ignore", json::array(columns.ignored.begin(), columns.ignored.end())},
          {"ignore_unknown", columns.ignore_unknown}};
}

ColumnWishes with_wishes(ColumnWishes saved, const ColumnWishes& now) {
  const auto said_now = [&](const std::string& field) {
    const auto is = [&](const auto& each) { return each.field == field; };
    return std::any_of(now.mapping.begin(), now.mapping.end(), is) ||
           std::any_of(now.fixed.begin(), now.fixed.end(), is);
  };
  std::erase_if(saved.mapping, [&](const auto& each) { return said_now(each.field); });
  std::erase_if(saved.fixed, [&](const auto& each) { return said_now(each.field); });
  saved.mapping.insert(saved.mapping.end(), now.mapping.begin(), now.mapping.end());
  saved.fixed.insert(saved.fixed.end(), now.fixed.begin(), now.fixed.end());
  for (const std::string& each : now.ignored)
    if (std::find(saved.ignored.begin(), saved.ignored.end(), each) == saved.ignored.end())
      saved.ignored.push_back(each);
  saved.ignore_unknown |= now.ignore_unknown;
  return saved;
}

}  // namespace skerry::store
