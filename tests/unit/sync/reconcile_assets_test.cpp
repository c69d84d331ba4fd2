// Assets, moves and custom fields across the gap: what both sides did becomes one register.
#include "store/hard_delete.hpp"
#include "tests/unit/sync/reconcile_assets_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictChoice;
using store::ConflictType;

TEST_F(ReconcileAssets, MovesEnteredOnBothSidesGiveOnePlace) {
  const RecordId one = asset(central, "1", acme);
  settle();
  move(site, one, mill, {{"arrived_at", "2026-01-05"}});
  move(central, one, yard, {{"arrived_at", "2026-01-04"}});
  move(other, one, dock, {{"shipped_at", "2026-01-02"}, {"arrived_at", "2026-01-03"}});
  EXPECT_EQ(place(central, one), fmt::format("\"{}\" false", to_string(yard)));
  settle();
  for (Machine* machine : {&central, &site, &other})
    EXPECT_EQ(place(*machine, one), fmt::format("\"{}\" false", to_string(mill)));
  expect_equal(site);
  expect_equal(other);
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(ReconcileAssets, AWrongClockDoesNotMakeTwoHistories) {
  const RecordId one = asset(central, "1", acme);
  settle();
  site.clock.skew_ms = 7'200'000;
  ASSERT_TRUE(set(site, "asset", one, {{"description", "moves the clock ahead"}}));
  site.clock.skew_ms = -7'200'000;
  move(site, one, mill, {{"tracking_number", "without a date"}});
  move(site, one, dock, {{"arrived_expected", "2030-01-01"}});
  settle();
  expect_equal(site);
  expect_equal(other);
}

TEST_F(ReconcileAssets, DifferentCustomKeysJoin) {
  const RecordId one = asset(central, "1", acme);
  ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"n", 1}}}}));
  settle();
  ASSERT_TRUE(set(site, "asset", one, {{"custom", {{"a", "site"}}}}));
  ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"b", "central"}, {"n", nullptr}}}}));
  settle();
  for (Machine* machine : {&central, &site, &other})
    EXPECT_EQ(value(*machine, "asset", one, "custom"), R"({"a":"site","b":"central"})");
  EXPECT_TRUE(conflicts(central).empty());
  expect_equal(site);
}

TEST_F(ReconcileAssets, OneCustomKeyOnBothSidesIsAConflictOfThatKey) {
  for (const bool at_site : {false, true}) {
    for (const ConflictChoice choice : {ConflictChoice::winner, ConflictChoice::loser}) {
      const RecordId one = asset(central, fmt::format("{}", now), acme);
      ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"a", "before"}}}}));
      settle();
      ASSERT_TRUE(set(site, "asset", one, {{"custom", {{"a", "site"}, {"b", "of the site"}}}}));
      ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"a", "central"}, {"n", 0.5}}}}));
      settle();
      for (Machine* machine : {&central, &site})
        EXPECT_EQ(value(*machine, "asset", one, "custom"),
                  R"({"a":"central","b":"of the site","n":0.5})");
      const auto open = open_conflicts(at_site ? site : central);
      ASSERT_EQ(open.size(), 1U);
      EXPECT_EQ(open[0].field, "custom");
      EXPECT_EQ(to_json_text(open[0].loser.at("value")), R"({"a":"site"})");
      EXPECT_EQ(to_json_text(open[0].winner.at("value")), R"({"a":"central"})");
      ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"n", 2}}}}));  // meanwhile
      settle();
      resolve(at_site ? site : central, open[0].id, choice);
      settle();
      for (Machine* machine : {&central, &site, &other}) {
        EXPECT_EQ(value(*machine, "asset", one, "custom"),
                  choice == ConflictChoice::winner ? R"({"a":"central","b":"of the site","n":2})"
                                                   : R"({"a":"site","b":"of the site","n":2})");
        EXPECT_TRUE(open_conflicts(*machine).empty());
      }
      expect_equal(site);
    }
  }
}

TEST_F(ReconcileAssets, ACustomKeyTakenAwayHereAndEditedThere) {
  const RecordId one = asset(central, "1", acme);
  ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"a", "before"}, {"b", "stays"}}}}));
  settle();
  ASSERT_TRUE(set(site, "asset", one, {{"custom", {{"a", "edited"}}}}));
  ASSERT_TRUE(set(central, "asset", one, {{"custom", {{"a", nullptr}}}}));
  settle();
  EXPECT_EQ(value(site, "asset", one, "custom"), R"({"b":"stays"})");
  const auto open = open_conflicts(central);
  ASSERT_EQ(open.size(), 1U);
  resolve(central, open[0].id, ConflictChoice::loser);
  settle();
  EXPECT_EQ(value(site, "asset", one, "custom"), R"({"a":"edited","b":"stays"})");
  expect_equal(site);
}

