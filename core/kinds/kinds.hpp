// Every kind of record, described once, as data (ADR 0012). The HTTP API, validation, storage,
// change log, merge, import and OpenAPI read these descriptions: a new field is a line here plus a
// migration, and a start-up check holds the two against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/strict_json.hpp"

namespace skerry {

enum class FieldType : std::uint8_t {
  text,        // UTF-8, 1..length_max characters
  email,       // addr-spec, kept as written
  phone,       // E.164: + and 7–15 digits
  url,         // http or https
  country,     // ISO 3166-1 alpha-2, only inside a group
  boolean,     //
  timestamp,   // RFC 3339, a day alone meaning its midnight UTC; kept as milliseconds
  date,        // a calendar day: 2026-03-02
  decimal,     // a decimal number without rounding, as text: "12.50"
  integer,     // `least`..`length_max`
  choice,      // one of `options`
  choices,     // a set of `options`, kept sorted
  texts,       // an array of different texts, in the order given
  reference,   // the id of a record of one of the kinds in `options`
  scope,       // "all" records of the kind in `options`, or a set of their ids
  group,       // an object of `members`, one register for the merge
  custom_key,  // what a custom field is called in `custom`: [a-z][a-z0-9_.-]{0,49}
  custom,    // the custom fields: an object of keys with a text, number or boolean each (ADR 0015)
  settings,  // as custom, of keys that another record defines, and one register (ADR 0046)
};

// How two writers' values of one field become one (SYNC 4.4).
enum class MergeClass : std::uint8_t {
  central,    // C: central's; a site's write is refused
  site,       // S: the home site's value stands
  fact,       // F: written once by the creator
  shared,     // M: a register both write; concurrent values leave a conflict record
  group,      // G: as shared, the whole object is the register
  set,        // N: observed-remove set
  map,        // a register for each key of an object, each as shared (ADR 0015)
  lifecycle,  // L: join in the order of `options`
};

// Who wins when both wrote a shared register at once. The loser is kept in a conflict record.
enum class MergePolicy : std::uint8_t { last_writer, central, manual };

enum class Authority : std::uint8_t { shared, central, site, local };

enum class Unique : std::uint8_t {
  no,
  everywhere,
  within,  // among the records with the same value of the field `unique_within`
};

struct Field {
  std::string_view name;
  std::string_view title;  // for people, and a header of CSV files
  FieldType type = FieldType::text;
  MergeClass merge = MergeClass::shared;
  MergePolicy policy = MergePolicy::last_writer;
  bool required = false;
  bool searchable = false;  // part of the full-text index
  bool filterable = false;  // an index on (field, id) bounds the list
  bool read_only = false;   // changed by the program's own acts, never by what a client sends
  Unique unique = Unique::no;
  std::string_view unique_within = {};
  std::size_t length_max = 255;  // characters; of an integer, the largest value
  std::span<const std::string_view> options = {};
  std::span<const Field> members = {};
  std::span<const std::string_view> aliases = {};  // headers of CSV files
  std::string_view default_json = "null";
  std::int64_t least = 0;  // of an integer
};

// Who sees a record: sites see the customers of their scope, and what belongs to these.
enum class ScopePath : std::uint8_t {
  itself,      // the record is a customer
  follows,     // who sees the record that `scope_field` names
  placed,      // as follows, and also who sees the location where it stands
  everywhere,  // every site: the catalogue
  nowhere,     // stays at central (ADR 0025)
};

// A record's values by field, canonical; empty for a record that is being made.
using ValuesView = std::span<const json::value>;
struct Kind;
// What no single field can say: complaints about `after`, and about going there from `before`.
using Rule = void (*)(const Kind& kind, ValuesView before, ValuesView after,
                      std::vector<FieldError>& errors);

struct Kind {
  std::string_view name;    // "customer": table, `t` of a change
  std::string_view plural;  // "customers": path of the API
  std::string_view title;
  Authority authority = Authority::shared;
  ScopePath scope = ScopePath::follows;
  std::string_view scope_field = "customer";
  std::string_view label;      // the field a person knows the record by
  std::string_view match_key;  // the field an import recognises a record by; may be empty
  std::span<const Field> fields;
  // Columns that this machine computes from other records, or notes as it works. They are never
  // written, sent, stamped or part of a digest; they are read, filtered and sorted by as any other
  // field.
  std::span<const Field> derived = {};
  // Columns of the table, behind the derived ones, that no answer shows.
  std::span<const std::string_view> hidden = {};
  // How records come to be that no write makes: never created, imported or deleted as others are.
  // A sentence that says what to do instead; empty for a kind that is simply written.
  std::string_view made_by = {};
  bool administered = false;  // changed by administrators only
  Rule rule = nullptr;

  bool is_written() const { return made_by.empty(); }
  // The position of the field in `fields`, or -1.
  int find_field(std::string_view name) const;
  // The position among `fields`, then `derived`, or -1.
  int find_column(std::string_view name) const;
  const Field& field(std::size_t index) const { return fields[index]; }
  const Field& column(std::size_t index) const {
    return index < fields.size() ? fields[index] : derived[index - fields.size()];
  }
  std::size_t columns() const { return fields.size() + derived.size(); }
};

std::span<const Kind> all_kinds();
// nullptr when there is none.
const Kind* find_kind(std::string_view name);
const Kind* find_kind_by_plural(std::string_view plural);

// The version of the descriptions: `sv` of a change, `schema` of a bundle. Raised with each new
// kind, field or rule.
inline constexpr int schema_version = 1;
inline constexpr int schema_version_min = 1;

}  // namespace skerry
