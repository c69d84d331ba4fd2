#include "sync/rebase.hpp"
#include "sync/take_state.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictType;

TEST_F(Reconcile, TwoHonestPeersBecomeOneRegister) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  const RecordId ann =
      *create(site, "contact", {{"customer", to_string(acme)}, {"email", "ann@acme.example"}});
  exchange(site);
  EXPECT_EQ(value(central, "contact", ann, "email"), "\"ann@acme.example\"");
  EXPECT_EQ(acked(site), 1);
  EXPECT_EQ(decided(site, 1), "applied");
  exchange(other);
  EXPECT_EQ(value(other, "contact", ann, "email"), "\"ann@acme.example\"");
  EXPECT_TRUE(conflicts(central).empty());
}

// What central's people write while a bundle is packed may be in it: that contradicts nothing.
TEST_F(Reconcile, WhatIsWrittenAmidAPackingIsTaken) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(set(central, "customer", acme, {{"description", "of before"}}));
  RecordId late;
  central.random.at_next_fill = [&] {
    ASSERT_TRUE(set(central, "customer", acme, {{"name", "Acme Ltd"}}));
    late = *create(central, "customer", {{"name", "Late"}});
  };
  for (const Bytes& bundle : pack_down(site)) EXPECT_EQ(take(site, bundle), "applied");
  EXPECT_EQ(value(site, "customer", acme, "description"), "\"of before\"");
  EXPECT_EQ(value(site, "customer", late, "name"), "\"Late\"");
  exchange(site);
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme Ltd\"");
}

TEST_F(Reconcile, H7_ConcurrentEditsLeaveOneConflictOnBothSides) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Acme of the site"}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "Acme of central"}}));
  exchange(site);
  const auto at_central = conflicts(central);
  const auto at_site = conflicts(site);
  ASSERT_EQ(at_central.size(), 1U);
  ASSERT_EQ(at_site.size(), 1U);
  EXPECT_EQ(at_central[0].id, at_site[0].id);
  EXPECT_EQ(at_site[0].type, ConflictType::concurrent);
  EXPECT_EQ(at_site[0].loser.at("value"), json::value("Acme of the site"));
  EXPECT_EQ(at_site[0].loser.at("old"), json::value("Acme"));
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Acme of central\"");  // the later one
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme of central\"");
  EXPECT_EQ(told(site, 1), "superseded");
}

TEST_F(Reconcile, TheSameValueOnBothSidesIsNoConflict) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "New"}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "New"}}));
  exchange(site);
  EXPECT_TRUE(conflicts(central).empty());
  EXPECT_EQ(told(site, 1), "applied");
}

TEST_F(Reconcile, AnEditOfADeletedRecordIsKeptAsAConflict) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Edited"}}));
  ASSERT_TRUE(remove(central, "customer", acme));
  exchange(site);
  EXPECT_EQ(value(site, "customer", acme, "name"), "-");
  ASSERT_EQ(conflicts(site).size(), 1U);
  EXPECT_EQ(conflicts(site)[0].type, ConflictType::edit_vs_delete);
  EXPECT_EQ(conflicts(site)[0].loser.at("value"), json::value("Edited"));
  EXPECT_EQ(told(site, 1), "conflict");
}

TEST_F(Reconcile, ADeletionStandsAgainstAnEditThatIsKeptAsAConflict) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(remove(site, "customer", acme));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "Edited"}}));
  exchange(site);
  EXPECT_EQ(value(central, "customer", acme, "name"), "-");
  EXPECT_EQ(value(site, "customer", acme, "name"), "-");
  ASSERT_EQ(conflicts(site).size(), 1U);
  EXPECT_EQ(conflicts(site)[0].type, ConflictType::delete_vs_edit);
}

TEST_F(Reconcile, TwoSitesMayCreateTheSameKey) {
  const json::object acme{{"name", "Acme"}, {"account_ref", "A-1"}};
  const RecordId first = *create(site, "customer", acme);
  const RecordId second = *create(other, "customer", acme);
  exchange(site);
  exchange(other);
  EXPECT_EQ(value(central, "customer", first, "account_ref"), "\"A-1\"");
  EXPECT_EQ(value(central, "customer", second, "account_ref"), "\"A-1\"");
  ASSERT_EQ(conflicts(central).size(), 1U);
  EXPECT_EQ(conflicts(central)[0].type, ConflictType::duplicate_key);
}

