// From JSON of a client, a file or a peer to values that obey a kind's description.
#pragma once

#include <string>
#include <vector>

#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"

namespace skerry {

// A field's value in its canonical form: what is stored, logged, hashed and compared.
//   text, email, phone, url, choice   string      boolean   bool
//   timestamp    RFC 3339 string in UTC with milliseconds (core/timestamp.hpp)
//   choices      sorted array of strings      reference   lower-case id
//   group        object with its non-null members in the order of the description; never empty
//   null         no value, for every type
struct FieldValue {
  std::size_t field;  // position in kind.fields
  json::value value;
};
using FieldValues = std::vector<FieldValue>;

// The canonical form of one value, or complaints under `pointer` appended to `errors`.
json::value read_value(const Field& field, const json::value& value, const std::string& pointer,
                       std::vector<FieldError>& errors);

// The fields of a new record: defaults filled in, required ones present, unknown ones refused.
// Errc::validation_failed carries every complaint.
Result<FieldValues> read_new(const Kind& kind, const json::object& body);

// RFC 7396 merge patch against `current` (canonical values in the order of kind.fields): the fields
// the patch names, with their new values; a field whose value does not change is left out.
Result<FieldValues> read_patch(const Kind& kind, const json::object& patch,
                               const std::vector<json::value>& current);

// The default of a field, canonical.
json::value default_value(const Field& field);

}  // namespace skerry
