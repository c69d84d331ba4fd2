// Random writes about assets on three machines, exchanged now and then.
#include <algorithm>
#include <random>

#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

// A swarm of writes on three machines; the seed is the name of the test.
class ReconcileSwarm : public ReconcileAssets, public testing::WithParamInterface<unsigned> {
 protected:
  std::mt19937 dice{GetParam()};

  std::size_t roll(std::size_t sides) { return dice() % sides; }

  std::optional<RecordId> any(Machine& at, std::string_view kind) {
    return at.read([&](store::Connection& connection) -> std::optional<RecordId> {
      std::vector<RecordId> ids;
      auto cursor = connection.query(fmt::format("SELECT id FROM {}", kind));
      while (cursor.next()) ids.push_back(cursor.id<RecordId>(0));
      std::sort(ids.begin(), ids.end());
      if (ids.empty()) return std::nullopt;
      return ids[roll(ids.size())];
    });
  }
  std::string reference(Machine& at, std::string_view kind) {
    const auto id = any(at, kind);
    return id ? to_string(*id) : "";
  }
  std::string day() { return fmt::format("2026-01-{:02}", 1 + roll(6)); }

  json::object custom() {
    const char* keys[] = {"a", "b", "n"};
    const std::size_t key = roll(3);
    json::value value;
    if (roll(3) > 0)
      value = key == 2 ? json::value(0.5 * static_cast<double>(roll(9)))
                       : json::value(fmt::format("v{}", roll(4)));
    return {{keys[key], std::move(value)}};
  }
  json::object dates() {
    json::object fields;
    if (roll(2) == 0) fields["shipped_at"] = "2026-01-01";
    if (roll(2) == 0) fields["arrived_at"] = day();
    if (roll(3) == 0) fields["arrived_expected"] = day();
    if (fields.empty()) fields["tracking_number"] = "T";
    return fields;
  }

  // Refusals are part of the game.
  void act(Machine& at) {
    const auto asset_id = any(at, "asset");
    const auto move_id = any(at, "move");
    switch (roll(10)) {
      case 0:
        (void)create(at, "asset",
                     {{"product", to_string(pump)},
                      {"serial", fmt::format("{}", roll(20))},
                      {"owner", reference(at, "customer")}});
        return;
      case 1:
      case 2: {
        if (!asset_id) return;
        json::object fields = dates();
        fields["asset"] = to_string(*asset_id);
        fields["to_location"] = reference(at, "location");
        (void)create(at, "move", fields);
        return;
      }
      case 3:
        if (move_id) (void)set(at, "move", *move_id, dates());
        return;
      case 4:
        if (move_id) (void)set(at, "move", *move_id, {{"to_location", reference(at, "location")}});
        return;
      case 5:
        if (move_id && roll(2) == 0) (void)remove(at, "move", *move_id);
        return;
      case 6:
        if (asset_id) (void)set(at, "asset", *asset_id, {{"owner", reference(at, "customer")}});
        return;
      case 7:
        if (asset_id) (void)set(at, "asset", *asset_id, {{"custom", custom()}});
        return;
      case 8:
        if (asset_id)
          (void)set(at, "asset", *asset_id,
                    roll(4) == 0   ? json::object{{"scrapped_on", "2026-02-01"}}
                    : roll(2) == 0 ? json::object{{"archived_at", "2026-02-01"}}
                                   : json::object{{"archived_at", nullptr}});
        return;
      default:
        if (asset_id && roll(3) == 0)
          (void)remove(at, "asset", *asset_id);
        else if (const auto place = any(at, "location"))
          (void)set(at, "location", *place, {{"customer", reference(at, "customer")}});
    }
  }
};

TEST_P(ReconcileSwarm, EndsAsOneRegister) {
  const bool narrow = roll(2) == 0;
  if (narrow) {
    see_only(site, {acme});
    see_only(other, {bell});
  }
  settle();
  site.clock.skew_ms = static_cast<std::int64_t>(roll(3)) * 3'600'000 - 3'600'000;
  Machine* machines[] = {&central, &site, &other};
  for (int step = 0; step < 40; ++step) {
    act(*machines[roll(3)]);
    if (roll(8) == 0) exchange(*machines[1 + roll(2)]);
    if (roll(12) == 0) up(*machines[1 + roll(2)]);
  }
  settle();
  settle();
  expect_equal(site);
  expect_equal(other);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReconcileSwarm, testing::Range(1U, 101U));

}  // namespace
}  // namespace skerry::sync
