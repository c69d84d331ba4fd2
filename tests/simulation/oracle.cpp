#include "tests/simulation/oracle.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/conflicts.hpp"
#include "store/record.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sim {
namespace {

std::size_t site_number(std::string_view id) {
  for (std::size_t number = 1; number <= sites_max; ++number)
    if (to_string(site_id(number)) == id) return number;
  throw Violation("oracle", "a row of a site that there is not");
}

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

std::optional<RecordId> reference(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return parse_id<RecordId>(value.get_string());
}

}  // namespace

bool Oracle::sees(std::size_t site, const RecordId& customer) const {
  const auto scope = scopes_.find(site);
  return scope == scopes_.end() || scope->second.contains(customer);
}

void Oracle::conflict(const char* type, const RecordId& record, std::string_view field) {
  ++conflicts_[{type, record, std::string(field)}];
}

void Oracle::replay(store::Connection& connection) {
  auto cursor = connection.query("SELECT n,recorded_at,line FROM change_log ORDER BY n");
  while (cursor.next()) {
    const std::int64_t n = cursor.integer(0);
    const json::object line = json::parse(cursor.text(2)).as_object();
    const std::string_view k = line.at("k").as_string();
    if (k == "chg") {
      central_wrote(must(decode_change(cursor.text(2)), "oracle"), n);
      continue;
    }
    const Place place{site_number(line.at("site").as_string()), line.at("seq").as_int64()};
    if (k == "dec")
      rows_[place] = {must(decode_change(to_json_text(line.at("row"))), "oracle"), place.first,
                      place.second};
    held_.erase(place);
    const std::string disposition = decide(rows_.at(place), n, cursor.integer(1));
    dispositions_[place] = disposition;
    if (disposition == "held") held_.insert(place);
  }
}

void Oracle::begin_entity(const Change& change, std::int64_t n, std::size_t author,
                          HlcStamp effective) {
  Entity entity;
  entity.kind = change.kind;
  entity.alive = true;
  entity.fields.resize(change.kind->fields.size());
  for (auto& history : entity.fields) history.push_back({n, nullptr, author, effective});
  for (const FieldChange& field : change.fields)
    entity.fields[field.field].back().value = field.new_value;
  entities_[change.record] = std::move(entity);
}

// Of a set the log names what left it and what entered.
void Oracle::site_changed(const Change& change) {
  const std::size_t site = site_number(to_string(change.record));
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].name != "scope") continue;
    if (!field.new_value.is_array()) {
      scopes_.erase(site);
      continue;
    }
    std::set<RecordId>& scope = scopes_[site];
    if (field.old_value.is_array())
      for (const json::value& each : field.old_value.get_array()) scope.erase(*reference(each));
    for (const json::value& each : field.new_value.get_array()) scope.insert(*reference(each));
  }
}

void Oracle::central_wrote(const Change& change, std::int64_t n) {
  if (change.kind->name == "site") return site_changed(change);
  if (change.op == ChangeOp::create) return begin_entity(change, n, 0, change.hlc);
  Entity& entity = entities_.at(change.record);
  if (change.op == ChangeOp::remove) entity.alive = false;
  for (const FieldChange& field : change.fields)
    entity.fields[field.field].push_back({n, field.new_value, 0, change.hlc});
}

std::string Oracle::decide(const Row& row, std::int64_t n, UnixMillis received) {
  // No stamp counts later than a minute after it was received.
  const HlcStamp latest = HlcStamp::at(received + 60'000);
  const HlcStamp effective = row.change.hlc > latest ? latest : row.change.hlc;
  switch (row.change.op) {
    case ChangeOp::create:
      return created(row, n, effective);
    case ChangeOp::set:
      return changed(row, n, effective);
    case ChangeOp::remove:
      return removed(row, n);
  }
  return "rejected";
}

std::vector<json::value> Oracle::values_of(const Entity& entity) const {
  std::vector<json::value> values;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) values.push_back(entity.now(i).value);
  return values;
}

// The customer a record belongs to; nothing when the way there ends at a record that is not there.
std::optional<RecordId> Oracle::customer_of(const Kind& kind, const RecordId& id,
                                            const std::vector<json::value>& values) const {
  if (kind.name == "customer") return id;
  const int field = kind.find_field(kind.name == "note" ? "subject" : "customer");
  const auto up = reference(values[static_cast<std::size_t>(field)]);
  const auto parent = up ? entities_.find(*up) : entities_.end();
  if (parent == entities_.end() || !parent->second.alive) return std::nullopt;
  return customer_of(*parent->second.kind, *up, values_of(parent->second));
}

// Whether the record that one with these values follows was deleted, and never comes.
bool Oracle::follows_the_gone(const Kind& kind, const std::vector<json::value>& values) const {
  const int field = kind.find_field(kind.scope_field);
  const auto up = reference(values[static_cast<std::size_t>(field)]);
  const auto parent = up ? entities_.find(*up) : entities_.end();
  return parent != entities_.end() && !parent->second.alive;
}

std::string Oracle::late_edit(const Row& row) {
  for (const FieldChange& field : row.change.fields)
    conflict("edit_vs_delete", row.change.record, row.change.kind->fields[field.field].name);
  return "conflict";
}

