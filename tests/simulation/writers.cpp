// What people do meanwhile: at sites and at central, through the one write path.
#include <algorithm>
#include <fmt/format.h>

#include "store/conflicts.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

const store::Author author{"uid:0", "api", "sim"};

bool is_refusal(Errc code) {
  switch (code) {
    case Errc::duplicate_key:
    case Errc::reference_not_found:
    case Errc::in_use:
    case Errc::owned_by_central:
    case Errc::not_found:
      return true;
    default:
      return false;
  }
}

template <class T>
void check_outcome(const Result<T>& outcome) {
  if (!outcome && !is_refusal(outcome.error().code))
    throw Violation("local write", outcome.error().detail);
}

const Kind& customer_kind() { return *find_kind("customer"); }

}  // namespace

void World::write_somewhere(Machine& machine) {
  const std::size_t dice = rng_.below(100);
  if (dice < swarm_.delete_percent) return remove_record(machine);
  if (dice < 45) return create_record(machine);
  change_record(machine);
}

std::optional<RecordId> World::some_id(Machine& machine, const Kind& kind) {
  return machine.read([&](store::Connection& connection) -> std::optional<RecordId> {
    std::vector<RecordId> ids;
    auto cursor = connection.query(fmt::format("SELECT id FROM {} ORDER BY id", kind.name));
    while (cursor.next()) ids.push_back(cursor.id<RecordId>(0));
    if (ids.empty()) return std::nullopt;
    return rng_.pick(ids);
  });
}

std::optional<store::Record> World::some_record(Machine& machine, const Kind& kind) {
  const auto id = some_id(machine, kind);
  if (!id) return std::nullopt;
  return machine.read(
      [&](store::Connection& connection) { return store::find_record(connection, kind, *id); });
}

// Customers and their world. Assets and what they follow have their own tests: the oracle knows one
// way from a record to its customer.
std::span<const Kind> simulated_kinds() { return all_kinds().first(4); }

json::value World::value_for(Machine& machine, const Kind& kind, const Field& field) {
  const std::size_t palette = swarm_.small_palette ? 4 : 1000;
  const std::size_t number = rng_.below(palette);
  switch (field.type) {
    case FieldType::email:
      return json::string(fmt::format("m{}@example.org", rng_.below(12)));
    case FieldType::phone:
      return json::string(fmt::format("+49301234{:03}", number));
    case FieldType::url:
      return json::string(fmt::format("https://h{}.example.org/", number));
    case FieldType::boolean:
      return number % 2 == 0;
    case FieldType::timestamp:
      if (number % 3 == 0) return nullptr;
      return json::string(fmt::format("2026-01-02T03:04:05.{:03}Z", number));
    case FieldType::choice:
      return json::string(field.options[number % field.options.size()]);
    case FieldType::choices: {
      json::array chosen;
      for (const std::string_view option : field.options)
        if (rng_.percent(50)) chosen.emplace_back(option);
      return chosen;
    }
    case FieldType::reference: {
      const Kind* to = find_kind(field.options[rng_.below(field.options.size())]);
      const auto id = some_id(machine, *to);
      return id ? json::value(to_string(*id)) : json::value();
    }
    case FieldType::group:
      return json::object{{"line1", fmt::format("Road {}", number)}, {"country", "DE"}};
    default:
      break;
  }
  if (field.unique != Unique::no)
    return json::string(fmt::format("{}-{}", kind.name, rng_.below(8)));
  return json::string(fmt::format("{} {}", field.name, number));
}

json::object World::new_values(Machine& machine, const Kind& kind) {
  json::object values;
  for (const Field& field : kind.fields) {
    if (field.type == FieldType::custom) continue;
    if (field.merge == MergeClass::central && !machine.is_central()) continue;
    if (field.required || rng_.percent(30)) {
      json::value value = value_for(machine, kind, field);
      if (!value.is_null()) values[field.name] = std::move(value);
    }
  }
  return values;
}

void World::create_record(Machine& machine) {
  const auto kinds = simulated_kinds();
  const bool any_customer = some_id(machine, customer_kind()).has_value();
  const Kind& kind = any_customer ? kinds[rng_.below(kinds.size())] : customer_kind();
  const json::object body = new_values(machine, kind);
  auto values = read_new(kind, body);
  if (!values) return;  // nothing to refer to
  const std::int64_t seq_before = machine.log->own().seq;
  auto work = [&](store::Connection& connection) -> Result<store::Record> {
    store::RecordWriter writer(connection, *machine.log,
                               machine.is_central() ? Role::central : Role::site, machine.random);
    return writer.create(kind, std::nullopt, *values, author);
  };
  const auto created = machine.database->write(work);
  check_outcome(created);
  if (created)
    say(fmt::format("{} creates {} {} {}", machine.name(), kind.name, to_string(created->id),
                    json::serialize(body)));
  acknowledge(machine, seq_before);
}

