// Derived columns, computed anew from all that a machine holds: where assets are, and what counts
// for a customer (RECORDS "asset", "move"; ADR 0016). Shares no code with store/places and
// store/derived.
#include <fmt/format.h>
#include <map>

#include "core/json_text.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {
namespace {

using Records = std::map<RecordId, store::Record>;

Records records_of(store::Connection& connection, std::string_view name) {
  Records records;
  const Kind& kind = *find_kind(name);
  auto cursor =
      connection.query(fmt::format("SELECT {} FROM {}", store::select_columns(kind), kind.name));
  while (cursor.next()) {
    store::Record record = store::read_record(cursor, kind);
    records.emplace(record.id, std::move(record));
  }
  return records;
}

struct Whereabouts {
  json::value location;
  bool in_transit = false;
};

// The last that was shipped or has arrived, by time; under way comes after an arrival of that time.
Whereabouts find_asset(const Records& moves, const RecordId& asset) {
  Whereabouts found;
  std::tuple<std::string, bool, RecordId> latest;
  for (const auto& [id, move] : moves) {
    if (reference(move.value("asset")) != asset) continue;
    const bool arrived = !move.value("arrived_at").is_null();
    const json::value& at = move.value(arrived ? "arrived_at" : "shipped_at");
    if (at.is_null()) continue;
    const std::tuple event(std::string(at.as_string()), !arrived, id);
    if (event < latest) continue;
    latest = event;
    found.location = arrived ? move.value("to_location") : json::value();
    found.in_transit = !arrived;
  }
  return found;
}

struct Sums {
  std::int64_t locations = 0;
  std::int64_t assets_on_location = 0;
  std::int64_t assets_owned = 0;
};

void compare(const Machine& machine, const store::Record& record,
             const std::vector<json::value>& expected) {
  if (record.derived == expected) return;
  throw Violation(
      "derived columns",
      fmt::format("{} has {} {} with {}, its records give {}", machine.name(), record.kind->name,
                  to_string(record.id),
                  to_json_text(json::array(record.derived.begin(), record.derived.end())),
                  to_json_text(json::array(expected.begin(), expected.end()))));
}

}  // namespace

void check_derived(Machine& machine) {
  const store::Reader reader = machine.database->read();
  const Records locations = records_of(*reader, "location");
  const Records moves = records_of(*reader, "move");
  std::map<RecordId, Sums> sums;
  for (const auto& [id, location] : locations)
    if (location.value("archived_at").is_null())
      ++sums[*reference(location.value("customer"))].locations;
  for (const auto& [id, asset] : records_of(*reader, "asset")) {
    const Whereabouts where = find_asset(moves, id);
    compare(machine, asset, {where.location, where.in_transit});
    if (!asset.value("archived_at").is_null() || !asset.value("scrapped_on").is_null()) continue;
    if (const auto owner = reference(asset.value("owner"))) ++sums[*owner].assets_owned;
    const auto at = reference(where.location);
    const auto location = at ? locations.find(*at) : locations.end();
    if (location != locations.end())
      ++sums[*reference(location->second.value("customer"))].assets_on_location;
  }
  for (const auto& [id, customer] : records_of(*reader, "customer")) {
    const Sums& sum = sums[id];
    compare(machine, customer, {sum.locations, sum.assets_on_location, sum.assets_owned});
  }
}

}  // namespace skerry::sim