TEST_F(ReconcileAssets, LargeNumbersTravel) {
  settle();
  const RecordId one = asset(site, "1", acme);
  for (const double number : {9007199254740992.0, -9.1e15, 1e16, 5e-324, 0.1}) {
    ASSERT_TRUE(set(site, "asset", one, {{"custom", {{"n", number}}}}));
    settle();
    EXPECT_EQ(told(site, site.log->own().seq), "applied");
    expect_equal(site);
    expect_equal(other);
  }
}

TEST_F(ReconcileAssets, OneSerialAtTwoSitesKeepsBoth) {
  settle();
  const RecordId here = asset(site, "S-1", acme);
  const RecordId there = asset(other, "S-1", bell);
  settle();
  for (Machine* machine : {&central, &site, &other}) {
    EXPECT_TRUE(has(*machine, "asset", here));
    EXPECT_TRUE(has(*machine, "asset", there));
    const auto open = open_conflicts(*machine);
    ASSERT_EQ(open.size(), 1U) << machine->number;
    EXPECT_EQ(open[0].type, ConflictType::duplicate_key);
    EXPECT_EQ(open[0].field, "serial");
  }
  expect_equal(site);
}

TEST_F(ReconcileAssets, AChangeOfProductMayMakeADuplicate) {
  const RecordId valve =
      *create(central, "product", {{"sku", "V"}, {"name", "Valve"}, {"type", "device"}});
  const RecordId one = *create(central, "asset", {{"product", to_string(valve)}, {"serial", "7"}});
  settle();
  asset(central, "7", acme);
  ASSERT_TRUE(set(site, "asset", one, {{"product", to_string(pump)}}));
  settle();
  const auto open = open_conflicts(central);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].type, ConflictType::duplicate_key);
  EXPECT_EQ(open[0].field, "serial");
  expect_equal(site);
}

TEST_F(ReconcileAssets, OneUniqueCustomValueAtTwoSites) {
  ASSERT_TRUE(set(central, "custom_field", definitions[0], {{"unique", true}}));
  settle();
  const RecordId here = asset(site, "1", acme);
  const RecordId there = asset(other, "2", acme);
  ASSERT_TRUE(set(site, "asset", here, {{"custom", {{"a", "same"}}}}));
  ASSERT_TRUE(set(other, "asset", there, {{"custom", {{"a", "same"}}}}));
  settle();
  const auto open = open_conflicts(site);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].type, ConflictType::duplicate_key);
  EXPECT_EQ(open[0].field, "custom.a");
  expect_equal(site);
}

// Told when it came about, and not again with each later edit of the record.
TEST_F(ReconcileAssets, ASharedCustomValueIsToldOnceAndStopsNoOtherEdit) {
  ASSERT_TRUE(set(central, "custom_field", definitions[0], {{"unique", true}}));
  settle();
  const RecordId here = asset(site, "1", acme);
  const RecordId there = asset(other, "2", acme);
  ASSERT_TRUE(set(site, "asset", here, {{"custom", {{"a", "same"}}}}));
  ASSERT_TRUE(set(other, "asset", there, {{"custom", {{"a", "same"}}}}));
  settle();
  ASSERT_EQ(open_conflicts(central).size(), 1U);
  for (Machine* machine : {&site, &other})
    for (const RecordId& id : {here, there}) {
      const auto written = set(*machine, "asset", id, {{"custom", {{"b", to_string(id)}}}});
      EXPECT_TRUE(written) << written.error().detail;
      settle();
    }
  EXPECT_EQ(conflicts(central).size(), 1U);
  EXPECT_EQ(create(site, "asset",
                   {{"product", to_string(pump)}, {"serial", "3"}, {"custom", {{"a", "same"}}}})
                .error()
                .code,
            Errc::duplicate_key);
}

