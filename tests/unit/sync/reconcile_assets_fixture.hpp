// Three machines with a product, custom fields, customers and locations; what they hold, as text.
#pragma once

#include <algorithm>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/places.hpp"
#include "store/resolve_conflict.hpp"
#include "sync/digest.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {

inline std::string history_text(store::Connection& connection, const RecordId& asset) {
  std::string text;
  for (const store::MoveEvent& event : store::asset_history(connection, asset))
    text += fmt::format(" {}@{}:{}>{}", to_text(event.state), event.at,
                        event.from ? to_string(*event.from) : "-", to_string(event.to));
  return text;
}

class ReconcileAssets : public Reconcile {
 protected:
  ReconcileAssets() {
    pump = *create(central, "product", {{"sku", "P"}, {"name", "Pump"}, {"type", "device"}});
    for (const char* kind : {"asset", "move"})
      for (const auto& [key, type] : {std::pair("a", "text"), {"b", "text"}, {"n", "number"}})
        definitions.push_back(*create(central, "custom_field",
                                      {{"record_kind", kind}, {"key", key}, {"type", type}}));
    acme = *create(central, "customer", {{"name", "Acme"}});
    bell = *create(central, "customer", {{"name", "Bell"}});
    yard = location(acme, "Yard");
    dock = location(acme, "Dock");
    mill = location(bell, "Mill");
  }

  RecordId location(const RecordId& customer, std::string_view name) {
    return *create(central, "location", {{"customer", to_string(customer)}, {"name", name}});
  }
  RecordId asset(Machine& at, std::string_view serial, std::optional<RecordId> owner) {
    const json::value owned_by = owner ? json::value(to_string(*owner)) : json::value();
    const auto made = create(
        at, "asset", {{"product", to_string(pump)}, {"serial", serial}, {"owner", owned_by}});
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(RecordId{});
  }
  RecordId move(Machine& at, const RecordId& asset, const RecordId& to, json::object fields) {
    fields["asset"] = to_string(asset);
    fields["to_location"] = to_string(to);
    const auto made = create(at, "move", fields);
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(RecordId{});
  }
  void settle() {
    for (int round = 0; round < 3; ++round)
      for (Machine* machine : {&site, &other}) exchange(*machine);
  }

  // Everything two machines must agree on, a record a line: values, derived columns, when it was
  // made, the history of assets.
  std::vector<std::string> everything(Machine& at, const store::Site* as_seen_by = nullptr) {
    return at.read([&](store::Connection& connection) {
      std::vector<std::string> lines;
      for (const Kind& kind : all_kinds()) {
        auto cursor = connection.query(
            fmt::format("SELECT {} FROM {} ORDER BY id", store::select_columns(kind), kind.name));
        while (cursor.next()) {
          const store::Record record = store::read_record(cursor, kind);
          if (as_seen_by && !store::in_scope(connection, *as_seen_by, kind, record.scope)) continue;
          std::string line =
              fmt::format("{} {} made {}", kind.name, to_string(record.id), record.created_at);
          for (const json::value& value : record.values) line += ' ' + to_json_text(value);
          for (const json::value& value : record.derived) line += " d:" + to_json_text(value);
          if (kind.name == "asset") line += history_text(connection, record.id);
          lines.push_back(std::move(line));
        }
      }
      return lines;
    });
  }
  store::Site known(Machine& about) {
    return central.read([&](store::Connection& connection) {
      return *store::find_site(connection, sim::site_id(about.number));
    });
  }
  Hash digest(Machine& at, const std::optional<store::Site>& about = std::nullopt) {
    return at.read(
        [&](store::Connection& connection) { return digest_records(connection, about).sha256; });
  }
  void expect_equal(Machine& at) {
    const store::Site about = known(at);
    const auto here = everything(at);
    const auto there = everything(central, &about);
    for (const std::string& line : here)
      EXPECT_TRUE(std::find(there.begin(), there.end(), line) != there.end())
          << "only here: " << line;
    for (const std::string& line : there)
      EXPECT_TRUE(std::find(here.begin(), here.end(), line) != here.end())
          << "only there: " << line;
    EXPECT_EQ(digest(at), digest(central, about));
  }
  std::vector<store::Conflict> open_conflicts(Machine& at) {
    return at.read([](store::Connection& connection) {
      store::ConflictQuery query;
      query.open = true;
      return store::list_conflicts(connection, query);
    });
  }
  bool has(Machine& at, std::string_view kind, const RecordId& id) {
    return at.read([&](store::Connection& connection) {
      return store::record_exists(connection, *find_kind(kind), id);
    });
  }
  std::string place(Machine& at, const RecordId& asset) {
    return at.read([&](store::Connection& connection) -> std::string {
      const auto record = store::find_record(connection, *find_kind("asset"), asset);
      if (!record) return "-";
      return to_json_text(record->derived[0]) + ' ' + to_json_text(record->derived[1]);
    });
  }
  Result<store::Conflict> try_resolve(Machine& at, const RecordId& conflict,
                                      const store::ConflictDecision& decision) {
    now += 1000;
    const store::Author author{"uid:0", "api", ""};
    return at.write([&](store::Connection& connection) {
      return store::resolve_conflict(connection, *at.log, at.role(), at.random, conflict, decision,
                                     author);
    });
  }
  void resolve(Machine& at, const RecordId& conflict, store::ConflictChoice choice) {
    const auto done = try_resolve(at, conflict, choice);
    ASSERT_TRUE(done) << done.error().detail;
  }

  Result<store::Conflict> try_undo(Machine& at, const RecordId& conflict) {
    now += 1000;
    const store::Author author{"uid:0", "api", ""};
    return at.write([&](store::Connection& connection) {
      return store::undo_conflict(connection, *at.log, at.role(), at.random, conflict, author);
    });
  }
  void undo(Machine& at, const RecordId& conflict) {
    const auto done = try_undo(at, conflict);
    ASSERT_TRUE(done) << done.error().detail;
  }

  RecordId pump, acme, bell, yard, dock, mill;
  std::vector<RecordId> definitions;
};

}  // namespace skerry::sync
