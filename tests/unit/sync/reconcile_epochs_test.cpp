// Sites put back from a backup: each hazard of the design under its number.
#include "sync/renew_epoch.hpp"
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {
namespace {

TEST_F(Epochs, H1_ARestoredSiteGoesOnInANewEpochAndGetsBackWhatCentralHas) {
  meet(site);
  const RecordId kept = add(site, "kept");
  const sim::Image backup = site.image();
  const RecordId sent = add(site, "sent");
  meet(site);
  const RecordId unsent = add(site, "unsent");
  const EpochId before = site.log->own().epoch;
  site.put_back(backup, false);

  ASSERT_EQ(epochs(site).size(), 2U);
  EXPECT_NE(site.log->own().epoch, before);
  EXPECT_EQ(epochs(site)[1].why, why::behind_anchor);
  EXPECT_EQ(epochs(site)[1].parent->seq, 1);
  EXPECT_EQ(epochs(site)[1].previous, before);
  const RecordId after = add(site, "after");
  meet(site);
  EXPECT_EQ(known(site).epoch, site.log->own().epoch);
  EXPECT_EQ(pending(site), 0);
  for (const RecordId& id : {kept, sent, after}) EXPECT_NE(name_at(central, id), "-");
  expect_same(site, {acme, kept, sent, after});
  EXPECT_EQ(name_at(site, unsent), "-");
  EXPECT_TRUE(conflicts(central).empty());
  // What central does not have either is lost, and both say so.
  ASSERT_EQ(lost(site).size(), 1U);
  EXPECT_EQ(lost(site)[0].epoch, before);
  EXPECT_EQ(lost(site)[0].missing_from(), 3);
  EXPECT_EQ(lost(site)[0].last, 3);
  ASSERT_EQ(lost(central).size(), 1U);
  EXPECT_EQ(lost(central)[0].missing_from(), 3);
}

TEST_F(Epochs, H1_RowsOfTheOldEpochAreShippedBeforeThoseOfTheNew) {
  meet(site);
  const RecordId first = add(site, "first");
  site.print.board = "another";
  site.restart();
  EXPECT_EQ(epochs(site).back().why, why::moved);
  ASSERT_TRUE(set(site, "customer", first, {{"name", "second"}}));
  EXPECT_EQ(pending(site), 3);  // and the row that tells of the new epoch
  EXPECT_EQ(name_at(site, first), "\"second\"");
  const auto bundles = pack_up(site);
  ASSERT_EQ(bundles.size(), 2U);
  EXPECT_EQ(take(central, bundles[1]), "bundle_gap");
  EXPECT_EQ(take(central, bundles[0]), "applied");
  EXPECT_EQ(take(central, bundles[1]), "applied");
  EXPECT_EQ(name_at(central, first), "\"second\"");
  down(site);
  EXPECT_EQ(pending(site), 0);
}

TEST_F(Epochs, H1_ALateBundleOfTheOldEpochIsStillWelcome) {
  meet(site);
  const sim::Image backup = site.image();
  add(central, "told before the restore");
  meet(site);
  const RecordId late = add(site, "late");
  const auto in_the_air = pack_up(site);
  now += 1000;
  const auto once_more = pack_up(site);
  site.put_back(backup, false);
  meet(site);
  EXPECT_EQ(lost(central).size(), 1U);
  EXPECT_EQ(take(central, in_the_air.at(0)), "applied");
  EXPECT_EQ(last_detail.find("copy"), std::string::npos) << last_detail;
  EXPECT_EQ(take(central, once_more.at(0)), "duplicate");
  EXPECT_EQ(last_detail.find("copy"), std::string::npos) << last_detail;
  EXPECT_TRUE(lost(central).empty()) << "before the site says it again";
  meet(site);
  EXPECT_EQ(name_at(site, late), "\"late\"");
  EXPECT_TRUE(lost(site).empty());
}

TEST_F(Epochs, H1_ADatabaseWithoutItsAnchorIsNotTrusted) {
  meet(site);
  auto copy = clone(site, false);
  EXPECT_EQ(epochs(*copy).back().why, why::no_anchor);
  copy->restart();
  EXPECT_EQ(epochs(*copy).size(), 2U);  // once
}

TEST_F(Epochs, H2_ARolledBackMachineLearnsItFromWhatCentralHolds) {
  meet(site);
  const sim::Image backup = site.image();
  const RecordId sent = add(site, "sent");
  meet(site);
  site.put_back(backup, true);
  EXPECT_EQ(epochs(site).size(), 1U);  // nothing to notice yet
  meet(site);
  ASSERT_EQ(epochs(site).size(), 2U);
  EXPECT_EQ(epochs(site)[1].why, why::behind_peer);
  meet(site);
  EXPECT_EQ(known(site).epoch, site.log->own().epoch);
  expect_same(site, {acme, sent});
  EXPECT_EQ(quarantined(), 0);
  EXPECT_TRUE(lost(site).empty());  // central has it
}

// Central cannot tell it from a bundle that is late, so it answers, and only once.
TEST_F(Epochs, H2_ARolledBackMachineThatWroteNothingIsToldWithoutBeingAsked) {
  meet(site);
  const sim::Image backup = site.image();
  const RecordId sent = add(site, "sent");
  meet(site, 2);
  ASSERT_TRUE(pack_due(site).empty());
  site.put_back(backup, true);
  for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "duplicate");
  EXPECT_NE(last_detail.find("put back"), std::string::npos) << last_detail;
  for (int i = 0; i < 3; ++i) {
    for (const Bytes& bundle : pack_due(site)) take(site, bundle);
    for (const Bytes& bundle : pack_up(site)) take(central, bundle);
  }
  EXPECT_EQ(epochs(site).back().why, why::behind_peer);
  EXPECT_EQ(pending(site), 0);
  EXPECT_EQ(name_at(site, sent), "\"sent\"");
  EXPECT_TRUE(pack_due(site).empty());
}

TEST_F(Epochs, H14_ALateBundleIsAnsweredOnce) {
  meet(site);
  add(site, "one");
  const auto first = pack_up(site);
  now += 1000;
  const auto late = pack_up(site);
  for (const Bytes& bundle : first) take(central, bundle);
  add(site, "two");
  meet(site, 2);
  ASSERT_TRUE(pack_due(site).empty());
  for (const Bytes& bundle : first) EXPECT_EQ(take(central, bundle), "duplicate");
  EXPECT_TRUE(pack_due(site).empty());  // on the stick since then
  for (const Bytes& bundle : late) EXPECT_EQ(take(central, bundle), "duplicate");
  EXPECT_EQ(pack_due(site).size(), 1U);
  meet(site);
  EXPECT_EQ(epochs(site).size(), 1U);
  EXPECT_TRUE(pack_due(site).empty());
}

// Who holds the site's key may say that known rows come, and send others.
TEST_F(Epochs, H17_LinesThatAreNotTheKnownRowsAreNoDuplicate) {
  add(site, "one");
  meet(site);
  const auto head = site.log->own();
  ChangesBody body;
  body.first = body.last = body.head = 1;
  body.last_hash = head.hash;
  Manifest manifest = new_manifest(site.node(), BundleKind::changes, Party::site(sim::site_id(1)),
                                   head.epoch, Party::central());
  const auto recipient = sim::keys_of(0).age.recipient();
  auto writer = BundleWriter::create(site.node().spool, site.random, {&recipient, 1},
                                     {manifest.id, manifest.from, manifest.to}, site.options);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->add_line("{}"));
  manifest.extra = to_json(body);
  const auto file = writer->finish(std::move(manifest), {&site.node().keys.sign, 1});
  ASSERT_TRUE(file);
  EXPECT_EQ(take(central, sim::read_whole(file->file.fd(), file->size)), "corrupt_bundle");
}

