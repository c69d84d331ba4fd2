// What a restore costs, how what it takes away comes back, and the epoch that follows (H1, H4).
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>

#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"
#include "store/sqlite/wal.hpp"
#include "sync/backup/saved_changes.hpp"
#include "sync/recall.hpp"
#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Restores : public Epochs {
 protected:
  // The machine as a backup of now would bring it back, marked as the restore does: the machine
  // itself never is, or it would go on in `next` itself.
  sim::Image backup_of(Machine& at, bool harmless = false) {
    sim::Image image = at.image();
    const fs::path file = folder / "marked.db";
    test::write_file(file, image.database);
    {
      const auto connection = store::Connection::open(file, store::Connection::Mode::read_write);
      mark_restored(*connection, next, harmless);
      store::Wal(*connection).checkpoint_fully();
    }
    image.database = test::read_file(file);
    fs::remove(file);
    return image;
  }
  RestoreCost cost(Machine& at, const sim::Image& backup) {
    const fs::path file = folder / "there.db";
    test::write_file(file, backup.database);
    const auto there = store::Connection::open(file, store::Connection::Mode::immutable);
    return at.read([&](store::Connection& here) { return restore_cost(here, *there); });
  }
  std::vector<Bytes> saved(Machine& at, const sim::Image& backup) {
    std::vector<Bytes> bundles;
    const auto packed =
        pack_saved(at.node(), cost(at, backup), next, [&](PackedBundle&& bundle) -> Result<void> {
          names.push_back(bundle.name);
          bundles.push_back(sim::read_whole(bundle.bundle.file.fd(), bundle.bundle.size));
          return {};
        });
    EXPECT_TRUE(packed) << packed.error().detail;
    return bundles;
  }
  Result<Reapplied> reapply(Machine& at, const Bytes& bundle) {
    return reapply_saved(at.node(), test::file_of(bundle));
  }

  crypto::SystemRandom system_random;
  EpochId next = new_id<EpochId>(system_random);
  std::vector<std::string> names;  // of the bundles
};

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

TEST_F(Restores, OfCentralWriteAgainWhatWasSaved) {
  meet(site);
  const RecordId old = add(central, "old");
  const RecordId gone = add(central, "to go");
  const sim::Image backup = backup_of(central);
  const RecordId made = add(central, "made");
  ASSERT_TRUE(set(central, "customer", made, {{"website", "https://made.example"}}));
  ASSERT_TRUE(set(central, "customer", old, {{"name", "renamed"}}));
  ASSERT_TRUE(remove(central, "customer", gone));
  const RecordId of_site = add(site, "of the site");
  meet(site);
  const auto bundles = saved(central, backup);
  ASSERT_THAT(bundles, SizeIs(1));
  EXPECT_THAT(names[0], testing::StartsWith("saved-"));

  central.put_back(backup, false);
  EXPECT_THAT(lost(central), SizeIs(1));
  const auto done = reapply(central, bundles[0]);
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->changes, 4);
  EXPECT_EQ(done->written, 4);
  EXPECT_THAT(done->skipped, IsEmpty());
  EXPECT_EQ(name_at(central, made), "\"made\"");
  EXPECT_EQ(value(central, "customer", made, "website"), "\"https://made.example\"");
  EXPECT_EQ(name_at(central, old), "\"renamed\"");
  EXPECT_EQ(name_at(central, gone), "-");
  EXPECT_THAT(lost(central), IsEmpty()) << "nothing is missing now";
  const std::int64_t head = central.log->own().seq;
  const auto again = reapply(central, bundles[0]);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->written, 0);
  EXPECT_EQ(central.log->own().seq, head);
  meet(site, 3);
  expect_same(site, {acme, old, made, of_site});
  EXPECT_EQ(name_at(site, made), "\"made\"");
  EXPECT_THAT(conflicts(central), IsEmpty());
}

TEST_F(Restores, BringNothingToLifeThatWasDeletedSince) {
  const sim::Image backup = backup_of(central);
  const RecordId made = add(central, "made");
  const auto bundles = saved(central, backup);
  central.put_back(backup, false);
  ASSERT_TRUE(reapply(central, bundles.at(0)));
  ASSERT_TRUE(remove(central, "customer", made));
  const auto again = reapply(central, bundles.at(0));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->written, 0);
  EXPECT_THAT(again->skipped, ElementsAre(HasSubstr("deleted since")));
  EXPECT_EQ(name_at(central, made), "-");
}

TEST_F(Restores, LeaveWhatWasChangedSince) {
  const RecordId first = add(central, "first");
  const RecordId second = add(central, "second");
  const sim::Image backup = backup_of(central);
  ASSERT_TRUE(set(central, "customer", first, {{"name", "by hand"}}));
  ASSERT_TRUE(set(central, "customer", second, {{"name", "lost"}}));
  ASSERT_TRUE(create(central, "note", {{"subject", to_string(second)}, {"text", "of it"}}));
  const auto bundles = saved(central, backup);
  central.put_back(backup, false);
  ASSERT_TRUE(set(central, "customer", first, {{"name", "otherwise"}}));
  ASSERT_TRUE(remove(central, "customer", second));
  const auto done = reapply(central, bundles.at(0));
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->written, 0);
  EXPECT_EQ(done->skipped_count, 3);
  ASSERT_THAT(done->skipped, SizeIs(3));
  EXPECT_THAT(done->skipped[0], HasSubstr("name was changed since"));
  EXPECT_THAT(done->skipped[1], HasSubstr("not there"));
  EXPECT_EQ(name_at(central, first), "\"otherwise\"");
}

TEST_F(Restores, TakeOnlyTheirOwn) {
  meet(site);
  const sim::Image of_site = backup_of(site);
  const sim::Image of_central = backup_of(central);
  add(site, "unsent");
  add(central, "made");
  const Bytes for_central = saved(site, of_site).at(0);
  const Bytes for_itself = saved(central, of_central).at(0);
  const auto taken = reapply(site, for_central);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::wrong_recipient);
  EXPECT_THAT(taken.error().next, HasSubstr("bundle import"));
  EXPECT_EQ(reapply(site, for_itself).error().code, Errc::unknown_signer);
  EXPECT_EQ(take(central, for_itself), "unknown_signer");
  Bytes flipped = for_itself;
  flipped[flipped.size() - 1500] ^= 1;
  const std::int64_t head = central.log->own().seq;
  EXPECT_TRUE(test::is_bundle_error(reapply(central, flipped).error().code));
  const auto junk = reapply(central, Bytes(2048, 'x'));
  ASSERT_FALSE(junk);
  EXPECT_THAT(junk.error().next, HasSubstr("saved-"));
  EXPECT_EQ(central.log->own().seq, head);
}

}  // namespace
}  // namespace skerry::sync
