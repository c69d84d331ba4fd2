// Central put back from a backup: each hazard of the design under its number.
#include "store/identity.hpp"
#include "store/prune_log.hpp"
#include "sync/new_life.hpp"
#include "sync/recall.hpp"
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {
namespace {

class Lives : public Epochs {
 protected:
  // The site forgets its rows up to `upto`: central said that they are in a verified backup.
  void prune(Machine& at, std::int64_t upto) {
    const auto gone = at.write([&](store::Connection& connection) -> Result<std::int64_t> {
      store::OwnEpoch own = store::read_own_epochs(connection).back();
      own.durable = upto;
      store::write_confirmed(connection, own);
      return store::prune_log(connection, *at.log, at.clock.wall_ms() + 1, 1000);
    });
    ASSERT_TRUE(gone) << gone.error().detail;
    ASSERT_EQ(epochs(at).back().first, upto + 1);
  }
  std::map<SiteId, UnixMillis> tellers() {
    return central.read([](store::Connection& connection) { return tellers_of_lives(connection); });
  }
};

TEST_F(Lives, H4_ARestoredCentralGetsBackWhatSitesHave) {
  meet(site);
  const RecordId kept = add(site, "kept");
  meet(site);
  const sim::Image backup = central.image();
  const RecordId sent = add(site, "sent");
  const RecordId lost_here = add(central, "written at central, and in no backup");
  ASSERT_TRUE(set(central, "customer", kept, {{"name", "of a lost day"}}));
  meet(site, 2);
  EXPECT_EQ(name_at(site, kept), "\"of a lost day\"");
  const std::int64_t ord = central.log->own().ord;
  central.put_back(backup, false);  // its anchor knows
  EXPECT_GT(central.log->own().ord, ord);
  EXPECT_EQ(name_at(central, sent), "-");
  ASSERT_EQ(lost(central).size(), 1U);  // what was written at central, too
  EXPECT_EQ(lost(central)[0].last - lost(central)[0].missing_from() + 1, 3);

  const RecordId after = add(site, "after");
  meet(site);  // the snapshot of the new life
  EXPECT_EQ(lost_ranges_json(lost(site, true)), lost_ranges_json(lost(central)));
  EXPECT_EQ(upstream(site).life.ord, central.log->own().ord);
  EXPECT_EQ(name_at(site, kept), "\"kept\"");
  EXPECT_EQ(name_at(site, lost_here), "-");
  EXPECT_EQ(name_at(site, sent), "\"sent\"");  // pending again
  EXPECT_EQ(pending(site), 2);
  meet(site);
  EXPECT_EQ(pending(site), 0);
  EXPECT_EQ(epochs(site).size(), 1U);
  expect_same(site, {acme, kept, sent, after});
  EXPECT_NE(name_at(central, sent), "-");
}

TEST_F(Lives, H4_TheAnchorOfAnotherCentralBeginsNoLife) {
  auto anchor = store::AnchorFile::open(folder / "anothers");
  ASSERT_TRUE(anchor) << anchor.error().detail;
  const EpochId theirs = new_id<EpochId>(central.random);
  ASSERT_TRUE(anchor->write({{}, theirs, 1, 9, {}, {}, 0, theirs}));
  const auto refused = recall(central.node(), *anchor, central.print);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_config);
  EXPECT_EQ(epochs(central).size(), 1U);
  EXPECT_TRUE(lost(central).empty());
  // Its own says whose it is in each life, so that a database of before any of them finds it there.
  const EpochId first = epochs(central)[0].epoch;
  const sim::Image backup = central.image();
  add(central, "since");
  for (int times = 0; times < 2; ++times) {
    central.put_back(backup, false);
    EXPECT_EQ(epochs(central).size(), 2U);
    EXPECT_EQ(store::AnchorFile::open(central.folder / "anchor")->read()->origin, first);
  }
}

TEST_F(Lives, H4_ACentralThatDoesNotKnowOfItsRestoreLearnsItFromASite) {
  meet(site);
  const sim::Image backup = central.image();
  const RecordId sent = add(site, "sent");
  meet(site);
  const std::int64_t ord = central.log->own().ord;
  central.put_back(backup, true);
  EXPECT_EQ(central.log->own().ord, ord);
  meet(site);
  EXPECT_EQ(last_up, "noted");  // the rows it sent begin behind those that central lost
  EXPECT_GT(central.log->own().ord, ord);
  EXPECT_EQ(lost(central).size(), 1U);  // as far as the site tells
  meet(site);
  EXPECT_EQ(pending(site), 0);
  expect_same(site, {acme, sent});
  EXPECT_NE(name_at(central, sent), "-");
}

TEST_F(Lives, H5_ACentralThatGrewPastItsOldNumberIsFoundOut) {
  meet(site);
  const sim::Image backup = central.image();
  const RecordId sent = add(site, "sent");
  meet(site);
  const std::int64_t n = upstream(site).n;
  central.put_back(backup, true);
  std::vector<RecordId> grown;
  for (const char* name : {"a", "b", "c", "d"}) grown.push_back(add(central, name));
  ASSERT_GT(central.log->own().n, n);
  // A bundle that central packs from where it believes the site to be does not stand on its
  // history.
  for (const Bytes& bundle : pack_down(site)) EXPECT_EQ(take(site, bundle), "wrong_history");
  EXPECT_EQ(name_at(site, grown[0]), "-");
  meet(site, 2);
  // Which was the first to go nobody can tell: all behind what the site was known to hold.
  ASSERT_EQ(lost(central).size(), 1U);
  EXPECT_EQ(lost(central)[0].last, n);
  EXPECT_EQ(pending(site), 0);
  expect_same(site, {acme, sent, grown[0], grown[3]});
  EXPECT_NE(name_at(central, sent), "-");
}

TEST_F(Lives, H4_ADispositionOfTheEndedLifeIsForgotten) {
  meet(site);
  const sim::Image backup = central.image();
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "of the site"}}));
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "of central"}}));
  meet(site);
  EXPECT_EQ(told(site, 1), "superseded");
  EXPECT_EQ(conflicts(site).size(), 1U);
  central.put_back(backup, false);
  meet(site, 2);
  EXPECT_EQ(told(site, 1), "applied");  // central's edit is gone
  EXPECT_TRUE(conflicts(site).empty());
  EXPECT_EQ(name_at(central, acme), "\"of the site\"");
  expect_same(site, {acme});
}

