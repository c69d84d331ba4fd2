// Which column of a table means which field of a kind, and what a cell means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/kinds/kinds.hpp"
#include "core/kinds/validate.hpp"
#include "core/role.hpp"
#include "store/csv_reader.hpp"

namespace skerry::store {

// A person's word that the column `header` holds `field`: "name", "city" or "address.city",
// "customer_ref".
struct ColumnMapping {
  std::string field;
  std::string header;
};

struct ImportColumn {
  std::size_t cell = 0;  // position in the row
  std::string header;
  std::size_t field = 0;        // position in kind.fields
  int member = -1;              // position in the field's members, for a group
  bool by_key = false;          // the cell holds the match key of the record that is referred to
  const Field* what = nullptr;  // the field, or the group's member
};

struct ImportColumns {
  std::vector<ImportColumn> columns;  // in the order of the kind's fields and their members
  std::vector<std::string> ignored;   // headers that mean nothing here
};

// A header means a field when it is the field's name, title or alias; ASCII case, blanks, hyphens
// and underscores make no difference. Members of a group go by their own name or "group.member"; a
// record that is referred to, by its id ("customer") or by its match key ("customer_ref").
// `mapping` goes before all of these.
//
// Errc::bad_request for a mapping that names no header of the file or no field of the kind, with
// the ones there are. Complaints about the header itself go to `errors`: duplicate_column (two
// headers mean one field), required_column (none means a required field), owned_by_central (at a
// site).
Result<ImportColumns> bind_columns(const Kind& kind, Role role,
                                   const std::vector<std::string>& headers,
                                   const std::vector<ColumnMapping>& mapping,
                                   std::vector<TableError>& errors);

// The canonical value of a cell, or complaints. Blanks around it do not count; an empty cell is
// null. Booleans are true, false, yes, no, 1, 0; a set's choices stand between semicolons or bars.
json::value read_cell(const Field& field, std::string_view cell, std::vector<FieldError>& errors);

// The kind whose match key a "_ref" column of this reference holds; nullptr when it has none.
const Kind* kind_referred_by_key(const Field& field);

}  // namespace skerry::store
