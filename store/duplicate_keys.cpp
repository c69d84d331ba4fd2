#include "store/duplicate_keys.hpp"

#include <algorithm>

#include "core/change.hpp"
#include "core/json_member.hpp"
#include "store/custom_fields.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view custom_prefix = "custom.";

bool clash(const Record& a, const Record& b, const UniqueKey& key) {
  const json::value& value = key.of(a);
  if (value.is_null() || value != key.of(b)) return false;
  const Field& field = a.kind->fields[key.field];
  return field.unique != Unique::within ||
         a.value(field.unique_within) == b.value(field.unique_within);
}

// The record that the conflict's one clashes with, over the value that it is about.
std::optional<RecordId> present_clash(Connection& connection, const Conflict& conflict,
                                      const UniqueKey& key) {
  const auto record = find_record(connection, *conflict.kind, conflict.record);
  const json::value* value = conflict.loser.if_contains("value");
  if (!record || !value || key.of(*record) != *value) return std::nullopt;
  if (const auto known = conflict.other()) {
    const auto other = find_record(connection, *conflict.kind, *known);
    if (other && clash(*record, *other, key)) return known;
  }
  return find_clash(connection, *record, key);
}

// Whether the same two are in conflict already, the other way round.
bool is_known(Connection& connection, const Conflict& conflict, const RecordId& other) {
  const auto open = open_duplicates(connection, conflict.record);
  return std::any_of(open.begin(), open.end(), [&](const Conflict& each) {
    return each.record == other && each.other() == conflict.record && each.field == conflict.field;
  });
}

}  // namespace

const json::value& UniqueKey::of(const Record& record) const {
  const json::value& value = record.values[field];
  return custom.empty() ? value : member_of(value, custom);
}

json::object UniqueKey::patch(const Kind& kind, const json::value& value) const {
  const std::string_view name = kind.fields[field].name;
  if (custom.empty()) return {{name, value}};
  return {{name, json::object{{custom, value}}}};
}

std::optional<UniqueKey> unique_key_of(const Conflict& conflict) {
  UniqueKey key;
  std::string_view name = conflict.field;
  if (name.starts_with(custom_prefix)) {
    key.custom = name.substr(custom_prefix.size());
    name = "custom";
  }
  const int field = conflict.kind->find_field(name);
  if (field < 0) return std::nullopt;
  key.field = static_cast<std::size_t>(field);
  return key;
}

std::optional<RecordId> find_clash(Connection& connection, const Record& record,
                                   const UniqueKey& key) {
  if (key.custom.empty()) return find_same_key(connection, record, key.field);
  for (const auto& [shared, other] : find_same_custom(connection, record, nullptr))
    if (shared == key.custom) return other;
  return std::nullopt;
}

void settle_duplicates(Connection& connection, const RecordId& record, Version version,
                       UnixMillis now) {
  for (Conflict& conflict : open_duplicates(connection, record)) {
    const auto key = unique_key_of(conflict);
    if (!key) continue;
    const auto other = present_clash(connection, conflict, *key);
    if (other && other == conflict.other()) continue;
    if (other && !is_known(connection, conflict, *other)) {
      conflict.winner = {{"record", to_string(*other)}, {"value", conflict.loser["value"]}};
    } else {
      conflict.open = false;
      conflict.decided_by = "rule";
      conflict.resolved_at = now;
      conflict.resolution = {{"choice", "settled"}, {"version", skerry::to_json(version)}};
    }
    conflict.version = version.n;
    write_conflict(connection, conflict);
  }
}

}  // namespace skerry::store
