// What a restore costs, what is saved of it, and the epoch that follows (H1, H4).
#include <map>

#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"
#include "tests/unit/sync/backup/restores_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(Restores, CostWhatIsNotInTheBackup) {
  meet(site);
  add(site, "kept");
  const sim::Image backup = backup_of(site);
  EXPECT_EQ(cost(site, backup).rows, 0);
  EXPECT_THAT(saved(site, backup), IsEmpty());
  now += 1000;
  const UnixMillis began = now;
  const RecordId sent = add(site, "sent");
  meet(site);
  now += 1000;
  ASSERT_TRUE(set(site, "customer", sent, {{"name", "renamed"}}));
  now += 1000;
  ASSERT_TRUE(create(site, "note", {{"subject", to_string(sent)}, {"text", "unsent"}}));
  const RestoreCost found = cost(site, backup);
  EXPECT_EQ(found.own, 3);
  EXPECT_EQ(found.decided, 1);
  EXPECT_EQ(found.waiting(), 2);
  EXPECT_THAT(found.kinds, ElementsAre(std::pair(std::string("customer"), std::int64_t{2}),
                                       std::pair(std::string("note"), std::int64_t{1})));
  EXPECT_GT(found.since, began);
  EXPECT_LT(found.since, began + 2000);
  EXPECT_EQ(found.until, now);
  EXPECT_EQ(found.rows, found.own + found.of_others);
}

// The wrong backup first: what it cost is not forgotten with the right one.
TEST_F(Restores, H22_WhatEachOfTwoCostsIsKnownBehindBoth) {
  meet(site);
  add(site, "kept");
  const sim::Image backup = site.image();
  add(site, "sent");
  meet(site);
  add(site, "unsent");
  const EpochId first = site.log->own().epoch;
  put_back_noting(site, backup);
  const EpochId second = site.log->own().epoch;
  add(site, "of the wrong one");
  put_back_noting(site, backup);
  std::map<EpochId, std::pair<std::int64_t, std::int64_t>> missing;
  for (const store::LostRange& range : lost(site))
    missing[range.epoch] = {range.missing_from(), range.last};
  EXPECT_EQ(missing.at(first), std::pair(std::int64_t{3}, std::int64_t{3}));  // central has "sent"
  EXPECT_EQ(missing.at(second).first, 1);
  EXPECT_EQ(missing.size(), 2U);
}

TEST_F(Restores, CostTheRowsOfAnotherBranchAsWell) {
  meet(site);
  const sim::Image before = site.image();
  add(site, "on one branch");
  add(site, "on one branch, too");
  const sim::Image backup = backup_of(site);
  site.put_back(before, true);
  for (int i = 0; i < 5; ++i) add(site, "on the other");
  EXPECT_EQ(cost(site, backup).own, 5);
}

TEST_F(Restores, CostNothingThatASiteHadForgotten) {
  meet(site);
  add(site, "kept");
  const sim::Image backup = backup_of(site);
  for (const char* name : {"1", "2", "3"}) add(site, name);
  meet(site);
  ASSERT_TRUE(site.write([&](store::Connection& connection) -> Result<std::int64_t> {
    store::OwnEpoch own = store::read_own_epochs(connection).back();
    own.durable = 3;
    store::write_confirmed(connection, own);
    return store::prune_log(connection, *site.log, site.clock.wall_ms() + 1, 1000);
  }));
  ASSERT_EQ(epochs(site).back().first, 4);
  add(site, "unsent");
  const RestoreCost found = cost(site, backup);
  EXPECT_EQ(found.own, 2) << "rows 4 and 5 are here; 2 and 3 are central's";
  EXPECT_EQ(found.decided, 1);
  EXPECT_EQ(found.waiting(), 1);
}

TEST_F(Restores, BeginANewEpochWhateverTheAnchorSays) {
  meet(site);
  add(site, "kept");
  const sim::Image backup = backup_of(site);
  site.put_back(backup, false);  // nothing was written since: the anchor fits
  ASSERT_THAT(epochs(site), SizeIs(2));
  EXPECT_EQ(epochs(site).back().why, why::restored);
  EXPECT_EQ(epochs(site).back().epoch, next);
  site.restart();
  EXPECT_THAT(epochs(site), SizeIs(2)) << "once";
  meet(site);
  EXPECT_EQ(known(site).epoch, next);

  const sim::Image of_central = backup_of(central);
  central.put_back(of_central, false);
  EXPECT_EQ(epochs(central).back().why, why::restored);
  meet(site, 2);
  expect_same(site, {acme});
}