TEST_F(Reconcile, H10_AHeldRowIsDecidedWhenItsParentComesAndTheSiteIsTold) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  const RecordId ann =
      *create(site, "contact", {{"customer", to_string(acme)}, {"email", "ann@acme.example"}});
  auto hide = [&](store::Connection& connection) -> Result<void> {
    connection.execute("UPDATE customer SET id=zeroblob(16) WHERE id=?1", acme);
    return {};
  };
  auto bring_back = [&](store::Connection& connection) -> Result<void> {
    connection.execute("UPDATE customer SET id=?1 WHERE id=zeroblob(16)", acme);
    return {};
  };
  ASSERT_TRUE(central.database->write(hide));
  up(site);
  ASSERT_TRUE(central.database->write(bring_back));
  down(site);
  EXPECT_EQ(told(site, 1), "held");
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Again"}}));
  exchange(site);
  EXPECT_EQ(decided(site, 1), "applied");
  EXPECT_EQ(told(site, 1), "applied");
  EXPECT_EQ(value(site, "contact", ann, "email"), "\"ann@acme.example\"");
}

TEST_F(Reconcile, ADeletionThatIsNotDoneGivesBackCentralsState) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  exchange(other);
  ASSERT_TRUE(create(other, "location", {{"customer", to_string(acme)}, {"name", "Depot"}}));
  exchange(other);
  ASSERT_TRUE(remove(site, "customer", acme));  // in use by now, which the site cannot know
  EXPECT_EQ(value(site, "customer", acme, "name"), "-");
  exchange(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(told(site, 1), "rejected");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

// The site's clock is in the year 9999: what it makes is as old as its receipt, on both sides.
TEST_F(Reconcile, NothingWasMadeMuchLaterThanItWasReceived) {
  exchange(site);
  site.clock.skew_ms = 253'000'000'000'000 - now;
  const RecordId id = *create(site, "customer", {{"name", "Of the future"}});
  const auto created_at = [&](Machine& at) {
    return store::find_record(*at.database->read(), *find_kind("customer"), id)->created_at;
  };
  EXPECT_GT(created_at(site), now + 1'000'000'000);
  site.clock.skew_ms = 0;
  exchange(site);
  exchange(site);
  EXPECT_LE(created_at(central), now + stamp_lead_ms_max);
  EXPECT_EQ(created_at(site), created_at(central));
}

TEST_F(Reconcile, SetsOfBothSidesAreJoined) {
  const RecordId acme =
      *create(central, "customer", {{"name", "Acme"}, {"roles", json::array{"customer"}}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"roles", json::array{"customer", "supplier"}}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"roles", json::array{"distributor"}}}));
  exchange(site);
  EXPECT_EQ(value(central, "customer", acme, "roles"), R"(["distributor","supplier"])");
  EXPECT_EQ(value(site, "customer", acme, "roles"), R"(["distributor","supplier"])");
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(Reconcile, AGroupIsOneRegister) {
  const RecordId acme = *create(
      central, "customer", {{"name", "Acme"}, {"address", {{"line1", "Old"}, {"city", "Bonn"}}}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"address", {{"line1", "New"}}}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"address", {{"city", "Köln"}}}}));
  exchange(site);
  EXPECT_EQ(value(site, "customer", acme, "address"), R"({"line1":"Old","city":"Köln"})");
  ASSERT_EQ(conflicts(site).size(), 1U);
  EXPECT_EQ(conflicts(site)[0].field, "address");
}

Change edit(std::string_view kind, const RecordId& id, std::string_view field, json::value value) {
  Change change;
  change.kind = find_kind(kind);
  change.record = id;
  change.fields.push_back({static_cast<std::size_t>(change.kind->find_field(field)), nullptr,
                           std::move(value), std::nullopt});
  return change;
}

