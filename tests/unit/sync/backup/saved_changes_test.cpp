// What a restore of central saved comes back (H4, H8).
#include "tests/unit/sync/backup/restores_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

// Not before, or a site's older row would stand in its place; nor does what was deleted come back.
TEST_F(Restores, WriteAgainWhatFollowsRowsOfSitesOnceTheseAreBack) {
  const RecordId shared = add(central, "shared");
  meet(site);
  const sim::Image backup = backup_of(central);
  const RecordId made = add(site, "made");
  const RecordId gone = add(site, "to go");
  ASSERT_TRUE(set(site, "customer", shared, {{"name", "of the site"}}));
  meet(site);
  ASSERT_TRUE(set(central, "customer", shared, {{"name", "of central"}}));
  ASSERT_TRUE(set(central, "customer", shared, {{"name", "newest"}}));
  ASSERT_TRUE(set(central, "customer", made, {{"website", "https://made.example"}}));
  ASSERT_TRUE(remove(central, "customer", gone));
  const auto bundles = saved(central, backup);
  central.put_back(backup, false);
  const auto early = reapply(central, bundles.at(0));
  ASSERT_TRUE(early) << early.error().detail;
  EXPECT_EQ(early->written, 0);
  EXPECT_THAT(early->skipped,
              ElementsAre(HasSubstr("of central"), HasSubstr("\"newest\""),
                          HasSubstr("https://made.example"), HasSubstr("to be deleted")));
  EXPECT_THAT(lost(central), SizeIs(1)) << "as long as something is left out";
  meet(site, 3);
  const auto late = reapply(central, bundles.at(0));
  ASSERT_TRUE(late) << late.error().detail;
  EXPECT_EQ(late->written, 4);
  EXPECT_THAT(late->skipped, IsEmpty());
  EXPECT_THAT(lost(central), IsEmpty());
  EXPECT_EQ(name_at(central, shared), "\"newest\"");
  EXPECT_EQ(name_at(central, gone), "-");
  const auto again = reapply(central, bundles.at(0));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->there, 4);
  EXPECT_THAT(again->skipped, IsEmpty());
  meet(site, 3);
  expect_same(site, {acme, shared, made});
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