json::object World::patch_for(Machine& machine, const store::Record& record) {
  const Kind& kind = *record.kind;
  json::object patch;
  const std::size_t wanted = 1 + rng_.below(3);
  for (std::size_t i = 0; i < wanted; ++i) {
    // Few fields, so that writers meet.
    const Field& field = kind.fields[rng_.below(std::min<std::size_t>(kind.fields.size(), 7))];
    if (field.type == FieldType::custom) continue;
    if (field.type == FieldType::reference && !rng_.percent(swarm_.move_percent)) continue;
    json::value value = value_for(machine, kind, field);
    if (!field.required && rng_.percent(10)) value = nullptr;
    if (field.required && value.is_null()) continue;
    patch[field.name] = std::move(value);
  }
  if (kind.find_field("disabled_at") >= 0 && rng_.percent(5))
    patch["disabled_at"] = "2026-01-02T03:04:05.000Z";
  return patch;
}

void World::change_record(Machine& machine) {
  const auto kinds = simulated_kinds();
  const Kind& kind = kinds[rng_.below(kinds.size())];
  const auto record = some_record(machine, kind);
  if (!record) return;
  const json::object patch = patch_for(machine, *record);
  const std::int64_t seq_before = machine.log->own().seq;
  auto work = [&](store::Connection& connection) -> Result<store::Record> {
    store::RecordWriter writer(connection, *machine.log,
                               machine.is_central() ? Role::central : Role::site, machine.random);
    return writer.update(kind, record->id, patch, std::nullopt, author);
  };
  const auto updated = machine.database->write(work);
  check_outcome(updated);
  say(fmt::format("{} sets {} {} {}{}", machine.name(), kind.name, to_string(record->id),
                  json::serialize(patch), updated ? "" : " – " + updated.error().detail));
  acknowledge(machine, seq_before);
}

void World::remove_record(Machine& machine) {
  const auto kinds = simulated_kinds();
  const Kind& kind = kinds[rng_.below(kinds.size())];
  const auto id = some_id(machine, kind);
  if (!id) return;
  const std::int64_t seq_before = machine.log->own().seq;
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *machine.log,
                               machine.is_central() ? Role::central : Role::site, machine.random);
    return writer.remove(kind, *id, std::nullopt, author);
  };
  const auto removed = machine.database->write(work);
  check_outcome(removed);
  say(fmt::format("{} removes {} {}{}", machine.name(), kind.name, to_string(*id),
                  removed ? "" : " – " + removed.error().detail));
  acknowledge(machine, seq_before);
}

// Keeps the winner or brings the loser back, as the API does.
void World::resolve_conflict(Machine& machine) {
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::ConflictQuery query;
    query.open = true;
    const auto open = store::list_conflicts(connection, query);
    if (open.empty()) return {};
    store::Conflict conflict = rng_.pick(open);
    if (conflict.type != store::ConflictType::concurrent || !conflict.loser.contains("value"))
      return {};
    json::object patch;
    if (rng_.percent(50)) patch[conflict.field] = conflict.loser.at("value");
    store::RecordWriter writer(connection, *machine.log,
                               machine.is_central() ? Role::central : Role::site, machine.random);
    const auto record =
        writer.update(*conflict.kind, conflict.record, patch, std::nullopt, author, conflict.id);
    if (!record) return tl::unexpected<Error>(record.error());
    say(fmt::format("{} resolves {} {}", machine.name(), to_string(conflict.id),
                    json::serialize(patch)));
    if (!machine.is_central()) return {};
    conflict.open = false;
    conflict.decided_by = author.actor;
    conflict.resolved_at = machine.clock.wall_ms();
    conflict.version = machine.log->own().seq;
    store::write_conflict(connection, conflict);
    return {};
  };
  const std::int64_t seq_before = machine.log->own().seq;
  check_outcome(machine.database->write(work));
  acknowledge(machine, seq_before);
}

// The user was told that it is done: from here on it may never be lost (I2).
void World::acknowledge(Machine& machine, std::int64_t seq_before) {
  const store::LogHead& head = machine.log->own();
  if (head.seq == seq_before) return;
  ++counts_.writes;
  if (head.seq != seq_before + 1) throw Violation("local write", "one write made several rows");
  std::int64_t seen = 0;
  if (!machine.is_central())
    seen = machine.read(
        [](store::Connection& connection) { return store::read_upstream(connection)->n; });
  machine.acknowledged.push_back({head.seq, head.hash, seen});
}

}  // namespace skerry::sim
