#include "store/import_write.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"

namespace skerry::store {
namespace {

// Why a parent cannot be made, told of the field that refers to it.
Error about_parent(const Field& field, const Kind& parent, Error error) {
  std::string why;
  for (const FieldError& each : error.errors)
    why += fmt::format("{}{} {}", why.empty() ? "" : "; ",
                       std::string_view(each.pointer).substr(each.pointer.starts_with('/') ? 1 : 0),
                       each.detail);
  std::string detail =
      fmt::format("no {} can be made: {}", parent.name, why.empty() ? error.detail : why);
  error.errors = {
      {fmt::format("/{}", field.name), std::string(info(error.code).slug), std::move(detail)}};
  return error;
}

}  // namespace

RowCounts& RowCounts::operator+=(const RowCounts& other) {
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  rejected += other.rejected;
  parents_created += other.parents_created;
  return *this;
}

bool RowWriter::write(PreparedRow& row, std::vector<TableError>& errors) {
  if (held_.repeats(row)) {
    ++counts_.unchanged;
    return true;
  }
  touched_parents_ = false;
  const bool is_sound = row.errors.empty();
  const Result<void> done = is_sound ? carry_out(row) : judge(row);
  if (done && is_sound) {
    held_.keep(row);
    return true;
  }
  left_parents_ |= touched_parents_;
  ++counts_.rejected;
  if (!done) add_errors(row, done.error());
  place_.reader.sort_by_column(row.errors);
  std::move(row.errors.begin(), row.errors.end(), std::back_inserter(errors));
  return false;
}

// Of each column what was said first.
void RowWriter::add_errors(PreparedRow& row, const Error& error) const {
  const std::size_t known = row.errors.size();
  if (error.errors.empty() && known == 0)
    row.errors.push_back({row.number, {}, std::string(info(error.code).slug), error.detail});
  for (const FieldError& each : error.errors) {
    if (each.pointer.empty()) continue;  // stands for those of the reader
    std::string column = place_.reader.column_at(each.pointer);
    const auto end = row.errors.begin() + static_cast<std::ptrdiff_t>(known);
    if (std::none_of(row.errors.begin(), end, [&](const auto& e) { return e.column == column; }))
      row.errors.push_back({row.number, std::move(column), each.code, each.detail});
  }
}

// A row with errors: what else the writer has against it. Nothing is written; a record that would
// have to be made for it is left out.
Result<void> RowWriter::judge(PreparedRow& row) {
  std::vector<FieldError> refused{{{}, "refused", {}}};
  const Kind& kind = place_.kind;
  for (const auto& [field, parent] : row.parents) {
    const std::size_t made = field;
    std::erase_if(row.values, [&](const FieldValue& value) { return value.field == made; });
    row.patch.erase(kind.fields[made].name);
  }
  if (row.wish == PreparedRow::Wish::create) {
    SKERRY_TRY_VOID(writer_.create(kind, row.id, row.values, place_.author, std::move(refused)));
  } else if (row.wish == PreparedRow::Wish::update) {
    const auto before = find_record(connection_, kind, *row.id);
    if (!before) return {};
    const FieldValues values = read_patch(kind, row.patch, before->values, refused);
    SKERRY_TRY_VOID(writer_.set(*before, values, place_.author, std::nullopt, std::move(refused)));
  }
  return {};
}

Result<void> RowWriter::carry_out(PreparedRow& row) {
  if (row.wish == PreparedRow::Wish::create) return create(row);
  if (row.wish == PreparedRow::Wish::update) return update(row);
  ++counts_.unchanged;
  return {};
}

Result<void> RowWriter::create(PreparedRow& row) {
  FieldValues values = keep_rows_ ? row.values : std::move(row.values);
  for (const auto& [field, parent] : row.parents) {
    SKERRY_TRY(const RecordId id, parent_of(place_.kind.fields[field], *parent));
    for (FieldValue& value : values)
      if (value.field == field) value.value = json::string(to_string(id));
  }
  SKERRY_TRY_VOID(writer_.create(place_.kind, row.id, std::move(values), place_.author));
  ++counts_.created;
  return {};
}

Result<void> RowWriter::update(PreparedRow& row) {
  SKERRY_CHECK(row.id.has_value());
  for (const auto& [field, parent] : row.parents) {
    SKERRY_TRY(const RecordId id, parent_of(place_.kind.fields[field], *parent));
    if (row.patch.contains(place_.kind.fields[field].name))
      row.patch[place_.kind.fields[field].name] = json::string(to_string(id));
  }
  SKERRY_TRY(const Record record,
             writer_.update(place_.kind, *row.id, row.patch, std::nullopt, place_.author));
  ++(record.revision == row.revision ? counts_.unchanged : counts_.updated);
  return {};
}

Result<RecordId> RowWriter::parent_of(const Field& field, const NewParent& parent) {
  auto id = find_or_make(parent);
  if (!id) return fail(about_parent(field, *parent.kind, std::move(id).error()));
  return id;
}

// Somebody else may have made it since the row was read.
Result<RecordId> RowWriter::find_or_make(const NewParent& parent) {
  if (const auto known = parents_.find(parent.placeholder); known != parents_.end()) {
    if (parent.gives_key) SKERRY_TRY_VOID(give_key(known->second, parent));
    return known->second;
  }
  FieldValues values = parent.values;
  if (parent.parent) {
    SKERRY_TRY(const RecordId id, find_or_make(*parent.parent));
    for (FieldValue& value : values)
      if (value.field == parent.parent_field) value.value = json::string(to_string(id));
  }
  RecordId id;
  if (const auto found = find_parent(*parent.kind, values)) {
    id = *found;
  } else {
    SKERRY_TRY(const Record record,
               writer_.create(*parent.kind, std::nullopt, std::move(values), place_.author));
    id = record.id;
    ++counts_.parents_created;
    touched_parents_ = true;
  }
  parents_.emplace(parent.placeholder, id);
  return id;
}

// To a parent that was made of a name alone.
Result<void> RowWriter::give_key(const RecordId& id, const NewParent& parent) {
  const std::size_t main = find_key_rule(*parent.kind)->main;
  const auto record = find_record(connection_, *parent.kind, id);
  const auto key = std::find_if(parent.values.begin(), parent.values.end(),
                                [&](const FieldValue& value) { return value.field == main; });
  if (!record || !record->values[main].is_null() || key == parent.values.end()) return {};
  const json::object patch{{parent.kind->fields[main].name, key->value}};
  SKERRY_TRY_VOID(writer_.update(*parent.kind, id, patch, std::nullopt, place_.author));
  touched_parents_ = true;
  return {};
}

// By its key; by its name where the file gives it no key.
std::optional<RecordId> RowWriter::find_parent(const Kind& kind, const FieldValues& values) {
  const KeyRule* rule = find_key_rule(kind);
  SKERRY_CHECK(rule != nullptr);
  json::value main;
  json::value label;
  FieldValues others;
  for (const FieldValue& value : values) {
    if (value.field == rule->main) main = value.value;
    if (kind.fields[value.field].name == kind.label) label = value.value;
    for (const std::size_t other : rule->others)
      if (value.field == other) others.push_back(value);
  }
  const auto found = main.is_null() ? find_by_label(connection_, kind, label, 1)
                                    : find_by_key(connection_, *rule, main, others);
  return found.empty() ? std::nullopt : std::optional(found.front().id);
}

}  // namespace skerry::store