// The serial that stands was another's: whoever wrote it was told of the duplicate then.
TEST_F(ReconcileAssets, AProposalThatLostMakesNoDuplicate) {
  const RecordId one = asset(central, "1", acme);
  settle();
  asset(other, "2", acme);
  ASSERT_TRUE(set(site, "asset", one, {{"serial", "9"}}));
  ASSERT_TRUE(set(central, "asset", one, {{"serial", "2"}}));
  up(other);
  ASSERT_EQ(conflicts(central).size(), 1U);
  up(site);
  const auto all = conflicts(central);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].type, ConflictType::duplicate_key);
  EXPECT_EQ(all[1].type, ConflictType::concurrent);
}

TEST_F(ReconcileAssets, ASitesRowAboutAProductIsRejectedAndReported) {
  settle();
  EXPECT_EQ(set(site, "product", pump, {{"name", "Mine"}}).error().code, Errc::owned_by_central);
  Change row;
  row.kind = find_kind("product");
  row.record = pump;
  row.op = ChangeOp::set;
  row.fields.push_back(
      {static_cast<std::size_t>(row.kind->find_field("name")), "Pump", "Mine", std::nullopt});
  append(site, {row});
  settle();
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(told(site, 1), "rejected");
  EXPECT_EQ(value(central, "product", pump, "name"), "\"Pump\"");
  expect_equal(site);
  // The rows behind it are taken.
  const RecordId one = asset(site, "1", acme);
  settle();
  EXPECT_TRUE(has(central, "asset", one));
}

class ReconcileScopes : public ReconcileAssets {
 protected:
  ReconcileScopes() {
    see_only(site, {acme});
    see_only(other, {bell});
  }
};

TEST_F(ReconcileScopes, AnAssetOfNobodyFollowsWhereItStands) {
  const RecordId one = asset(central, "1", std::nullopt);
  const RecordId first = move(central, one, yard, {{"arrived_at", "2026-01-01"}});
  const RecordId note = *create(central, "note", {{"subject", to_string(one)}, {"text", "heavy"}});
  settle();
  EXPECT_TRUE(has(site, "asset", one));
  EXPECT_TRUE(has(site, "note", note));
  EXPECT_FALSE(has(other, "asset", one));
  expect_equal(site);
  expect_equal(other);
  const RecordId second = move(central, one, mill, {{"shipped_at", "2026-01-02"}});
  settle();
  // Who receives it sees it coming, with all that belongs to it.
  for (const auto& [kind, id] :
       {std::pair("asset", one), {"note", note}, {"move", first}, {"move", second}}) {
    EXPECT_TRUE(has(other, kind, id)) << kind;
    EXPECT_FALSE(has(site, kind, id)) << kind;
  }
  expect_equal(site);
  expect_equal(other);
  ASSERT_TRUE(set(other, "move", second, {{"arrived_at", "2026-01-03"}}));
  settle();
  EXPECT_EQ(place(central, one), fmt::format("\"{}\" false", to_string(mill)));
  expect_equal(other);
}

TEST_F(ReconcileScopes, TheOwnerSeesItWhereverItStands) {
  const RecordId one = asset(central, "1", acme);
  settle();
  move(central, one, mill, {{"arrived_at", "2026-01-01"}});
  const RecordId note = *create(site, "note", {{"subject", to_string(one)}, {"text", "ours"}});
  settle();
  for (Machine* machine : {&site, &other}) {
    EXPECT_TRUE(has(*machine, "asset", one));
    EXPECT_TRUE(has(*machine, "note", note));
    expect_equal(*machine);
  }
  // Back home: the other one loses it.
  move(central, one, dock, {{"arrived_at", "2026-01-02"}});
  settle();
  EXPECT_FALSE(has(other, "asset", one));
  EXPECT_FALSE(has(other, "note", note));
  expect_equal(site);
  expect_equal(other);
}

TEST_F(ReconcileScopes, WhoComesToSeeAnAssetThatNobodyLosesGetsItWhole) {
  const RecordId one = asset(central, "1", bell);
  move(central, one, mill, {{"arrived_at", "2026-01-01"}});
  settle();
  EXPECT_FALSE(has(site, "asset", one));
  const RecordId trip = move(central, one, yard, {{"arrived_at", "2026-01-02"}});
  settle();
  EXPECT_TRUE(has(site, "asset", one));
  EXPECT_TRUE(has(site, "move", trip));
  expect_equal(site);
  expect_equal(other);
}

TEST_F(ReconcileScopes, ALocationThatChangesHandsBringsItsAssets) {
  const RecordId one = asset(central, "1", std::nullopt);
  move(central, one, yard, {{"arrived_at", "2026-01-01"}});
  settle();
  ASSERT_TRUE(set(central, "location", yard, {{"customer", to_string(bell)}}));
  settle();
  EXPECT_FALSE(has(site, "asset", one));
  EXPECT_TRUE(has(other, "asset", one));
  expect_equal(site);
  expect_equal(other);
}

