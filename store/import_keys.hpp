// The key by which a row of a file is recognised as a record, and a record is named in a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store/record.hpp"

namespace skerry::store {

// The fields that tell one record of a kind from another: `main` has an index, without a value for
// it there is no key; the others belong to it, null being a value like any other.
//   customer account_ref · product sku · contact e-mail within the customer · location name within
//   the customer · asset serial within the product · custom field key within the kind · move
//   everything that says which move it was · note subject and text · plan name · feature and
//   attribute key, edition name within the product · offering sku · order order_ref · entitlement
//   entitlement_ref · site name · allocation site and entitlement
struct KeyRule {
  const Kind* kind = nullptr;
  std::size_t main = 0;
  std::vector<std::size_t> others;
  // A file may name a record of this kind by its main field: customer_ref, product_sku,
  // to_location_name.
  bool names_records = false;
  bool one_index = false;  // an index holds all of them
  bool unique = false;     // a person's write may not make a second record with it
  std::string find_whole;  // the statement for the main field and all of the others

  const Field& main_field() const { return kind->fields[main]; }
};

// nullptr for a kind whose records are recognised by their id alone.
const KeyRule* find_key_rule(const Kind& kind);

// The records, at most two, whose main field has the value `main` and, of rule.others, those in
// `others` have theirs (FieldValue::value may be null). Costs what the index on the main field
// costs.
std::vector<Record> find_by_key(Connection& connection, const KeyRule& rule,
                                const json::value& main, const FieldValues& others);

// The records, at most `limit`, that people know by this label; there is an index on it.
std::vector<Record> find_by_label(Connection& connection, const Kind& kind,
                                  const json::value& label, std::int64_t limit);
inline constexpr std::int64_t same_label_max = 1000;

}  // namespace skerry::store
