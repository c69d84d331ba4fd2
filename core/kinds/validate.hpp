// From JSON of a client, a file or a peer to values that obey a kind's description.
#pragma once

#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"

namespace skerry {

// A field's value in its canonical form: what is stored, logged, hashed and compared.
//   text, email, phone, url, choice   string      boolean   bool
//   timestamp    RFC 3339 string in UTC with milliseconds (core/timestamp.hpp)
//   date, custom_key  string             decimal     string without sign + and leading zeros
//   integer      int64                   texts       array of strings
//   choices      sorted array of strings      reference   lower-case id
//   scope        "all", or a sorted array of ids
//   group        object with its non-null members in the order of the description; never empty
//   custom, settings  object: keys in the order of their bytes, each a string, bool, int64 or
//   double;
//                a double is no whole number below 2^53. Never empty
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
// What is acceptable of them, and a complaint in `errors` about each thing that is not.
FieldValues read_new(const Kind& kind, const json::object& body, std::vector<FieldError>& errors);
// All of them, or refusal_of() the complaints.
Result<FieldValues> read_new(const Kind& kind, const json::object& body);

// RFC 7396 merge patch against `current` (canonical values in the order of kind.fields): the fields
// the patch names, with their new values; a field whose value does not change is left out.
FieldValues read_patch(const Kind& kind, const json::object& patch,
                       const std::vector<json::value>& current, std::vector<FieldError>& errors);
Result<FieldValues> read_patch(const Kind& kind, const json::object& patch,
                               const std::vector<json::value>& current);

// Why a record is refused, with every complaint (at least one): the reason they have in common,
// such as duplicate_key, or Errc::validation_failed.
Error refusal_of(const Kind& kind, std::vector<FieldError> errors);

// Whether a record may get this id: a UUIDv7 (RFC 9562).
bool is_record_id(const RecordId& id);

// Whether `text` can be the key of a custom field: [a-z][a-z0-9_.-]{0,49}.
bool is_custom_key(std::string_view text);

// The default of a field, canonical.
json::value default_value(const Field& field);

// Whether null of a client means the default: of flags and choices that have one, which nobody
// empties. Rows of peers and of old may hold null there.
bool is_never_empty(const Field& field);

}  // namespace skerry
