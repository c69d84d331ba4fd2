// One field at a time: whose value stands, what is lost, which keys two records share.
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "core/json_text.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {
namespace {

bool has(const json::value& set, const json::value& element) {
  if (!set.is_array()) return false;
  for (const json::value& each : set.get_array())
    if (each == element) return true;
  return false;
}

// Keeps what others have unless the writer saw and removed it; adds what the writer added.
json::value merged_set(const json::value& now, const json::value& seen, const json::value& wanted) {
  std::set<std::string> merged;
  if (now.is_array())
    for (const json::value& each : now.get_array())
      if (!has(seen, each) || has(wanted, each)) merged.insert(std::string(each.as_string()));
  if (wanted.is_array())
    for (const json::value& each : wanted.get_array())
      if (!has(seen, each)) merged.insert(std::string(each.as_string()));
  json::array array;
  for (const std::string& each : merged) array.emplace_back(each);
  return array;
}

using Map = std::map<std::string, json::value>;

Map map_of(const json::value& value) {
  Map map;
  if (value.is_object())
    for (const auto& [key, member] : value.get_object()) map[std::string(key)] = member;
  return map;
}

json::value value_of(const Map& map) {
  if (map.empty()) return nullptr;
  json::object object;
  for (const auto& [key, member] : map) object[key] = member;
  return object;
}

json::value member(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? json::value() : found->second;
}

std::set<std::string> keys_changed(const Map& from, const Map& to) {
  std::set<std::string> keys;
  for (const Map& map : {from, to})
    for (const auto& [key, value] : map)
      if (member(from, key) != member(to, key)) keys.insert(key);
  return keys;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_json_text(value);
}

}  // namespace

bool Oracle::is_own_past(std::int64_t n, const Row& row) const {
  const Row& earlier = rows_.at(decided_at_.at(n));
  EpochId epoch = std::get<1>(row.place);
  auto upto = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    for (const auto& [place, each] : rows_)
      if (each.uid == earlier.uid && each.site() == row.site() && std::get<1>(place) == epoch &&
          std::get<2>(place) <= upto)
        return true;
    const auto parent = parents_.find(epoch);
    if (parent == parents_.end()) return false;
    std::tie(epoch, upto) = parent->second;
  }
}

Oracle::Met Oracle::meet(const Field& field, const Written& now, const FieldChange& change,
                         const Row& row) const {
  Met met;
  if (field.merge == MergeClass::set) {
    met.stands = merged_set(now.value, change.old_value, change.new_value);
    return met;
  }
  if (field.policy != MergePolicy::last_writer)
    throw Violation("oracle", fmt::format("knows no rule for the field {}", field.name));
  const SiteId holder = now.author == 0 ? SiteId{} : site_id(now.author);
  const bool later = row.effective > now.effective ||
                     (row.effective == now.effective && site_id(row.site()) > holder);
  if (field.merge == MergeClass::map) {
    const Map seen = map_of(change.old_value);
    const Map wanted = map_of(change.new_value);
    const Map current = map_of(now.value);
    Map merged = current;
    json::object proposed;
    json::object present;
    for (const std::string& key : keys_changed(seen, wanted)) {
      if (member(current, key) == member(wanted, key)) continue;
      const bool clash = member(current, key) != member(seen, key);
      if (clash) {
        proposed[key] = member(wanted, key);
        present[key] = member(current, key);
      }
      if (clash && !later) continue;
      merged.erase(key);
      if (!member(wanted, key).is_null()) merged[key] = member(wanted, key);
    }
    met.clash = !proposed.empty();
    met.lost = met.clash && !later;
    met.proposal = std::move(proposed);
    met.current = std::move(present);
    if (merged != current) met.stands = value_of(merged);
    return met;
  }
  if (field.merge != MergeClass::shared && field.merge != MergeClass::group)
    throw Violation("oracle", fmt::format("knows no rule for the field {}", field.name));
  const bool saw_it =
      change.base == version_at(now.n) || (now.author == row.site() && is_own_past(now.n, row));
  const bool same = now.value == change.new_value;  // then the later writer is its author
  met.clash = !saw_it && !same;
  met.lost = met.clash && !later;
  met.proposal = change.new_value;
  met.current = now.value;
  if (saw_it || later) met.stands = change.new_value;
  return met;
}

// Only what the row changed: what stood before was told when it was written.
void Oracle::find_duplicates(const Row& row, const std::set<std::size_t>& written,
                             const json::value& custom_before) {
  const Kind& kind = *row.change.kind;
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    if (field.type == FieldType::custom && written.contains(i))
      find_custom_duplicates(row, custom_before);
    if (field.unique == Unique::no) continue;
    const bool regrouped =
        field.unique == Unique::within &&
        written.contains(static_cast<std::size_t>(kind.find_field(field.unique_within)));
    if (regrouped || written.contains(i)) find_duplicate(row, i);
  }
}

void Oracle::find_duplicate(const Row& row, std::size_t position) {
  const Entity& mine = state_.entities.at(row.change.record);
  const Field& field = mine.kind->fields[position];
  const json::value& value = mine.now(position).value;
  if (value.is_null()) return;
  for (const auto& [id, other] : state_.entities) {
    if (id == row.change.record || !other.alive || other.kind != mine.kind) continue;
    if (other.now(position).value != value) continue;
    if (field.unique == Unique::within &&
        other.value(field.unique_within) != mine.value(field.unique_within))
      continue;
    const std::string text = to_json_text(value);
    conflict("duplicate_key", row, field.name,
             told_under(row.site(), *audience_of(row.change.record, mine)), text, text);
    return;
  }
}

// By the definitions central has now.
void Oracle::find_custom_duplicates(const Row& row, const json::value& before) {
  const Entity& mine = state_.entities.at(row.change.record);
  const Map values = map_of(mine.value("custom"));
  for (const std::string& key : keys_changed(map_of(before), values)) {
    const json::value value = member(values, key);
    bool unique = false;
    for (const auto& [id, entity] : state_.entities)
      unique =
          unique || (entity.alive && entity.kind->name == "custom_field" &&
                     text_of(entity.value("record_kind")) == mine.kind->name &&
                     text_of(entity.value("key")) == key && entity.value("archived_at").is_null() &&
                     entity.value("unique") == json::value(true));
    if (!unique || value.is_null()) continue;
    for (const auto& [id, other] : state_.entities) {
      if (id == row.change.record || !other.alive || other.kind != mine.kind) continue;
      const json::value theirs = member(map_of(other.value("custom")), key);
      if (theirs.is_null() || text_of(theirs) != text_of(value)) continue;
      const std::string text = to_json_text(value);
      conflict("duplicate_key", row, "custom." + key,
               told_under(row.site(), *audience_of(row.change.record, mine)), text, text);
      break;
    }
  }
}

}  // namespace skerry::sim
