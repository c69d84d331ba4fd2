// The part of RowReader that finds what a file says twice.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/sha256.hpp"
#include "store/custom_fields.hpp"
#include "store/import_rows.hpp"
#include "store/write_records.hpp"

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

// The unique values that the row would write.
void RowReader::claim_values(const Record* match) {
  for (const ImportColumn& column : columns_.columns) {
    if (column.use != ColumnUse::custom || !column.custom.unique) continue;
    const json::value& value = member_of(wanted(column.field), column.custom.key);
    if (value.is_null()) continue;
    if (match && member_of(match->values[column.field], column.custom.key) == value) continue;
    std::string name = "u" + column.custom.key + "\n";
    append_json(name, value);
    Claim claim;
    claim.name = SeenKeys::digest_of(as_bytes(name));
    claim.of_record = false;
    claim.header = column.header;
    claim.text = column.text(cells_);
    row_.claims.push_back(std::move(claim));
  }
}

// The unique values that the record has and would have no more.
void RowReader::give_up_values(const Record& record) {
  const auto give_up = [&](std::size_t position, std::string_view custom,
                           const json::value& value) {
    if (!value.is_null())
      row_.gives_up.push_back({GivenUpValues::digest_of(kind_.fields[position], custom, value),
                               record.id, position, std::string(custom)});
  };
  std::vector<std::size_t> patched;
  for (const auto& [name, value] : row_.patch)
    patched.push_back(static_cast<std::size_t>(kind_.find_field(name)));
  for (const std::size_t key : changed_keys(kind_, patched)) give_up(key, {}, record.values[key]);
  for (const ImportColumn& column : columns_.columns) {
    if (column.use != ColumnUse::custom || !column.custom.unique) continue;
    if (!row_.patch.contains(kind_.fields[column.field].name)) return;
    const json::value& held = member_of(record.values[column.field], column.custom.key);
    if (member_of(wanted(column.field), column.custom.key) != held)
      give_up(column.field, column.custom.key, held);
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
// one key are two records, unless it is a key that only one may be given.
void RowReader::claim_names(const SpelledKey& key, std::string_view key_for_people) {
  if (own_id_) claim_id(!key.whole);
  if (!key.text.empty()) {
    Claim alone;
    alone.name = SeenKeys::digest_of(as_bytes("k" + key.text));
    alone.holds = !own_id_;
    alone.may_repeat = !key.whole;
    alone.header = header_of(key.field);
    alone.text = key_for_people;
    Claim beside_id = alone;
    beside_id.name = SeenKeys::digest_of(as_bytes("i" + key.text));
    beside_id.asks = !own_id_ || writes_unique_key();
    beside_id.holds = own_id_;
    beside_id.of_record = !own_id_;
    row_.claims.push_back(std::move(alone));
    row_.claims.push_back(std::move(beside_id));
  }
  if (!own_id_) claim_id(!key.whole);
}

void RowReader::claim_id(bool may_repeat) {
  const auto column = std::find_if(columns_.columns.begin(), columns_.columns.end(),
                                   [](const auto& each) { return each.use == ColumnUse::id; });
  if (!row_.id || column == columns_.columns.end()) return;
  Claim claim;
  claim.name = SeenKeys::digest_of(row_.id->view());
  claim.may_repeat = may_repeat;
  claim.header = column->header;
  claim.text = to_string(*row_.id);
  row_.claims.push_back(std::move(claim));
}

bool RowReader::writes_unique_key() const {
  if (!rule_ || rule_->main_field().unique == Unique::no) return false;
  const auto& fields = kind_.fields;
  return row_.wish == PreparedRow::Wish::create || row_.patch.contains(rule_->main_field().name) ||
         std::any_of(rule_->others.begin(), rule_->others.end(), [&](const std::size_t other) {
           return row_.patch.contains(fields[other].name);
         });
}

std::size_t GivenUpValues::digest_of(const Field& field, std::string_view custom,
                                     const json::value& value) {
  std::string text = fmt::format("{}.{}\n", field.name, custom);
  append_json(text, value);
  return std::hash<std::string>()(field.type == FieldType::email ? ascii_lower(text) : text);
}

void GivenUpValues::make_free(Connection& connection, const Kind& kind,
                              const PreparedRow& row) const {
  if (values_.empty()) return;
  const auto take_away = [&](std::size_t digest) {
    const auto [first, last] = values_.equal_range(digest);
    for (auto each = first; each != last; ++each) {
      const GivenUp& given = each->second;
      if (given.custom.empty()) {
        const std::string other = "given up by " + to_string(given.record);
        connection.execute(fmt::format("UPDATE {} SET \"{}\"=?1 WHERE id=?2", kind.name,
                                       kind.fields[given.field].name),
                           other, given.record);
      } else {
        const std::string name = custom_value_field(kind, given.custom);
        connection.execute("DELETE FROM custom_value WHERE field=?1 AND record=?2", name,
                           given.record);
      }
    }
  };
  const auto take_value = [&](const Field& field, const json::value& value) {
    if (field.unique != Unique::no) take_away(digest_of(field, {}, value));
    if (field.type != FieldType::custom || !value.is_object()) return;
    for (const auto& [key, member] : value.get_object()) take_away(digest_of(field, key, member));
  };
  for (const FieldValue& value : row.values) take_value(kind.fields[value.field], value.value);
  for (const auto& [name, value] : row.patch)
    take_value(kind.field(static_cast<std::size_t>(kind.find_field(name))), value);
  for (const GivenUp& each : row.gives_up) take_away(each.digest);  // kept in another product, say
}

void GivenUpValues::keep(const PreparedRow& row) {
  for (const GivenUp& each : row.gives_up) values_.emplace(each.digest, each);
}

std::optional<SeenKeys::Row> HeldNames::find(const SeenKeys::Digest& name) const {
  const auto settled = settled_.find(name);
  return settled ? settled : fresh_.find(name);
}

bool HeldNames::repeats(PreparedRow& row) const {
  for (const Claim& claim : row.claims) {
    const auto before = claim.asks ? find(claim.name) : std::nullopt;
    if (!before) continue;
    const bool same = before->content == row.content;
    if (same && claim.may_repeat) return row.errors.empty();
    const auto is_of_column = [&](const TableError& each) { return each.column == claim.header; };
    if (!claim.of_record && std::any_of(row.errors.begin(), row.errors.end(), is_of_column))
      continue;  // it is refused already
    row.errors.push_back({row.number, claim.header,
                          claim.of_record ? "duplicate_row" : "duplicate_key",
                          fmt::format("{} stands in row {} already{}", claim.text, before->number,
                                      claim.of_record && !same ? ", with other values" : "")});
    if (claim.of_record) return false;
  }
  return false;
}

void HeldNames::keep(const PreparedRow& row) {
  for (const Claim& claim : row.claims)
    if (claim.holds) fresh_.add(claim.name, {row.number, row.content});
}

void HeldNames::settle() {
  if (settled_.size() == 0)
    std::swap(settled_, fresh_);  // a whole file at once, perhaps: not twice in memory
  else
    settled_.add_all(fresh_);
  drop();
}

}  // namespace skerry::store
