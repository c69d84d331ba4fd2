// The statements on the table of one kind, written once from its description, so that no row costs
// the text of a statement. Internal to the store.
#pragma once

#include <string>
#include <vector>

#include "core/kinds/kinds.hpp"

namespace skerry::store {

struct KindSql {
  std::string columns;       // of the table: row … stamps, the fields, the derived ones
  std::string list_columns;  // the same, of the table as t
  std::string search_text;   // of t: the text that is in the index of words
  std::string find;          // the columns, by id
  std::string exists;        // by id
  std::string insert;        // id, the other system columns but row, the fields
  std::string remove;        // by row
  std::string scope;         // scope_customer, scope_place, by id
  std::string subject;       // the label's field, scope_customer, scope_place, by id
  // By field: another record with its value (?1) than the one with the id ?2, within the value of
  // Field::unique_within (?3). Empty for a field that is not unique.
  std::vector<std::string> same_key;

  int custom = -1;                   // position of the custom fields among the fields
  std::vector<json::value> derived;  // the derived columns of a record that nothing refers to
};

// `kind` is one of all_kinds() (CHECK). Any thread.
const KindSql& sql_of(const Kind& kind);

}  // namespace skerry::store