// What nobody needs to write again is no loss: it would be told of for ever.
TEST_F(Restores, TellOfNoLossWhereNobodyLostAnything) {
  meet(site);
  const sim::Image wrong_one = backup_of(site, true);
  next = new_id<EpochId>(system_random);
  const sim::Image of_site = backup_of(site, true);
  const sim::Image of_central = backup_of(central, true);
  site.put_back(wrong_one, false);
  EXPECT_TRUE(cost(site, of_site).harmless) << "an epoch that holds nothing but its beginning";
  site.put_back(of_site, false);
  EXPECT_THAT(lost(site), IsEmpty());

  const RecordId of_the_site = add(site, "of the site");
  EXPECT_FALSE(cost(site, of_site).harmless);
  meet(site, 2);
  EXPECT_TRUE(cost(central, of_central).harmless) << "the site sends it again";
  central.put_back(of_central, false);
  EXPECT_THAT(lost(central), IsEmpty());
  meet(site, 3);
  expect_same(site, {acme, of_the_site});
  EXPECT_THAT(lost(site), IsEmpty());
  EXPECT_THAT(lost(central), IsEmpty());
  add(central, "of central");
  EXPECT_FALSE(cost(central, of_central).harmless);
}

// Whatever comes first: central takes each change once, and believes in no copy.
TEST_F(Restores, OfASiteGiveCentralWhatWasSaved) {
  for (const bool saved_first : {true, false}) {
    SCOPED_TRACE(saved_first);
    next = new_id<EpochId>(system_random);
    add(site, "pending in the backup");
    const sim::Image backup = backup_of(site);
    const RecordId sent = add(site, "sent");
    meet(site);
    const RecordId unsent = add(site, "unsent");
    ASSERT_TRUE(set(site, "customer", sent, {{"name", "sent and renamed"}}));
    const auto bundles = saved(site, backup);
    ASSERT_THAT(bundles, SizeIs(1));

    site.put_back(backup, false);
    EXPECT_EQ(name_at(site, unsent), "-");
    if (!saved_first) meet(site);
    EXPECT_EQ(take(central, bundles[0]), "applied") << last_detail;
    const RecordId after = add(site, "after");
    meet(site, 2);
    EXPECT_EQ(take(central, bundles[0]), "duplicate") << last_detail;
    EXPECT_EQ(name_at(site, unsent), "\"unsent\"");
    EXPECT_EQ(name_at(site, sent), "\"sent and renamed\"");
    expect_same(site, {acme, sent, unsent, after});
    EXPECT_EQ(pending(site), 0);
    EXPECT_EQ(quarantined(), 0);
    EXPECT_THAT(lost(site), IsEmpty());
    EXPECT_THAT(lost(central), IsEmpty());
    EXPECT_THAT(conflicts(central), IsEmpty());
    EXPECT_EQ(known(site).epoch, next);
    EXPECT_EQ(epochs(site).back().epoch, next) << epochs(site).back().why;
  }
}

// What central confirmed is in no backup of central's yet: it is saved with the rest.
TEST_F(Restores, OfASiteFitACentralThatIsPutBackAsWell) {
  meet(site);
  const sim::Image of_central = backup_of(central, true);
  next = new_id<EpochId>(system_random);
  const sim::Image of_site = backup_of(site);
  const RecordId sent = add(site, "sent");
  meet(site);
  const RecordId unsent = add(site, "unsent");
  const auto bundles = saved(site, of_site);
  ASSERT_THAT(bundles, SizeIs(1));
  site.put_back(of_site, false);
  central.put_back(of_central, false);
  EXPECT_EQ(take(central, bundles[0]), "applied") << last_detail;
  meet(site, 3);
  expect_same(site, {acme, sent, unsent});
  EXPECT_EQ(name_at(site, sent), "\"sent\"");
  EXPECT_EQ(name_at(site, unsent), "\"unsent\"");
  EXPECT_EQ(pending(site), 0);
}

TEST_F(Restores, OfASiteSaveWhatOnlyCentralHas) {
  meet(site);
  const sim::Image of_central = backup_of(central, true);
  next = new_id<EpochId>(system_random);
  const sim::Image of_site = backup_of(site);
  const RecordId sent = add(site, "sent");
  meet(site);
  EXPECT_EQ(cost(site, of_site).waiting(), 0);
  const auto bundles = saved(site, of_site);
  ASSERT_THAT(bundles, SizeIs(1));
  ASSERT_TRUE(site.write([&](store::Connection& connection) -> Result<void> {
    store::OwnEpoch own = store::read_own_epochs(connection).back();
    own.durable = own.acked;
    store::write_confirmed(connection, own);
    return {};
  }));
  EXPECT_THAT(saved(site, of_site), IsEmpty()) << "central has it in a backup";
  site.put_back(of_site, false);
  central.put_back(of_central, false);
  EXPECT_EQ(take(central, bundles[0]), "applied") << last_detail;
  meet(site, 3);
  expect_same(site, {acme, sent});
  EXPECT_EQ(name_at(site, sent), "\"sent\"");
}

}  // namespace
}  // namespace skerry::sync
