// Which column of a table means which field of a kind, and what a cell means.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kinds/kinds.hpp"
#include "core/kinds/validate.hpp"
#include "store/csv_reader.hpp"
#include "store/custom_fields.hpp"
#include "store/import_keys.hpp"

namespace skerry::store {

// A person's word that the column `header` holds `field`: "name", "city" or "address.city",
// "customer_ref". One column may hold several fields.
struct ColumnMapping {
  std::string field;
  std::string header;
};

// A person's word that `field` is `value` in every row.
struct FixedValue {
  std::string field;
  std::string value;
};

// What a person said about the columns of a file.
struct ColumnWishes {
  std::vector<ColumnMapping> mapping = {};
  std::vector<FixedValue> fixed = {};
  std::vector<std::string> ignored = {};  // headers that are set aside
  bool ignore_unknown = false;            // all that mean nothing
};

enum class ColumnUse : std::uint8_t {
  id,           // the record's own id
  value,        // a field, or a member of a group
  by_key,       // a reference, by the key of the record that is referred to
  key_part,     // another part of that key: the customer of a location, the product of an asset
  parent_name,  // a reference, by what the record is called; beside a key or an id its name
  custom,       // a custom field
};

struct ImportColumn {
  std::size_t cell = 0;              // position in the row
  std::optional<std::string> fixed;  // instead of a cell
  std::string header;                // of the column; of a fixed value the field's name
  ColumnUse use = ColumnUse::value;
  std::size_t field = 0;          // position in kind.fields
  int member = -1;                // position in the field's members, for a group
  const Field* what = nullptr;    // the field, the group's member, or the field of the other kind
  const KeyRule* rule = nullptr;  // by_key, key_part, parent_name: of the kind that is referred to
  std::size_t part = 0;           // key_part: position in rule->kind->fields
  CustomField custom = {};        // custom

  std::string_view text(std::span<const std::string_view> cells) const {
    return fixed ? std::string_view(*fixed) : cells[cell];
  }
};

struct ImportColumns {
  std::vector<ImportColumn> columns;  // in the order of the kind's fields and their members
  std::vector<std::string> ignored;   // headers that were set aside
};

// A header means a field when it is the field's name, title or alias; ASCII case, blanks, hyphens
// and underscores make no difference. Members of a group go by their own name or "group.member",
// custom fields by "custom.key" (`custom_fields` are those of the kind). A record that is referred
// to goes by its id ("owner") or its key ("owner_ref", "owner_account_ref", and the kind's name in
// the field's place where that is unambiguous: "customer_ref", "product_sku", "location_name");
// what else belongs to the key may stand beside it ("to_location_customer_ref"), and a customer or
// a product goes by its name ("owner_name") where it has no column or cell of a key. `wishes` go
// before all of these. "id" is the record's own id; with a mapping it must be mapped, since files
// of other systems have ids of theirs.
//
// A header that means nothing is set aside when `wishes` say so, when there is a mapping, or when
// it is the last one and called "reason" (a reject file that was mended); otherwise it is an error.
//
// Errc::bad_request for wishes that name no header of the file or no field of the kind, with the
// ones there are. Complaints about the header itself go to `errors`: unknown_column, with the field
// that is nearest, read_only_column (computed here), duplicate_column (two headers mean one field),
// required_column (none means a required field, and no column of ids or keys says which record a
// row changes).
Result<ImportColumns> bind_columns(const Kind& kind, const std::vector<std::string>& headers,
                                   const ColumnWishes& wishes,
                                   const std::vector<CustomField>& custom_fields,
                                   std::vector<TableError>& errors);

inline constexpr std::string_view reject_reason_header = "reason";

// The canonical value of a cell, or complaints; nullopt for an empty cell, or one of blanks. A text
// is what the cell holds; around anything else blanks do not count. Booleans are true, false, yes,
// no, 1, 0; a set's choices stand between semicolons or bars, and [] is the empty set. Where an
// empty cell would mean a default, null is "null".
std::optional<json::value> read_cell(const Field& field, std::string_view cell,
                                     std::vector<FieldError>& errors);

// The same for a custom field, whose definition says what it holds.
std::optional<json::value> read_cell(const CustomField& field, std::string_view cell,
                                     std::vector<FieldError>& errors);

}  // namespace skerry::store