TEST_F(ReconcileScopes, AnOwnerThatChangesTakesTheAssetAway) {
  const RecordId one = asset(central, "1", acme);
  settle();
  ASSERT_TRUE(set(central, "asset", one, {{"owner", to_string(bell)}}));
  settle();
  EXPECT_FALSE(has(site, "asset", one));
  EXPECT_TRUE(has(other, "asset", one));
  expect_equal(site);
  expect_equal(other);
}

class ReconcileDeletion : public ReconcileAssets {
 protected:
  void remove_whole(Machine& at, std::string_view name, const RecordId& id) {
    now += 1000;
    const Kind& kind = *find_kind(name);
    const auto work = [&](store::Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, *at.log, at.role(), at.random);
      SKERRY_TRY(const store::Dependants found, store::find_dependants(connection, kind, id));
      const std::string label = store::record_label(*store::find_record(connection, kind, id));
      SKERRY_TRY_VOID(store::hard_delete(connection, writer, kind, id, std::nullopt, label,
                                         found.token(id), {"uid:0", "api", ""}));
      return {};
    };
    const auto removed = at.write(work);
    ASSERT_TRUE(removed) << removed.error().detail;
  }
  // A customer with all that refers to it, each before what it refers to.
  void destroy(Machine& at, const std::vector<std::pair<std::string_view, RecordId>>& records) {
    for (const auto& [kind, id] : records) {
      const auto removed = remove(at, kind, id);
      ASSERT_TRUE(removed) << removed.error().detail;
    }
  }
};

TEST_F(ReconcileDeletion, ReachesTheSitesAndHoldsAgainstLateBundles) {
  const RecordId one = asset(central, "1", bell);
  const RecordId trip = move(central, one, mill, {{"arrived_at", "2026-01-01"}});
  settle();
  const auto late_down = pack_down(site);
  ASSERT_TRUE(set(site, "asset", one, {{"description", "late"}}));
  const RecordId late_move = move(site, one, yard, {{"arrived_at", "2026-01-02"}});
  const auto late_up = pack_up(site);
  destroy(central, {{"move", trip}, {"asset", one}, {"location", mill}, {"customer", bell}});
  for (const Bytes& bundle : late_up) take(central, bundle);
  EXPECT_FALSE(has(central, "asset", one));
  settle();
  for (const Bytes& bundle : late_down) take(site, bundle);
  for (const Bytes& bundle : late_up) take(central, bundle);
  settle();
  for (Machine* machine : {&central, &site, &other}) {
    for (const auto& [kind, id] : {std::pair("asset", one),
                                   {"move", trip},
                                   {"location", mill},
                                   {"customer", bell},
                                   {"move", late_move}})
      EXPECT_FALSE(has(*machine, kind, id)) << machine->number << ' ' << kind;
  }
  expect_equal(site);
  expect_equal(other);
}

TEST_F(ReconcileDeletion, OfASiteTravelsUp) {
  settle();
  const RecordId one = asset(site, "1", acme);
  const RecordId trip = move(site, one, yard, {{"arrived_at", "2026-01-01"}});
  settle();
  destroy(site, {{"move", trip}, {"asset", one}});
  settle();
  for (Machine* machine : {&central, &other}) EXPECT_FALSE(has(*machine, "asset", one));
  expect_equal(site);
  expect_equal(other);
}

// What came up at central meanwhile keeps the record, and then keeps all that went with it.
TEST_F(ReconcileDeletion, OfAWholeIsRefusedAsAWhole) {
  const RecordId one = asset(central, "1", acme);
  const RecordId trip = move(central, one, yard, {{"arrived_at", "2026-01-01"}});
  settle();
  remove_whole(site, "asset", one);
  EXPECT_FALSE(has(site, "move", trip));
  move(central, one, dock, {{"arrived_at", "2026-01-02"}});
  settle();
  for (Machine* machine : {&central, &site, &other}) {
    EXPECT_TRUE(has(*machine, "asset", one)) << machine->number;
    EXPECT_TRUE(has(*machine, "move", trip)) << machine->number;
  }
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(decided(site, 2), "rejected");
  expect_equal(site);
}

}  // namespace
}  // namespace skerry::sync
