// Rows of a table as what they ask of the records: made, changed, or left as they are. Internal to
// the import.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/role.hpp"
#include "store/import_columns.hpp"
#include "store/import_repeats.hpp"

namespace skerry::store {

// A record that a row refers to and that has to be made first.
struct NewParent {
  const Kind* kind = nullptr;
  RecordId placeholder;  // stands for it until it has an id; equal for equal keys
  FieldValues values;
  std::shared_ptr<const NewParent> parent;  // of its own reference, or null
  std::size_t parent_field = 0;
  bool gives_key = false;  // rows before may have had it made without its key
};

// What one row asks for; all of it checked, but for the rules that need the writer. With errors it
// is refused: what it asks for is then what can be told of it, for the writer to find the others.
struct PreparedRow {
  enum class Wish : std::uint8_t { create, update, nothing };

  std::int64_t number = 0;
  Wish wish = Wish::nothing;
  std::optional<RecordId> id;  // of the record to update; of the new one if the file chose it
  std::int64_t revision = 0;   // of the record to update, as it was read
  FieldValues values;          // create
  json::object patch;          // update: the fields that change
  // The fields whose value is a placeholder.
  std::vector<std::pair<std::size_t, std::shared_ptr<const NewParent>>> parents;
  std::vector<TableError> errors;  // in the order of the columns
  std::vector<Claim> claims;
  std::vector<GivenUp> gives_up;  // update
  std::uint64_t content = 0;      // digest of all that the row says, in the words of the file
  std::string csv;  // the row as it stood in the file, for the reject file; without line end
};

class RowReader {
 public:
  RowReader(const Kind& kind, Role role, bool create_parents);

  void bind(ImportColumns columns) { columns_ = std::move(columns); }
  const ImportColumns& columns() const { return columns_; }

  // Errors of the row, besides those of read_cell: required, bad_id, ambiguous_key,
  // reference_not_found, other_name (a record that is referred to is called otherwise),
  // two_references, owned_by_central. `connection` reads; calls may use different
  // ones.
  PreparedRow read(Connection& connection, std::int64_t number,
                   std::span<const std::string_view> cells);

  // The header of the column that holds what `pointer` names ("/account_ref", "/address/city");
  // where none does, what its header would be.
  std::string column_at(std::string_view pointer) const;
  // Errors of one row into the order of the columns.
  void sort_by_column(std::vector<TableError>& errors) const;

 private:
  // One reference by key or by name, as far as the row spells it out.
  struct Named {
    const ImportColumn* column = nullptr;
    std::string_view key;
    std::string_view name;
    const ImportColumn* name_column = nullptr;
    std::vector<std::pair<const ImportColumn*, std::string_view>> parts;
  };
  struct Resolved {
    RecordId id;  // or the placeholder of `parent`
    std::shared_ptr<NewParent> parent;
    std::string name;  // what people call it
  };
  using Memory = std::unordered_map<std::string, Resolved>;  // by what names it; bounded
  using Known = Memory::iterator;
  using Given = std::vector<std::optional<json::value>>;  // by field; nullopt: no column

  void complain(const ImportColumn& column, std::string code, std::string detail);
  void complain(std::size_t field, std::string code, std::string detail);
  void take_complaints(const std::vector<FieldError>& complaints);
  bool is_of_key(std::size_t field) const;
  bool is_complained(std::string_view header) const;
  bool is_complained(std::size_t field) const;
  void take(const ImportColumn& column, std::string_view cell);
  void take_value(const ImportColumn& column, std::string_view cell);
  void take_custom(const ImportColumn& column, const Record* match);
  json::value custom_value(const ImportColumn& column, const Record* match,
                           std::vector<FieldError>& complaints) const;
  Named& named(const ImportColumn& column);
  void resolve(const Named& named);
  void check_name(const Named& named, const json::value& given);
  void compare_name(const Named& named, std::string_view key, std::string_view name);
  FieldValues own_parts(const Named& named) const;
  RecordId give_key(const Named& named, const json::value& key, const RecordId& by_key);
  std::optional<json::value> read_said(const ImportColumn& column, std::string_view text);
  std::optional<Resolved> resolve_key(const Named& named);
  std::optional<Resolved> resolve_name(const Named& named);
  Known remember(std::string memory, Resolved resolved);
  Resolved new_parent(const Kind& kind, RecordId placeholder, FieldValues said,
                      std::string_view name);
  std::optional<Resolved> look_up(const Named& named, const json::value& key, FieldValues others,
                                  std::shared_ptr<const NewParent> other_parent,
                                  std::size_t other_field);
  void check_references(const std::optional<Record>& match);
  bool has_whole_key() const;
  std::optional<Record> find_match();
  std::optional<Record> find_whole();
  bool is_true_of(const Record& record) const;
  void prepare_update(const Record& record);
  void prepare_create();
  json::value custom_values(const Field& field, const json::value& given);
  void hold_to_rule(ValuesView before, ValuesView after);
  // What a row is recognised by, beside an id.
  struct SpelledKey {
    std::string text;  // empty: nothing
    std::size_t field = 0;
    bool whole = false;  // no key, but all that the row says
  };
  SpelledKey spelled_key() const;
  std::uint64_t content() const;
  void claim_names(const SpelledKey& key, std::string_view key_for_people);
  void claim_id(bool may_repeat);
  void claim_values(const Record* match);
  void give_up_values(const Record& record);
  bool writes_unique_key() const;
  const json::value& wanted(std::size_t field) const;
  std::string header_of(std::size_t field) const;
  std::string names_of_key() const;
  bool owned_by_central(const Field& field) const;

  const Kind& kind_;
  const Role role_;
  const bool create_parents_;
  const KeyRule* const rule_;
  std::vector<json::value> defaults_;
  ImportColumns columns_;
  Memory resolved_;
  std::unordered_map<RecordId, bool> exists_;            // of references by id; bounded
  std::unordered_map<RecordId, std::string> new_names_;  // of parents to be made, by placeholder

  // Of parents to be made, which rows may name by name or by key.
  struct Namesake {
    RecordId placeholder;      // of the one that the name means; zero: of none yet
    std::string key;           // that a row gives it; empty: none does
    bool was_keyless = false;  // a row named it before there was a key
    bool is_several = false;   // rows give the name to more than one
  };
  std::unordered_map<RecordId, Namesake> namesakes_;   // by the placeholder for the name
  std::unordered_map<RecordId, RecordId> given_keys_;  // placeholders: for a key, of whom it is

  // Of the row that is being read.
  Connection* connection_ = nullptr;
  std::span<const std::string_view> cells_;
  PreparedRow row_;
  bool own_id_ = false;    // the row names its record by its id
  bool in_doubt_ = false;  // which record it means is not known: nothing else can be said of it
  Given given_;
  std::vector<Named> named_;
};

}  // namespace skerry::store
