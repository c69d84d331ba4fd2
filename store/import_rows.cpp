#include "store/import_rows.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <numeric>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/sha256.hpp"
#include "store/export_records.hpp"

namespace skerry::store {
namespace {

std::string_view unless_blank(std::string_view cell) {
  return trim_blanks(cell).empty() ? std::string_view() : cell;
}

json::value without_nulls(const json::object& group) {
  json::object members;
  for (const auto& [name, value] : group)
    if (!value.is_null()) members[name] = value;
  if (members.empty()) return nullptr;
  return members;
}

}  // namespace

RowReader::RowReader(const Kind& kind, Role role, bool create_parents)
    : kind_(kind), role_(role), create_parents_(create_parents), rule_(find_key_rule(kind)) {
  for (const Field& field : kind.fields) defaults_.push_back(default_value(field));
}

PreparedRow RowReader::read(Connection& connection, std::int64_t number,
                            std::span<const std::string_view> cells) {
  connection_ = &connection;
  cells_ = cells;
  row_ = PreparedRow();
  row_.number = number;
  given_.assign(kind_.fields.size(), std::nullopt);
  named_.clear();
  own_id_ = in_doubt_ = false;
  for (const ImportColumn& column : columns_.columns) take(column, column.text(cells));
  for (const Named& each : named_) resolve(each);
  std::optional<Record> match;
  if (row_.errors.empty() || own_id_ || has_whole_key()) match = find_match();
  check_references(match);
  for (const ImportColumn& column : columns_.columns)
    if (column.use == ColumnUse::custom) take_custom(column, match ? &*match : nullptr);
  const SpelledKey key = spelled_key();
  const std::string for_people =
      key.text.empty() ? key.text : std::string(given_[key.field]->get_string());
  if (match) {
    prepare_update(*match);
    give_up_values(*match);
  } else if (!in_doubt_) {
    prepare_create();
  }
  row_.content = content();
  claim_names(key, for_people);
  claim_values(match ? &*match : nullptr);
  sort_by_column(row_.errors);
  return std::move(row_);
}

void RowReader::sort_by_column(std::vector<TableError>& errors) const {
  if (errors.size() < 2) return;
  const auto place = [&](const TableError& error) {
    return std::find_if(columns_.columns.begin(), columns_.columns.end(),
                        [&](const auto& column) { return column.header == error.column; });
  };
  std::stable_sort(errors.begin(), errors.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

void RowReader::complain(const ImportColumn& column, std::string code, std::string detail) {
  in_doubt_ |= code == "bad_id" && column.use == ColumnUse::id;
  in_doubt_ |= code == "ambiguous_key" && is_of_key(column.field);
  row_.errors.push_back({row_.number, column.header, std::move(code), std::move(detail)});
}

void RowReader::complain(std::size_t field, std::string code, std::string detail) {
  in_doubt_ |= code == "ambiguous_key";
  row_.errors.push_back({row_.number, header_of(field), std::move(code), std::move(detail)});
}

// Of each column what was said first.
void RowReader::take_complaints(const std::vector<FieldError>& complaints) {
  for (const FieldError& each : complaints)
    if (std::string column = column_at(each.pointer); !is_complained(column))
      row_.errors.push_back({row_.number, std::move(column), each.code, each.detail});
}

bool RowReader::is_of_key(std::size_t field) const {
  if (!rule_) return false;
  return rule_->main == field ||
         std::find(rule_->others.begin(), rule_->others.end(), field) != rule_->others.end();
}

bool RowReader::is_complained(std::string_view header) const {
  return std::any_of(row_.errors.begin(), row_.errors.end(),
                     [&](const TableError& error) { return error.column == header; });
}

// In any of the columns that say what it is.
bool RowReader::is_complained(std::size_t field) const {
  if (row_.errors.empty()) return false;
  return is_complained(header_of(field)) ||
         std::any_of(columns_.columns.begin(), columns_.columns.end(), [&](const auto& column) {
           return column.use != ColumnUse::id && column.field == field &&
                  is_complained(std::string_view(column.header));
         });
}

void RowReader::take(const ImportColumn& column, std::string_view cell) {
  switch (column.use) {
    case ColumnUse::id: {
      const std::string_view text = trim_blanks(cell);
      if (text.empty()) return;
      row_.id = parse_id<RecordId>(text);
      own_id_ = row_.id && is_record_id(*row_.id);
      if (!own_id_)
        complain(column, "bad_id",
                 "is not a record id (a UUID of version 7); set the column aside or map it");
      return;
    }
    case ColumnUse::value:
      return take_value(column, cell);
    case ColumnUse::custom:
      return;  // read once it is known what the record holds
    case ColumnUse::by_key:
      named(column).column = &column;
      named(column).key = unless_blank(cell);
      return;
    case ColumnUse::key_part:
      if (const std::string_view text = unless_blank(cell); !text.empty())
        named(column).parts.emplace_back(&column, text);
      return;
    case ColumnUse::parent_name:
      named(column).name = unless_blank(cell);
      named(column).name_column = &column;
      return;
  }
}

void RowReader::take_value(const ImportColumn& column, std::string_view cell) {
  std::vector<FieldError> complaints;
  std::optional<json::value> value = read_cell(*column.what, cell, complaints);
  for (FieldError& each : complaints)
    complain(column, std::move(each.code), std::move(each.detail));
  if (!complaints.empty()) return;
  std::optional<json::value>& field = given_[column.field];
  if (column.member >= 0) {
    if (!field) field = json::object();
    field->as_object()[column.what->name] = value ? std::move(*value) : nullptr;
    return;
  }
  field = value ? std::move(*value) : defaults_[column.field];
  if (field->is_null() && column.what->required) complain(column, "required", "is required");
}

// Whatever else is wrong with the row.
bool RowReader::has_whole_key() const {
  if (!rule_ || in_doubt_ || !given_[rule_->main] || given_[rule_->main]->is_null()) return false;
  return std::none_of(rule_->others.begin(), rule_->others.end(), [&](const std::size_t other) {
    return !given_[other] && is_complained(other);
  });
}

std::optional<Record> RowReader::find_match() {
  // Whether somebody else has its key is the writer's to say: a row before it may take it away.
  if (own_id_) return find_record(*connection_, kind_, *row_.id);
  if (!rule_) return std::nullopt;
  const auto& main = given_[rule_->main];
  if (!main || main->is_null()) return find_whole();
  FieldValues others;
  for (const std::size_t other : rule_->others)
    if (given_[other]) others.push_back({other, *given_[other]});
  auto found = find_by_key(*connection_, *rule_, *main, others);
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return std::move(found.front());
  complain(
      rule_->main, "ambiguous_key",
      fmt::format("more than one {} has this {}; say which by its id", kind_.name, names_of_key()));
  return std::nullopt;
}

// "asset, to_location and arrived_at": what the row says of the key.
std::string RowReader::names_of_key() const {
  std::vector<std::string_view> names{rule_->main_field().name};
  for (const std::size_t other : rule_->others)
    if (given_[other]) names.push_back(kind_.fields[other].name);
  const std::string_view last = names.back();
  names.pop_back();
  return names.empty() ? std::string(last) : fmt::format("{} and {}", fmt::join(names, ", "), last);
}

// Of a row without a key: a record of which all is true that the row says, so that the same file
// makes none twice.
std::optional<Record> RowReader::find_whole() {
  const auto label = static_cast<std::size_t>(kind_.find_field(kind_.label));
  const auto& name = given_[label];
  if (!name || name->is_null()) return std::nullopt;
  auto found = find_by_label(*connection_, kind_, *name, same_label_max + 1);
  for (Record& record : found)
    if (is_true_of(record)) return std::move(record);
  if (std::ssize(found) > same_label_max)
    complain(label, "ambiguous_key",
             fmt::format("more than {} {} have this {}; say which by an id or {}", same_label_max,
                         kind_.plural, kind_.label, rule_->main_field().name));
  return std::nullopt;
}

bool RowReader::is_true_of(const Record& record) const {
  json::object said;
  for (std::size_t i = 0; i < given_.size(); ++i)
    if (given_[i]) said[kind_.fields[i].name] = *given_[i];
  std::vector<FieldError> complaints;
  json::object custom;
  for (const ImportColumn& column : columns_.columns)
    if (column.use == ColumnUse::custom)
      custom[column.custom.key] = custom_value(column, &record, complaints);
  if (!custom.empty()) said["custom"] = std::move(custom);
  const auto changed = read_patch(kind_, said, record.values);
  return complaints.empty() && changed && changed->empty();
}

bool RowReader::owned_by_central(const Field& field) const {
  return role_ == Role::site &&
         (kind_.authority == Authority::central || field.merge == MergeClass::central);
}

void RowReader::prepare_update(const Record& record) {
  json::object wanted;
  for (std::size_t i = 0; i < given_.size(); ++i)
    if (given_[i]) wanted[kind_.fields[i].name] = std::move(*given_[i]);
  std::vector<FieldError> complaints;
  const FieldValues changed = read_patch(kind_, wanted, record.values, complaints);
  take_complaints(complaints);
  row_.id = record.id;
  row_.revision = record.revision;
  for (const FieldValue& value : changed) {
    const Field& field = kind_.fields[value.field];
    if (owned_by_central(field))
      complain(value.field, "owned_by_central",
               fmt::format("{} is central's to write", field.name));
    row_.patch[field.name] = std::move(wanted[field.name]);
  }
  if (!row_.patch.empty()) {
    std::vector<json::value> after = record.values;
    for (const FieldValue& value : changed) after[value.field] = value.value;
    hold_to_rule(record.values, after);
  }
  row_.wish = row_.patch.empty() ? PreparedRow::Wish::nothing : PreparedRow::Wish::update;
}

void RowReader::prepare_create() {
  row_.wish = PreparedRow::Wish::create;
  for (std::size_t i = 0; i < given_.size(); ++i) {
    const Field& field = kind_.fields[i];
    std::optional<json::value>& given = given_[i];
    json::value value = given ? std::move(*given) : defaults_[i];
    if (value.is_null() && is_never_empty(field)) value = defaults_[i];
    if (field.type == FieldType::group && value.is_object())
      value = without_nulls(value.get_object());
    if (field.type == FieldType::custom && value.is_object()) value = custom_values(field, value);
    if (value.is_null()) {
      if (field.required && !is_complained(i)) complain(i, "required", "is required");
      continue;
    }
    if (given && owned_by_central(field))
      complain(i, "owned_by_central", fmt::format("{} is central's to write", field.name));
    row_.values.push_back({i, std::move(value)});
  }
  std::vector<json::value> after(kind_.fields.size());
  for (const FieldValue& value : row_.values) after[value.field] = value.value;
  hold_to_rule({}, after);
}

// In its canonical form, without the empty ones.
json::value RowReader::custom_values(const Field& field, const json::value& given) {
  std::vector<FieldError> complaints;
  json::value values = read_value(field, without_nulls(given.get_object()), "/custom", complaints);
  take_complaints(complaints);
  return values;
}

// As the writer does, which leaves it out where a value is missing because it was refused; what a
// reference names is no matter of it.
void RowReader::hold_to_rule(ValuesView before, ValuesView after) {
  const bool is_missing = std::any_of(row_.errors.begin(), row_.errors.end(), [](const auto& each) {
    return each.code != "reference_not_found";
  });
  if (!kind_.rule || is_missing) return;
  std::vector<FieldError> complaints;
  kind_.rule(kind_, before, after, complaints);
  take_complaints(complaints);
}

std::string RowReader::header_of(std::size_t field) const {
  const ImportColumn* by_name = nullptr;
  for (const ImportColumn& column : columns_.columns) {
    if (column.field != field) continue;
    if (column.use == ColumnUse::value || column.use == ColumnUse::by_key) return column.header;
    if (column.use == ColumnUse::parent_name) by_name = &column;
  }
  return by_name ? by_name->header : std::string(kind_.fields[field].name);
}

std::string RowReader::column_at(std::string_view pointer) const {
  if (!pointer.empty()) pointer.remove_prefix(1);
  const std::size_t slash = pointer.find('/');
  const std::string_view rest =
      slash == std::string_view::npos ? std::string_view() : pointer.substr(slash + 1);
  const std::string_view name = pointer.substr(0, slash);
  const int field = kind_.find_field(name);
  for (const ImportColumn& column : columns_.columns) {
    const bool is_id = column.use == ColumnUse::id && name == "id";
    const bool is_custom =
        column.use == ColumnUse::custom && name == "custom" && column.custom.key == rest;
    const bool is_member =
        column.member >= 0 && static_cast<int>(column.field) == field && column.what->name == rest;
    if (is_id || is_custom || is_member) return column.header;
  }
  if (field < 0) return std::string(name);
  return rest.empty() ? header_of(static_cast<std::size_t>(field))
                      : fmt::format("{}.{}", name, rest);
}

void RowReader::take_custom(const ImportColumn& column, const Record* match) {
  std::vector<FieldError> complaints;
  std::optional<json::value>& field = given_[column.field];
  if (!field) field = json::object();
  field->as_object()[column.custom.key] = custom_value(column, match, complaints);
  for (FieldError& each : complaints)
    complain(column, std::move(each.code), std::move(each.detail));
}

// What the record holds stays as it is, whatever became of the definition.
json::value RowReader::custom_value(const ImportColumn& column, const Record* match,
                                    std::vector<FieldError>& complaints) const {
  const std::string_view cell = column.text(cells_);
  if (match) {
    const json::value& held = member_of(match->values[column.field], column.custom.key);
    if (!held.is_null() && export_cell({}, held) == cell) return held;
  }
  return read_cell(column.custom, cell, complaints).value_or(nullptr);
}

}  // namespace skerry::store