TEST_F(Reconcile, RowsOfOneTransactionAreRejectedTogether) {
  const RecordId acme = *create(site, "customer", {{"name", "Acme"}});
  append(site, {edit("customer", acme, "name", "First"),
                edit("customer", acme, "disabled_at", "2026-01-02T03:04:05.000Z")});
  exchange(site);
  EXPECT_EQ(decided(site, 2), "rejected");
  EXPECT_EQ(decided(site, 3), "rejected");
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Acme\"");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, ATransactionIsNotCutInTwo) {
  const RecordId acme = *create(site, "customer", {{"name", "Acme"}});
  append(site, {edit("customer", acme, "name", "First"), edit("customer", acme, "legal_name", "L"),
                edit("customer", acme, "disabled_at", "2026-01-02T03:04:05.000Z")});
  site.options.limits.lines_max = 4;  // the head, and three rows
  EXPECT_EQ(pack_up(site).size(), 2U);
  up(site);
  down(site);
  for (const std::int64_t seq : {2, 3, 4}) EXPECT_EQ(decided(site, seq), "rejected");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, ASnapshotInPiecesIsTakenWhenTheLastPieceIsThere) {
  std::vector<RecordId> ids;
  for (int i = 0; i < 9; ++i) ids.push_back(*create(central, "customer", {{"name", "Acme"}}));
  up(site);
  central.options.limits.lines_max = 4;
  const auto pieces = pack_down(site);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(take(site, pieces[2]), "waiting");
  EXPECT_EQ(take(site, pieces[0]), "waiting");
  EXPECT_EQ(value(site, "customer", ids[0], "name"), "-");
  EXPECT_EQ(take(site, pieces[2]), "waiting");
  EXPECT_EQ(take(site, pieces[1]), "waiting");
  EXPECT_EQ(take(site, pieces[2]), "applied");
  for (const RecordId& id : ids) EXPECT_EQ(value(site, "customer", id, "name"), "\"Acme\"");
}

TEST_F(Reconcile, ASecondSnapshotDropsWhatWasDeletedMeanwhile) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  const RecordId gone = *create(central, "customer", {{"name", "Gone"}});
  down(site);  // central never hears that it arrived
  EXPECT_EQ(value(site, "customer", gone, "name"), "\"Gone\"");
  ASSERT_TRUE(remove(central, "customer", gone));
  down(site);
  EXPECT_EQ(value(site, "customer", gone, "name"), "-");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, ADeltaInPiecesLosesNothingWhenOnlyTheFirstArrives) {
  std::vector<RecordId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(*create(central, "customer", {{"name", "Acme"}}));
  exchange(site);
  up(site);
  ASSERT_TRUE(set(central, "customer", ids[0], {{"legal_name", "First"}}));
  for (std::size_t i = 1; i < 6; ++i)
    ASSERT_TRUE(set(central, "customer", ids[i], {{"legal_name", "L"}}));
  ASSERT_TRUE(set(central, "customer", ids[0], {{"description", "Later"}}));
  central.options.limits.lines_max = 4;
  const auto pieces = pack_down(site);
  ASSERT_GE(pieces.size(), 2U);
  const std::int64_t before = upstream(site).n;
  EXPECT_EQ(take(site, pieces[0]), "applied");
  EXPECT_GT(upstream(site).n, before);
  up(site);  // reports the place of the cut: the next packing begins there
  down(site);
  EXPECT_EQ(value(site, "customer", ids[0], "legal_name"), "\"First\"");
  EXPECT_EQ(value(site, "customer", ids[0], "description"), "\"Later\"");
  for (std::size_t i = 1; i < 6; ++i)
    EXPECT_EQ(value(site, "customer", ids[i], "legal_name"), "\"L\"");
}

TEST_F(Reconcile, APieceInTheMiddleNeedsTheOneBefore) {
  const RecordId first = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  up(site);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(create(central, "customer", {{"name", "More"}}));
  ASSERT_TRUE(set(central, "customer", first, {{"name", "Last"}}));
  central.options.limits.lines_max = 4;
  const auto pieces = pack_down(site);
  ASSERT_GE(pieces.size(), 3U);
  EXPECT_EQ(take(site, pieces[1]), "bundle_gap");
  EXPECT_EQ(take(site, pieces[0]), "applied");
  EXPECT_EQ(take(site, pieces[1]), "applied");
  EXPECT_EQ(take(site, pieces[0]), "duplicate");
}