std::string Oracle::out_of_scope(const Row& row) {
  for (const FieldChange& field : row.change.fields)
    conflict("out_of_scope", row.change.record, row.change.kind->fields[field.field].name);
  if (row.change.fields.empty()) conflict("out_of_scope", row.change.record, "");
  return "conflict";
}

std::string Oracle::created(const Row& row, std::int64_t n, HlcStamp effective) {
  const Change& change = row.change;
  if (entities_.contains(change.record)) return "rejected";
  std::vector<json::value> values(change.kind->fields.size());
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].merge == MergeClass::central) return "rejected";
    values[field.field] = field.new_value;
  }
  const auto customer = customer_of(*change.kind, change.record, values);
  if (!customer) {
    if (!follows_the_gone(*change.kind, values)) return "held";
    begin_entity(change, n, row.site, effective);
    entities_[change.record].alive = false;
    return late_edit(row);
  }
  if (change.kind->name == "customer") {
    if (scopes_.contains(row.site)) scopes_[row.site].insert(change.record);
  } else if (!sees(row.site, *customer)) {
    return out_of_scope(row);
  }
  begin_entity(change, n, row.site, effective);
  find_duplicates(row);
  return "applied";
}

std::string Oracle::missing(const Row& row) const {
  for (const Place& place : held_)
    if (rows_.at(place).change.record == row.change.record) return "held";
  return "rejected";
}

std::string Oracle::changed(const Row& row, std::int64_t n, HlcStamp effective) {
  const Change& change = row.change;
  const auto found = entities_.find(change.record);
  if (found == entities_.end()) return missing(row);
  Entity& entity = found->second;
  if (!entity.alive) return late_edit(row);
  const auto customer_before = customer_of(*change.kind, change.record, values_of(entity));
  if (customer_before && !sees(row.site, *customer_before)) return out_of_scope(row);
  std::vector<std::pair<std::size_t, json::value>> stands;
  std::vector<std::size_t> clashes;
  bool lost = false;
  std::vector<json::value> values = values_of(entity);
  for (const FieldChange& field : change.fields) {
    const Field& description = change.kind->fields[field.field];
    if (description.merge == MergeClass::central) return "rejected";
    const Written& now = entity.now(field.field);
    if (description.merge == MergeClass::set) {
      values[field.field] = merged_set(now.value, field.old_value, field.new_value);
      stands.emplace_back(field.field, values[field.field]);
      continue;
    }
    const bool saw_it = (field.base && field.base->n == now.n) || now.author == row.site;
    const SiteId holder = now.author == 0 ? SiteId{} : site_id(now.author);
    const bool later =
        effective > now.effective || (effective == now.effective && site_id(row.site) > holder);
    const bool same = now.value == field.new_value;  // then the later writer is its author
    if (!saw_it && !same) {
      clashes.push_back(field.field);
      lost = lost || !later;
    }
    if (!saw_it && !later) continue;
    values[field.field] = field.new_value;
    stands.emplace_back(field.field, field.new_value);
  }
  const auto customer = customer_of(*change.kind, change.record, values);
  if (!customer) return follows_the_gone(*change.kind, values) ? late_edit(row) : "held";
  if (customer != customer_before && !sees(row.site, *customer)) return out_of_scope(row);
  for (auto& [field, value] : stands)
    entity.fields[field].push_back({n, std::move(value), row.site, effective});
  for (const std::size_t field : clashes)
    conflict("concurrent", change.record, change.kind->fields[field].name);
  find_duplicates(row);
  return lost ? "superseded" : "applied";
}

bool Oracle::refers_to(const Entity& entity, const RecordId& id) const {
  for (std::size_t i = 0; i < entity.fields.size(); ++i)
    if (entity.kind->fields[i].type == FieldType::reference && reference(entity.now(i).value) == id)
      return true;
  return false;
}

std::string Oracle::removed(const Row& row, std::int64_t n) {
  (void)n;
  const Change& change = row.change;
  const auto found = entities_.find(change.record);
  if (found == entities_.end()) return missing(row);
  Entity& entity = found->second;
  if (!entity.alive) return "applied";
  const auto customer = customer_of(*change.kind, change.record, values_of(entity));
  if (customer && !sees(row.site, *customer)) return out_of_scope(row);
  for (const auto& [id, other] : entities_)
    if (other.alive && refers_to(other, change.record)) return "rejected";
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const Written& now = entity.now(i);
    const bool seen = change.base && now.n <= change.base->n;
    if (now.author != row.site && !seen)
      conflict("delete_vs_edit", change.record, change.kind->fields[i].name);
  }
  entity.alive = false;
  return "applied";
}

void Oracle::find_duplicates(const Row& row) {
  const Entity& mine = entities_.at(row.change.record);
  const auto my_customer = customer_of(*mine.kind, row.change.record, values_of(mine));
  for (const FieldChange& field : row.change.fields) {
    const Field& description = mine.kind->fields[field.field];
    const json::value& value = mine.now(field.field).value;
    if (description.unique == Unique::no || value.is_null()) continue;
    for (const auto& [id, other] : entities_) {
      if (id == row.change.record || !other.alive || other.kind != mine.kind) continue;
      if (other.now(field.field).value != value) continue;
      if (description.unique == Unique::within &&
          customer_of(*other.kind, id, values_of(other)) != my_customer)
        continue;
      conflict("duplicate_key", row.change.record, description.name);
      break;
    }
  }
}

}  // namespace skerry::sim
