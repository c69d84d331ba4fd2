#include "store/import_write.hpp"

#include "core/check.hpp"

namespace skerry::store {

RowCounts& RowCounts::operator+=(const RowCounts& other) {
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  rejected += other.rejected;
  parents_created += other.parents_created;
  return *this;
}

bool RowWriter::write(PreparedRow& row, std::vector<TableError>& errors) {
  const std::int64_t parents_before = counts_.parents_created;
  const Result<void> done = row.wish == PreparedRow::Wish::create ? create(row) : update(row);
  if (done) return true;
  left_parents_ |= counts_.parents_created > parents_before;
  ++counts_.rejected;
  const Error& error = done.error();
  if (error.errors.empty())
    errors.push_back({row.number, {}, std::string(info(error.code).slug), error.detail});
  for (const FieldError& each : error.errors)
    errors.push_back({row.number, place_.reader.column_at(each.pointer), each.code, each.detail});
  return false;
}

Result<void> RowWriter::create(PreparedRow& row) {
  FieldValues values = keep_rows_ ? row.values : std::move(row.values);
  for (const auto& [field, parent] : row.parents) {
    SKERRY_TRY(const RecordId id, find_or_make(*parent));
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
    SKERRY_TRY(const RecordId id, find_or_make(*parent));
    if (row.patch.contains(place_.kind.fields[field].name))
      row.patch[place_.kind.fields[field].name] = json::string(to_string(id));
  }
  SKERRY_TRY(const Record record,
             writer_.update(place_.kind, *row.id, row.patch, std::nullopt, place_.author));
  ++(record.revision == row.revision ? counts_.unchanged : counts_.updated);
  return {};
}

// Somebody else may have made it since the row was read.
Result<RecordId> RowWriter::find_or_make(const NewParent& parent) {
  if (const auto known = parents_.find(parent.placeholder); known != parents_.end())
    return known->second;
  FieldValues values = parent.values;
  if (parent.parent) {
    SKERRY_TRY(const RecordId id, find_or_make(*parent.parent));
    for (FieldValue& value : values)
      if (value.field == parent.parent_field) value.value = json::string(to_string(id));
  }
  const KeyRule* rule = find_key_rule(*parent.kind);
  SKERRY_CHECK(rule != nullptr);
  json::value main;
  FieldValues others;
  for (const FieldValue& value : values) {
    if (value.field == rule->main) main = value.value;
    for (const std::size_t other : rule->others)
      if (value.field == other) others.push_back(value);
  }
  const auto found = find_by_key(connection_, *rule, main, others);
  RecordId id;
  if (!found.empty()) {
    id = found.front().id;
  } else {
    SKERRY_TRY(const Record record,
               writer_.create(*parent.kind, std::nullopt, std::move(values), place_.author));
    id = record.id;
    ++counts_.parents_created;
  }
  parents_.emplace(parent.placeholder, id);
  return id;
}

}  // namespace skerry::store
