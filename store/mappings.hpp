// Mappings of columns under a name, for files that come again and again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "store/import_columns.hpp"

namespace skerry::store {

struct SavedMapping {
  std::string name;
  std::string kind;  // "customer"
  ColumnWishes columns;
  UnixMillis saved_at = 0;
  std::string saved_by;  // "uid:0"
};

// 1 to 64 letters, digits, blanks, dots, hyphens and underscores.
bool is_mapping_name(std::string_view name);

// Replaces one of the same name.
void save_mapping(Connection& connection, const SavedMapping& mapping);
std::optional<SavedMapping> find_mapping(Connection& connection, std::string_view name);
// By name.
std::vector<SavedMapping> list_mappings(Connection& connection);
// False when there is none.
bool delete_mapping(Connection& connection, std::string_view name);

// {"map":[{"field","header"}],"set":[{"field","value"}],"ignore":[…],"ignore_unknown":…}
json::object columns_json(const ColumnWishes& columns);

// `saved` with what is said now in addition; where both speak of a field, what is said now.
ColumnWishes with_wishes(ColumnWishes saved, const ColumnWishes& now);

}  // namespace skerry::store
