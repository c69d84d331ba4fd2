// What the oracle says of deletions, and of what comes behind them.
#include "core/json_text.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {

void Oracle::edit_of_deleted(const Row& row, const Audience& audience) {
  proposal("edit_vs_delete", row, told_under(row.site(), audience), deleted);
}

// Nobody decided it, and its author has had no other say since.
bool Oracle::is_open(const InVain& made, const Entity& entity, const Row& row) const {
  return made.author == row.site() && made.n >= entity.gone_n && is_own_past(made.n, row) &&
         !state_.resolved.contains(made.conflict);
}

// What its author writes on what was made in vain is of the one conflict about it.
bool Oracle::fold(const Row& row, Entity& entity) {
  bool folded = false;
  for (InVain& made : entity.in_vain) {
    if (!is_open(made, entity, row)) continue;
    --state_.conflicts[made.about];
    for (const FieldChange& field : row.change.fields)
      made.values[entity.kind->fields[field.field].name] = field.new_value;
    std::get<5>(made.about) = to_json_text(json::value(made.values));
    ++state_.conflicts[made.about];
    made.n = row.n;
    folded = true;
  }
  return folded;
}

void Oracle::withdraw(const Row& row, const Entity& entity) {
  for (const InVain& made : entity.in_vain)
    if (is_open(made, entity, row)) state_.resolved.insert(made.conflict);
}

bool Oracle::is_referred_to(const RecordId& id) const {
  for (const auto& [other, entity] : state_.entities)
    for (std::size_t i = 0; entity.alive && i < entity.fields.size(); ++i)
      if (entity.kind->fields[i].type == FieldType::reference &&
          reference(entity.now(i).value) == id)
        return true;
  return false;
}

std::string Oracle::removed(const Row& row) {
  const Change& change = row.change;
  const auto found = state_.entities.find(change.record);
  if (found == state_.entities.end()) return missing(row);
  Entity& entity = found->second;
  if (!entity.alive) {  // both deleted it
    withdraw(row, entity);
    if (change.resolves) state_.resolved.insert(*change.resolves);
    return "applied";
  }
  const auto audience = audience_of(change.record, entity);
  if (audience && !sees(row.site(), *change.kind, *audience)) return out_of_scope(row, *audience);
  if (is_referred_to(change.record)) {
    conflict("in_use", row, "", told_under(row.site(), audience.value_or(Audience{})), "", deleted);
    return "rejected";
  }
  entity.last_audience = audience.value_or(Audience{});
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const Written& now = entity.now(i);
    const bool seen = change.base && version_at(now.n) <= *change.base;
    const bool own = now.author == row.site() && is_own_past(now.n, row);
    if (!own && !seen)
      conflict("delete_vs_edit", row, change.kind->fields[i].name,
               told_under(row.site(), entity.last_audience), deleted, to_json_text(now.value));
  }
  entity.alive = false;
  entity.gone_n = row.n;
  if (change.resolves) state_.resolved.insert(*change.resolves);
  return "applied";
}

// Whole, as the site has it, but for what is central's; where it lives already, as an edit.
std::string Oracle::restored(const Row& row) {
  const Change& change = row.change;
  const auto found = state_.entities.find(change.record);
  if (found == state_.entities.end()) return missing(row);
  Entity& entity = found->second;
  const auto is_central = [&](std::size_t field) {
    return entity.kind->fields[field].merge == MergeClass::central;
  };
  if (entity.alive) {
    Row edit = row;
    edit.change.op = ChangeOp::set;
    std::erase_if(edit.change.fields,
                  [&](const FieldChange& field) { return is_central(field.field); });
    return changed(edit);
  }
  if (!change.base || change.base->n != entity.gone_n) {
    edit_of_deleted(row, entity.last_audience);
    return "conflict";
  }
  std::vector<json::value> values(entity.fields.size());
  std::set<std::size_t> written;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (is_central(i)) values[i] = entity.now(i).value;
  for (const FieldChange& field : change.fields) {
    if (!is_central(field.field)) values[field.field] = field.new_value;
    written.insert(field.field);
  }
  std::set<std::size_t> lost;
  if (const auto named = lacking(row, values, nullptr, lost)) return unplaced(row, *named, nullptr);
  const auto audience = audience_of(*change.kind, change.record, values);
  if (!audience)
    return unplaced(
        row, values[static_cast<std::size_t>(change.kind->find_field(change.kind->scope_field))],
        nullptr);
  if (change.kind->name == "customer") {
    if (state_.scopes.contains(row.site())) state_.scopes[row.site()].insert(change.record);
  } else if (!sees(row.site(), *change.kind, *audience)) {
    return out_of_scope(row, *audience);
  }
  entity.alive = true;
  for (std::size_t i = 0; i < values.size(); ++i)
    entity.fields[i].push_back({row.n, std::move(values[i]), row.site(), row.effective});
  find_duplicates(row, written, nullptr);
  lost_mentions(row, lost);
  if (change.resolves) state_.resolved.insert(*change.resolves);
  return lost.empty() ? "applied" : "superseded";
}

}  // namespace skerry::sim
