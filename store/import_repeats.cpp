// The part of RowReader that finds what a file says twice.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <numeric>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/sha256.hpp"
#include "store/import_rows.hpp"

namespace skerry::store {

// The key that the row itself spells out, or without one all that it says.
RowReader::SpelledKey RowReader::spelled_key() const {
  SpelledKey key;
  if (!rule_) return key;
  std::vector<std::size_t> fields = rule_->others;
  key.field = rule_->main;
  if (!given_[key.field] || given_[key.field]->is_null()) {
    key.field = static_cast<std::size_t>(kind_.find_field(kind_.label));
    if (own_id_ || !given_[key.field] || given_[key.field]->is_null()) return key;
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

// A unique value that two rows of a file would write. The writer sees it only where both are in the
// batch that it has.
void RowReader::note_unique(const Record* match) {
  for (const ImportColumn& column : columns_.columns) {
    if (column.use != ColumnUse::custom || !column.custom.unique || !row_.errors.empty()) continue;
    const json::value& value = member_of(wanted(column.field), column.custom.key);
    if (value.is_null()) continue;
    if (match && member_of(match->values[column.field], column.custom.key) == value) continue;
    std::string name = "u" + column.custom.key + "\n";
    append_json(name, value);
    if (const auto before = seen_.add(as_bytes(name), {row_.number, content()}))
      complain(column, "duplicate_key",
               fmt::format("{} stands in row {} already", column.text(cells_), before->number));
  }
}

// What the row asks of a field.
const json::value& RowReader::wanted(std::size_t field) const {
  static const json::value nothing;
  for (const FieldValue& value : row_.values)
    if (value.field == field) return value.value;
  const json::value* patched = row_.patch.if_contains(kind_.fields[field].name);
  return patched ? *patched : nothing;
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
// for word: in a table of devices each may name its type. A row with errors is none that others
// repeat.
bool RowReader::note_names(const SpelledKey& key, std::string_view key_for_people) {
  const SeenKeys::Row row{row_.number, content()};
  const bool is_sound = row_.errors.empty();
  const auto note = [&](ByteView name) {
    return is_sound ? seen_.add(name, row) : seen_.find(name);
  };
  const auto again = [&](std::string header, std::string_view text, const SeenKeys::Row& before) {
    const bool same = before.content == row.content;
    if (same && !key.whole) return true;
    row_.errors.push_back({row_.number, std::move(header), "duplicate_row",
                           fmt::format("{} stands in row {} already{}", text, before.number,
                                       same ? "" : ", with other values")});
    return false;
  };
  if (!key.text.empty()) {
    const std::string alone = "k" + key.text;
    const std::string beside_id = "i" + key.text;
    auto before = own_id_ ? seen_.find(as_bytes(alone)) : note(as_bytes(alone));
    if (own_id_)
      note(as_bytes(beside_id));
    else if (!before)
      before = seen_.find(as_bytes(beside_id));
    if (before) return again(header_of(key.field), key_for_people, *before);
  }
  const auto id_column = std::find_if(columns_.columns.begin(), columns_.columns.end(),
                                      [](const auto& each) { return each.use == ColumnUse::id; });
  if (!row_.id || id_column == columns_.columns.end()) return false;
  const auto before = note(row_.id->view());
  return before && again(id_column->header, to_string(*row_.id), *before);
}

}  // namespace skerry::store
