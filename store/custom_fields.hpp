// The custom fields of a kind: their definitions are records of the kind `custom_field`, their
// values the field `custom` of every shared record (ADR 0015).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/record.hpp"

namespace skerry::store {

struct CustomField {
  std::string key;
  std::string display_name;
  std::string type;  // boolean, date, number, option, text
  std::vector<std::string> options;
  bool required = false;
  bool unique = false;
  bool open = true;  // takes new values
};

// Those that are not archived, in the order people gave them.
std::vector<CustomField> custom_fields_of(Connection& connection, const Kind& kind);

// The columns of a file of the kind: these, and behind them, in the order of their keys, those that
// some record has a value of all the same, since the definition was archived or has not arrived.
std::vector<CustomField> custom_columns_of(Connection& connection, const Kind& kind);

// What is wrong with a value of the field, said as of a plain field of that type; nullopt when
// nothing is.
std::optional<FieldError> complaint_about(const CustomField& field, const json::value& value,
                                          std::string pointer);

// Complaints about the custom fields of a record that a person, program or import writes; `fields`
// are those of its kind, `before` is null for a new one. A value that stays as it is is not looked
// at: its definition may have gone meanwhile. A row of a peer is not checked: what it wrote was
// right where it was written.
void check_custom_values(const std::vector<CustomField>& fields, const Record& record,
                         const json::value& before, bool is_new, std::vector<FieldError>& errors);

// The unique custom fields whose value differs from that of `before` (null for a new record) and
// which another record of the kind has, too. What was shared before stays as it is: it was told.
struct SharedCustomValue {
  std::string key;
  RecordId other;
};
std::vector<SharedCustomValue> find_same_custom(Connection& connection, const Record& record,
                                                const json::value& before);

// Whether some record has a value of the custom field that `definition` describes.
bool has_custom_values(Connection& connection, const Record& definition);

// Table custom_value finds records by the value of a custom field; kept in step by store/record.
void index_custom_values(Connection& connection, const Record& record, const json::value& before,
                         const json::value& after);

// How a value stands in custom_value: `field` is "asset.color"; texts as they are, true and false,
// numbers in their shortest form.
std::string custom_value_field(const Kind& kind, std::string_view key);
std::string custom_value_text(const json::value& value);

}  // namespace skerry::store
