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

std::optional<PreparedRow> RowReader::read(Connection& connection, std::int64_t number,
                                           std::span<const std::string_view> cells,
                                           std::vector<TableError>& errors) {
  connection_ = &connection;
  errors_ = &errors;
  cells_ = cells;
  row_ = PreparedRow();
  row_.number = number;
  given_.assign(kind_.fields.size(), std::nullopt);
  named_.clear();
  own_id_ = false;
  const std::size_t before = errors.size();
  for (const ImportColumn& column : columns_.columns) take(column, column.text(cells));
  for (const Named& each : named_) resolve(each);
  // Without all of its key, a row is known by its id alone.
  const bool is_sound = errors.size() == before;
  const std::optional<Record> match = is_sound || own_id_ ? find_match() : std::nullopt;
  check_references(match);
  for (const ImportColumn& column : columns_.columns)
    if (column.use == ColumnUse::custom) take_custom(column, match ? &*match : nullptr);
  if (errors.size() > before) {
    sort_by_column(before);
    return std::nullopt;
  }
  const SpelledKey key = spelled_key();
  const std::string for_people =
      key.text.empty() ? key.text : std::string(given_[key.field]->get_string());
  if (match)
    prepare_update(*match);
  else
    prepare_create();
  if (errors.size() > before) return std::nullopt;
  if (note_names(key, for_people)) row_.wish = PreparedRow::Wish::nothing;
  if (errors.size() > before) return std::nullopt;
  return std::move(row_);
}