TEST_F(Epochs, H2_AForkKeepsBothBranches) {
  meet(site);
  const RecordId shared = add(site, "shared");
  const sim::Image backup = site.image();
  const RecordId here = add(site, "here");
  meet(site);
  site.put_back(backup, true);
  const RecordId there = add(site, "there");
  ASSERT_TRUE(set(site, "customer", shared, {{"name", "renamed"}}));
  for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "quarantined");
  EXPECT_EQ(quarantined(), 2);
  EXPECT_EQ(name_at(central, there), "-");
  const auto row = central.read([&](store::Connection& connection) {
    return store::list_quarantined(connection, *store::find_site(connection, sim::site_id(1)),
                                   std::nullopt);
  })[0];

  down(site);
  ASSERT_EQ(epochs(site).size(), 2U);
  EXPECT_EQ(epochs(site)[1].why, why::fork);
  EXPECT_EQ(epochs(site)[0].end, 1);
  EXPECT_EQ(name_at(site, there), "\"there\"");
  EXPECT_EQ(name_at(site, shared), "\"renamed\"");
  const auto lines = site.read(
      [&](store::Connection& connection) { return store::pending_lines(connection, there); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], reissued_line(row.line, row.hash));
  meet(site, 2);
  EXPECT_EQ(quarantined(), 0);
  EXPECT_EQ(pending(site), 0);
  EXPECT_EQ(name_at(central, shared), "\"renamed\"");
  expect_same(site, {acme, shared, here, there});
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(Epochs, H2_AReissuedRowCountsOnce) {
  meet(site);
  const sim::Image backup = site.image();
  add(site, "other branch");
  const RecordId mine = add(site, "mine");
  meet(site);
  const auto bundle_of_old = pack_up(site);
  // The same change again, as after a fork that was found too early.
  auto renew = [&](store::Connection& connection) -> Result<void> {
    renew_epoch(connection, *site.log, site.random, {why::fork, 0, 0, {}, {}});
    return {};
  };
  ASSERT_TRUE(site.database->write(renew));
  EXPECT_EQ(pending(site), 3);
  ASSERT_TRUE(set(central, "customer", mine, {{"name", "of central"}}));
  meet(site);
  EXPECT_EQ(pending(site), 0);
  EXPECT_EQ(decided(site, 3), "applied");
  EXPECT_EQ(name_at(central, mine), "\"of central\"");
  expect_same(site, {acme, mine});
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(Epochs, H14_TheSameBundlesAgainChangeNothing) {
  meet(site);
  const sim::Image backup = site.image();
  add(site, "one");
  auto bundles = pack_up(site);
  up(site);
  site.put_back(backup, true);
  add(site, "two");
  for (Bytes& bundle : pack_up(site)) bundles.push_back(std::move(bundle));
  for (const Bytes& bundle : bundles) take(central, bundle);
  const Hash before = central.digest();
  for (const Bytes& bundle : bundles) EXPECT_EQ(take(central, bundle), "duplicate");
  EXPECT_EQ(central.digest(), before);
  const auto state = pack_down(site);
  for (const Bytes& bundle : state) take(site, bundle);
  const Hash at_site = site.digest();
  for (const Bytes& bundle : state) EXPECT_EQ(take(site, bundle), "duplicate");
  EXPECT_EQ(site.digest(), at_site);
}

TEST_F(Epochs, EveryStepIsInTheAuditLogOfBothSides) {
  meet(site);
  const auto events = [](Machine& at) {
    return at.read([](store::Connection& connection) {
      std::vector<std::string> names;
      auto cursor = connection.query(
          "SELECT coalesce(json_extract(line,'$.row.ev'),json_extract(line,'$.ev')) FROM "
          "change_log "
          "WHERE kind='' ORDER BY n");
      while (cursor.next()) names.emplace_back(cursor.text(0));
      return names;
    });
  };
  const sim::Image backup = site.image();
  const sim::Image central_backup = central.image();
  add(site, "one");
  meet(site);
  site.put_back(backup, false);
  meet(site);
  EXPECT_EQ(events(site), std::vector<std::string>{"new_epoch"});
  EXPECT_EQ(events(central), std::vector<std::string>{"new_epoch"});
  central.put_back(central_backup, false);
  EXPECT_EQ(events(central), std::vector<std::string>{"new_life"});
}

}  // namespace
}  // namespace skerry::sync
