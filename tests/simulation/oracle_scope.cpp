// Who sees a record, and what it names: followed from record to record each time, never kept.
#include "core/json_text.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {

std::optional<RecordId> reference(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return parse_id<RecordId>(value.get_string());
}

std::vector<json::value> Oracle::values_of(const Entity& entity) const {
  std::vector<json::value> values;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) values.push_back(entity.now(i).value);
  return values;
}

const Oracle::Entity* Oracle::living(const json::value& value) const {
  const auto id = reference(value);
  const auto found = id ? state_.entities.find(*id) : state_.entities.end();
  return found == state_.entities.end() || !found->second.alive ? nullptr : &found->second;
}

std::optional<Oracle::Audience> Oracle::audience_of(const RecordId& id,
                                                    const Entity& entity) const {
  return audience_of(*entity.kind, id, values_of(entity));
}

std::optional<Oracle::Audience> Oracle::audience_of(const Kind& kind, const RecordId& id,
                                                    const std::vector<json::value>& values) const {
  if (kind.scope == ScopePath::itself) return Audience{id, {}};
  if (kind.scope == ScopePath::everywhere || kind.scope == ScopePath::nowhere) return Audience{};
  const auto field = static_cast<std::size_t>(kind.find_field(kind.scope_field));
  const RecordId place = kind.scope == ScopePath::placed ? customer_where(id) : RecordId{};
  if (values[field].is_null() && !kind.fields[field].required) return Audience{{}, place};
  const Entity* parent = living(values[field]);
  if (!parent) return std::nullopt;
  const RecordId parent_id = *reference(values[field]);
  if (parent->kind->scope == ScopePath::itself) return Audience{parent_id, place};
  return audience_of(parent_id, *parent);
}

// The customer of the location where the asset is, or to which it is on its way: by the latest of
// its moves that was shipped or arrived. Times are texts of one form, so they compare as times.
RecordId Oracle::customer_where(const RecordId& asset) const {
  std::optional<std::tuple<std::string, bool, RecordId>> latest;
  const Entity* location = nullptr;
  for (const auto& [id, move] : state_.entities) {
    if (!move.alive || move.kind->name != "move" || reference(move.value("asset")) != asset)
      continue;
    const bool arrived = !move.value("arrived_at").is_null();
    const json::value& at = move.value(arrived ? "arrived_at" : "shipped_at");
    if (at.is_null()) continue;  // planned
    const std::tuple event(std::string(at.as_string()), !arrived, id);
    if (latest && event < *latest) continue;
    latest = event;
    location = living(move.value("to_location"));
  }
  if (!location) return {};
  return reference(location->value("customer")).value_or(RecordId{});
}

bool Oracle::sees(std::size_t site, const RecordId& customer) const {
  const auto scope = state_.scopes.find(site);
  return scope == state_.scopes.end() || scope->second.contains(customer);
}

bool Oracle::sees(std::size_t site, const Kind& kind, const Audience& audience) const {
  if (kind.scope == ScopePath::everywhere) return true;
  return sees(site, audience.customer) || sees(site, audience.place);
}

RecordId Oracle::told_under(std::size_t site, const Audience& audience) const {
  const bool by_place =
      !audience.place.is_zero() && !sees(site, audience.customer) && sees(site, audience.place);
  return by_place ? audience.place : audience.customer;
}

std::optional<json::value> Oracle::lacking(const Row& row, std::vector<json::value>& values,
                                           const Entity* before,
                                           std::set<std::size_t>& lost) const {
  const Kind& kind = *row.change.kind;
  for (const FieldChange& change : row.change.fields) {
    const Field& field = kind.fields[change.field];
    json::value& value = values[change.field];
    const auto id = reference(value);
    if (field.type != FieldType::reference || field.name == kind.scope_field || !id) continue;
    if (living(value)) continue;
    if (field.required || !state_.entities.contains(*id)) return value;
    value = before ? before->now(change.field).value : json::value();
    lost.insert(change.field);
  }
  return std::nullopt;
}

void Oracle::lost_mentions(const Row& row, const std::set<std::size_t>& lost) {
  if (lost.empty()) return;
  const Entity& entity = state_.entities.at(row.change.record);
  const RecordId customer = told_under(row.site(), *audience_of(row.change.record, entity));
  for (const FieldChange& field : row.change.fields)
    if (lost.contains(field.field))
      conflict("edit_vs_delete", row, entity.kind->fields[field.field].name, customer,
               to_json_text(entity.now(field.field).value), to_json_text(field.new_value));
}

}  // namespace skerry::sim