// The errors of the row from `first` on, in the order of the columns.
void RowReader::sort_by_column(std::size_t first) {
  const auto place = [&](const TableError& error) {
    return std::find_if(columns_.columns.begin(), columns_.columns.end(),
                        [&](const auto& column) { return column.header == error.column; });
  };
  std::stable_sort(errors_->begin() + static_cast<std::ptrdiff_t>(first), errors_->end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

void RowReader::complain(const ImportColumn& column, std::string code, std::string detail) {
  errors_->push_back({row_.number, column.header, std::move(code), std::move(detail)});
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

std::optional<Record> RowReader::find_match() {
  if (own_id_) {
    if (auto record = find_record(*connection_, kind_, *row_.id)) return record;
    if (rule_ && !rule_->unique) return std::nullopt;  // two may have that key
  }
  if (!rule_) return std::nullopt;
  const auto& main = given_[rule_->main];
  if (!main || main->is_null()) return own_id_ ? std::nullopt : find_whole();
  FieldValues others;
  for (const std::size_t other : rule_->others)
    if (given_[other]) others.push_back({other, *given_[other]});
  auto found = find_by_key(*connection_, *rule_, *main, others);
  if (found.empty()) return std::nullopt;
  const auto say = [&](std::string code, std::string detail) {
    errors_->push_back({row_.number, header_of(rule_->main), std::move(code), std::move(detail)});
  };
  const std::string_view key = main->get_string();
  if (own_id_) {
    say("duplicate_key", fmt::format("{} {} is taken by {}", rule_->main_field().name, key,
                                     to_string(found.front().id)));
  } else if (found.size() > 1) {
    say("ambiguous_key", fmt::format("more than one {} has this {}; say which by its id",
                                     kind_.name, names_of_key()));
  } else {
    return std::move(found.front());
  }
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
    errors_->push_back(
        {row_.number, header_of(label), "ambiguous_key",
         fmt::format("more than {} {} have this {}; say which by an id or {}", same_label_max,
                     kind_.plural, kind_.label, rule_->main_field().name)});
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
  const auto changed = read_patch(kind_, wanted, record.values);
  if (!changed) {
    for (const FieldError& each : changed.error().errors)
      errors_->push_back({row_.number, column_at(each.pointer), each.code, each.detail});
    return;
  }
  row_.id = record.id;
  row_.revision = record.revision;
  for (const FieldValue& value : *changed) {
    const Field& field = kind_.fields[value.field];
    if (owned_by_central(field))
      errors_->push_back({row_.number, header_of(value.field), "owned_by_central",
                          fmt::format("{} is central's to write", field.name)});
    row_.patch[field.name] = std::move(wanted[field.name]);
  }
  if (kind_.rule && !row_.patch.empty()) {
    std::vector<json::value> after = record.values;
    for (const FieldValue& value : *changed) after[value.field] = value.value;
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
    if (field.type == FieldType::group && value.is_object())
      value = without_nulls(value.get_object());
    if (field.type == FieldType::custom && value.is_object()) value = custom_values(field, value);
    if (value.is_null()) {
      if (field.required)
        errors_->push_back({row_.number, header_of(i), "required", "is required"});
      continue;
    }
    if (given && owned_by_central(field))
      errors_->push_back({row_.number, header_of(i), "owned_by_central",
                          fmt::format("{} is central's to write", field.name)});
    row_.values.push_back({i, std::move(value)});
  }
  if (!kind_.rule) return;
  std::vector<json::value> after(kind_.fields.size());
  for (const FieldValue& value : row_.values) after[value.field] = value.value;
  hold_to_rule({}, after);
}

// In its canonical form, without the empty ones.
json::value RowReader::custom_values(const Field& field, const json::value& given) {
  std::vector<FieldError> complaints;
  json::value values = read_value(field, without_nulls(given.get_object()), "/custom", complaints);
  for (const FieldError& each : complaints)
    errors_->push_back({row_.number, column_at(each.pointer), each.code, each.detail});
  return values;
}

void RowReader::hold_to_rule(ValuesView before, ValuesView after) {
  std::vector<FieldError> complaints;
  kind_.rule(kind_, before, after, complaints);
  for (FieldError& each : complaints)
    errors_->push_back(
        {row_.number, column_at(each.pointer), std::move(each.code), std::move(each.detail)});
}

// The key that the row itself spells out, or without one all that it says.
RowReader::SpelledKey RowReader::spelled_key() const {
  SpelledKey key;
  if (!rule_) return key;
  std::vector<std::size_t> fields = rule_->others;
  key.field = rule_->main;
  if (!given_[key.field] || given_[key.field]->is_null()) {
    key.field = static_cast<std::size_t>(kind_.find_field(kind_.label));
    if (own_id_ || !given_[key.field]) return key;
    fields.resize(given_.size());
    std::iota(fields.begin(), fields.end(), std::size_t{0});
    key.whole = true;
    key.text = "whole\n";
  }
  append_json(key.text, *given_[key.field]);
  if (kind_.fields[key.field].type == FieldType::email) key.text = ascii_lower(key.text);
  for (const std::size_t field : fields) {
    key.text += '\n';
    if (given_[field]) append_json(key.text, *given_[field]);
  }
  return key;
}

// All that the row says, in the words of the file.
std::uint64_t RowReader::content() const {
  std::string text;
  for (const ImportColumn& column : columns_.columns) {
    const std::string_view cell = column.text(cells_);
    fmt::format_to(std::back_inserter(text), "{}:", cell.size());
    text += cell;
  }
  const Hash whole = crypto::sha256(as_bytes(text));
  std::uint64_t content;
  std::memcpy(&content, whole.data(), sizeof content);
  return content;
}

// A record must not be named twice in a file: by its id, by its key, or once by each. Two ids with
// one key are two records. True for a row that has the key of one before it and says the same, word
// for word: in a table of devices each may name its type.
bool RowReader::note_names(const SpelledKey& key, std::string_view key_for_people) {
  const SeenKeys::Row row{row_.number, content()};
  const auto again = [&](std::string header, std::string_view text, const SeenKeys::Row& before) {
    const bool same = before.content == row.content;
    if (same && !key.whole) return true;
    errors_->push_back({row_.number, std::move(header), "duplicate_row",
                        fmt::format("{} stands in row {} already{}", text, before.number,
                                    same ? "" : ", with other values")});
    return false;
  };
  if (!key.text.empty()) {
    const std::string alone = "k" + key.text;
    const std::string beside_id = "i" + key.text;
    auto before = own_id_ ? seen_.find(as_bytes(alone)) : seen_.add(as_bytes(alone), row);
    if (own_id_)
      seen_.add(as_bytes(beside_id), row);
    else if (!before)
      before = seen_.find(as_bytes(beside_id));
    if (before) return again(header_of(key.field), key_for_people, *before);
  }
  const auto id_column = std::find_if(columns_.columns.begin(), columns_.columns.end(),
                                      [](const auto& each) { return each.use == ColumnUse::id; });
  if (!row_.id || id_column == columns_.columns.end()) return false;
  const auto before = seen_.add(row_.id->view(), row);
  return before && again(id_column->header, to_string(*row_.id), *before);
}

std::string RowReader::header_of(std::size_t field) const {
  for (const ImportColumn& column : columns_.columns)
    if ((column.use == ColumnUse::value || column.use == ColumnUse::by_key) &&
        column.field == field)
      return column.header;
  return std::string(kind_.fields[field].name);
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