TEST_F(Lives, H4_LivesAfterEachOtherAreTold) {
  const sim::Image backup = central.image();
  meet(site);
  const RecordId sent = add(site, "sent");
  meet(site);
  for (int i = 0; i < 3; ++i) {
    central.put_back(backup, i == 1);
    meet(site, 2);
    EXPECT_EQ(upstream(site).life.ord, central.log->own().ord);
    expect_same(site, {acme, sent});
  }
  const auto audit = store::verify_chains(*central.database->read(), {});
  EXPECT_TRUE(audit) << audit.error().detail;
}

// Whoever has a site's keys could say so with each bundle, and each time every site begins anew.
TEST_F(Lives, H19_ThatCentralLostMemoryASiteSaysOnceUntilAPersonAgrees) {
  meet(site);
  const sim::Image first = central.image();
  add(site, "one");
  meet(site);
  central.put_back(first, true);
  EXPECT_EQ(reauthorise_copy(central.node(), sim::site_id(1), {}, admin).error().code,
            Errc::not_found);
  meet(site);
  const std::int64_t ord = central.log->own().ord;
  EXPECT_EQ(tellers().count(sim::site_id(1)), 1U);
  meet(site);
  const sim::Image second = central.image();
  const RecordId again = add(site, "again");
  meet(site);
  central.put_back(second, true);
  meet(site);
  EXPECT_EQ(last_up, "wrong_history");
  EXPECT_EQ(central.log->own().ord, ord);
  EXPECT_EQ(pending(site), 0) << "what it sent before is not lost: it has it";

  const auto agreed = reauthorise_copy(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(agreed) << agreed.error().detail;
  EXPECT_TRUE(agreed->epoch.is_zero());
  EXPECT_TRUE(tellers().empty());
  meet(site, 3);
  EXPECT_GT(central.log->own().ord, ord);
  EXPECT_EQ(name_at(central, again), "\"again\"");
  expect_same(site, {acme, again});
}

// The word of one site stops no other's.
TEST_F(Lives, H4_AnotherSiteIsBelievedAllTheSame) {
  for (Machine* each : {&site, &other}) meet(*each);
  const sim::Image first = central.image();
  add(site, "one");
  meet(site);
  central.put_back(first, true);
  for (Machine* each : {&site, &other}) meet(*each, 2);
  const sim::Image second = central.image();
  const RecordId again = add(other, "again");
  for (Machine* each : {&other, &site}) meet(*each);
  central.put_back(second, true);
  for (Machine* each : {&other, &site, &other, &site}) meet(*each);
  EXPECT_EQ(tellers().size(), 2U);
  expect_same(site, {acme, again});
  expect_same(other, {acme, again});
  EXPECT_EQ(name_at(central, again), "\"again\"");
}

TEST_F(Lives, H4_BothSidesRestored) {
  meet(site);
  const sim::Image site_backup = site.image();
  const sim::Image central_backup = central.image();
  const RecordId sent = add(site, "sent");
  meet(site);
  site.print.board = "another";
  site.restart();
  const RecordId in_second = add(site, "in the second epoch");
  meet(site);
  central.put_back(central_backup, true);
  meet(site, 2);  // the epochs that central lost come back in order
  EXPECT_EQ(known(site).epoch, site.log->own().epoch);
  EXPECT_EQ(pending(site), 0);
  expect_same(site, {acme, sent, in_second});
  central.put_back(central_backup, true);
  site.put_back(site_backup, false);
  meet(site, 3);
  EXPECT_EQ(pending(site), 0);
  EXPECT_EQ(known(site).epoch, site.log->own().epoch);
  EXPECT_EQ(name_at(central, sent), "-");  // destroyed on both sides …
  EXPECT_FALSE(lost(site).empty());        // … and said so
  EXPECT_FALSE(lost(central).empty());
}

TEST_F(Lives, H22_AHoleThatNobodyCanFillIsDeclared) {
  meet(site);
  const sim::Image backup = central.image();
  for (const char* name : {"1", "2", "3", "4"}) add(site, name);
  meet(site);
  const EpochId epoch = site.log->own().epoch;
  // Pruned: central said that they are in a verified backup.
  prune(site, 2);
  central.put_back(backup, false);  // … which is not this one
  meet(site, 3);
  EXPECT_EQ(epochs(site).back().why, why::rows_gone);
  EXPECT_EQ(pending(site), 0);
  for (Machine* machine : {&site, &central}) {
    auto ranges = lost(*machine);
    std::erase_if(ranges, [&](const store::LostRange& range) { return range.epoch != epoch; });
    ASSERT_EQ(ranges.size(), 1U) << machine->name();
    EXPECT_EQ(ranges[0].missing_from(), 1);
    EXPECT_EQ(ranges[0].last, 2);
  }
}

// The file that central refused for the hole lies on the stick until somebody takes it off.
TEST_F(Lives, H22_ABundleThatWasRefusedForTheHoleMakesNoCopy) {
  meet(site);
  const sim::Image backup = central.image();
  for (const char* name : {"1", "2", "3"}) add(site, name);
  meet(site);
  prune(site, 2);
  central.put_back(backup, false);
  add(site, "4");
  const Bytes refused = pack_up(site).at(0);
  EXPECT_EQ(take(central, refused), "bundle_gap");
  meet(site, 4);
  EXPECT_EQ(epochs(site).back().why, why::rows_gone);
  EXPECT_EQ(take(central, refused), "noted");
  EXPECT_TRUE(pack_due(site).empty()) << "nobody is to be told anything";
  EXPECT_EQ(discard_rows(central.node(), sim::site_id(1), {}, admin).error().code, Errc::not_found);
}

// Central was put back behind what it had called durable, took in what a copy of the site wrote,
// and only then hears of the site.
TEST_F(Lives, H22_WhatIsLeftGoesOnBehindAHoleWhereACopyWrote) {
  meet(site);
  const sim::Image backup = central.image();
  const auto copy = clone(site, true);
  for (const char* name : {"1", "2"}) add(site, name);
  const RecordId third = add(site, "3");
  meet(site);
  prune(site, 2);
  const RecordId unsent = add(site, "unsent");
  const EpochId epoch = site.log->own().epoch;
  central.put_back(backup, true);  // its anchor too: it does not know
  const RecordId of_copy = add(*copy, "of the copy");
  meet(*copy);
  meet(site, 4);
  EXPECT_NE(site.log->own().epoch, epoch);
  EXPECT_EQ(pending(site), 0);
  expect_same(site, {acme, third, unsent, of_copy});
  EXPECT_EQ(name_at(central, unsent), "\"unsent\"");
  EXPECT_EQ(name_at(central, of_copy), "\"of the copy\"");
  EXPECT_FALSE(lost(site).empty());
}

TEST_F(Lives, ASiteThatForgotWhatIsDurableGoesOnAsBefore) {
  meet(site);
  for (const char* name : {"1", "2", "3", "4"}) add(site, name);
  meet(site);
  const sim::Image backup = central.image();  // verified: these rows are durable
  prune(site, 3);
  const EpochId epoch = site.log->own().epoch;
  const RecordId next = add(site, "5");
  meet(site);
  central.put_back(backup, false);
  meet(site, 3);
  EXPECT_EQ(site.log->own().epoch, epoch) << "nothing is missing";
  EXPECT_EQ(name_at(central, next), "\"5\"");
  EXPECT_EQ(pending(site), 0);
  EXPECT_TRUE(lost(site).empty());
  site.print.board = "another";
  site.restart();
  const RecordId in_second = add(site, "in the second epoch");
  meet(site, 2);
  EXPECT_EQ(name_at(central, in_second), "\"in the second epoch\"");
  const auto audit = store::verify_chains(*site.database->read(), {});
  ASSERT_TRUE(audit) << audit.error().detail;
  EXPECT_GT(audit->pruned, 0);
}

}  // namespace
}  // namespace skerry::sync