TEST_F(Reconcile, AnAcknowledgementOfAnotherRowConfirmsNothing) {
  const RecordId acme = *create(site, "customer", {{"name", "Acme"}});
  up(site);
  auto forge = [&](store::Connection& connection) -> Result<void> {
    connection.execute("UPDATE ingest SET hash=zeroblob(32)");
    return {};
  };
  ASSERT_TRUE(central.database->write(forge));
  const auto bundles = pack_down(site);
  EXPECT_EQ(take(site, bundles.at(0)), "applied");
  EXPECT_EQ(acked(site), 0);
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, PendingRowsStayOnTopThroughSeveralExchanges) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  up(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Mine"}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"legal_name", "Legal"}}));
  down(site);  // central has not seen the row
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Mine\"");
  EXPECT_EQ(value(site, "customer", acme, "legal_name"), "\"Legal\"");
  ASSERT_TRUE(set(central, "customer", acme, {{"description", "Text"}}));
  down(site);
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Mine\"");
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Mine too"}}));
  exchange(site);
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Mine too\"");
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(Reconcile, ARecordThatLeavesTheScopeLeavesTheSite) {
  const RecordId mine = *create(central, "customer", {{"name", "Mine"}});
  const RecordId foreign = *create(central, "customer", {{"name", "Foreign"}});
  const RecordId depot =
      *create(central, "location", {{"customer", to_string(mine)}, {"name", "Depot"}});
  const RecordId note =
      *create(central, "note", {{"subject", to_string(depot)}, {"text", "Key at the gate"}});
  see_only(site, {mine});
  see_only(other, {foreign});
  for (Machine* machine : {&site, &other}) exchange(*machine);
  for (Machine* machine : {&site, &other}) up(*machine);
  EXPECT_EQ(value(site, "note", note, "text"), "\"Key at the gate\"");
  EXPECT_EQ(value(other, "note", note, "text"), "-");
  ASSERT_TRUE(set(central, "location", depot, {{"customer", to_string(foreign)}}));
  for (Machine* machine : {&site, &other}) down(*machine);
  EXPECT_EQ(value(site, "location", depot, "name"), "-");
  EXPECT_EQ(value(site, "note", note, "text"), "-");
  EXPECT_EQ(value(other, "location", depot, "name"), "\"Depot\"");
  EXPECT_EQ(value(other, "note", note, "text"), "\"Key at the gate\"");
}

TEST_F(Reconcile, ASitesOwnCustomerComesIntoItsScope) {
  see_only(site, {});
  const RecordId mine = *create(site, "customer", {{"name", "Mine"}});
  exchange(site);
  EXPECT_EQ(value(site, "customer", mine, "name"), "\"Mine\"");
  exchange(other);
  see_only(other, {});
  ASSERT_TRUE(set(other, "customer", mine, {{"name", "Not yours"}}));
  exchange(other);
  EXPECT_EQ(decided(other, 1), "conflict");
  EXPECT_EQ(value(central, "customer", mine, "name"), "\"Mine\"");
}

TEST_F(Reconcile, AResolutionIsAnOrdinaryChange) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Site"}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "Central"}}));
  exchange(site);
  const RecordId conflict = conflicts(site).at(0).id;
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "Site"}}, conflict));
  exchange(site);
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Site\"");
  ASSERT_EQ(conflicts(site).size(), 1U);
  EXPECT_FALSE(conflicts(site)[0].open);
  EXPECT_FALSE(conflicts(central)[0].open);
}

// No bundle of an honest central says less than an earlier one: another packing's is refused by its
// waypoints before.
TEST_F(Reconcile, TheNewerVersionOfAFieldStands) {
  const RecordId id = *create(central, "customer", {{"name", "Now"}});
  exchange(site);
  const auto name = static_cast<std::size_t>(find_kind("customer")->find_field("name"));
  auto take = [&](store::Connection& connection) -> Result<void> {
    const auto held = store::find_record(connection, *find_kind("customer"), id);
    Version before = held->stamps.of("name").version;
    --before.n;
    Rebase rebase(connection, *site.log, false, "");
    const RecordState older{find_kind("customer"), id, true, 0, {}, {{name, "Before", before}}};
    return rebase.take(older).map([](bool changed) { EXPECT_FALSE(changed); });
  };
  ASSERT_TRUE(site.write(take));
  EXPECT_EQ(value(site, "customer", id, "name"), "\"Now\"");
}

}  // namespace
}  // namespace skerry::sync
