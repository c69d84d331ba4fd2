// Two machines that are one site: each hazard of the design under its number.
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {
namespace {

using Copies = Epochs;

TEST_F(Copies, H3_OfTwoLiveCopiesOneIsTheSiteAndTheOtherHandsOver) {
  meet(site);
  auto copy = clone(site, true);
  const RecordId here = add(site, "here");
  meet(site);
  const RecordId there = add(*copy, "there");
  meet(*copy, 2);  // forked, and goes on in an epoch of its own: the copy is the site
  EXPECT_EQ(known(site).epoch, copy->log->own().epoch);
  EXPECT_NE(name_at(central, there), "-");
  const RecordId late = add(site, "late");
  meet(site);
  EXPECT_TRUE(site.log->is_copy());
  EXPECT_EQ(create(site, "customer", {{"name", "no"}}).error().code, Errc::read_only_copy);
  EXPECT_EQ(set(site, "customer", here, {{"name", "no"}}).error().code, Errc::read_only_copy);
  EXPECT_EQ(remove(site, "customer", here).error().code, Errc::read_only_copy);
  EXPECT_EQ(name_at(site, late), "\"late\"");  // it can be read
  site.restart();
  EXPECT_TRUE(site.log->is_copy());
  // What it wrote is of the past that both share, and taken in.
  meet(site);
  meet(*copy);
  for (const RecordId& id : {here, there, late}) EXPECT_NE(name_at(central, id), "-");
  expect_same(*copy, {acme, here, there, late});
}

// The stick is still on its way when the site is put back behind the epoch it was written in: the
// next epoch is the first that central hears of.
TEST_F(Copies, H1_AStickOfAnEpochThatNeverCameIsNoCopys) {
  add(site, "first");
  meet(site);
  const sim::Image backup = site.image();
  site.print.board = "another";
  site.restart();
  const RecordId sent = add(site, "sent");
  const auto late = pack_up(site);
  site.put_back(backup, false);
  meet(site);
  ASSERT_EQ(known(site).epoch, site.log->own().epoch);
  ASSERT_EQ(name_at(central, sent), "-");
  for (const Bytes& bundle : late) EXPECT_EQ(take(central, bundle), "applied") << last_detail;
  EXPECT_EQ(quarantined(), 0);
  EXPECT_EQ(reauthorise_copy(central.node(), sim::site_id(1), {}, admin).error().code,
            Errc::not_found);
  meet(site, 2);
  EXPECT_FALSE(site.log->is_copy());
  EXPECT_EQ(name_at(site, sent), "\"sent\"");
  expect_same(site, {acme, sent});
}

// It tells of more of central's log than the site held when it went on behind the restore.
TEST_F(Copies, H1_AReportFromBeforeTheRestoreIsNoCopys) {
  meet(site);
  const sim::Image backup = site.image();
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "new"}}));
  down(site);
  const auto late = pack_up(site);
  add(site, "sent nowhere");
  site.put_back(backup, false);
  for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "applied");
  ASSERT_EQ(known(site).epoch, site.log->own().epoch);
  for (const Bytes& bundle : late) take(central, bundle);
  EXPECT_EQ(reauthorise_copy(central.node(), sim::site_id(1), {}, admin).error().code,
            Errc::not_found);
  meet(site);
  expect_same(site, {acme});
}

// Of a site with two epochs: what its rows saw is told by their places in the log.
TEST_F(Copies, H11_ARowSawThoseOfItsOwnTransaction) {
  meet(site);
  site.print.board = "another";
  site.restart();
  const RecordId id = add(site, "before");
  meet(site, 2);
  ASSERT_EQ(epochs(site).size(), 2U);
  auto work = [&](store::Connection& connection) -> Result<std::int64_t> {
    store::RecordWriter writer(connection, *site.log, site.role(), site.random);
    writer.write_together();
    for (const char* name : {"first", "second"})
      SKERRY_TRY_VOID(
          writer.update(*find_kind("customer"), id, {{"name", name}}, std::nullopt, admin));
    return 0;
  };
  ASSERT_TRUE(site.write(work));
  meet(site);
  EXPECT_EQ(name_at(central, id), "\"second\"");
  EXPECT_TRUE(conflicts(central).empty());
}

TEST_F(Copies, H3_ACopyThatWroteNothingSinceIsHeardOfToo) {
  meet(site);
  auto copy = clone(site, true);
  const RecordId here = add(site, "here");
  const RecordId there = add(*copy, "there");
  meet(site);
  meet(*copy, 2);  // forked, and goes on in an epoch of its own: the copy is the site
  meet(site);
  EXPECT_TRUE(site.log->is_copy());
  EXPECT_EQ(reauthorise_copy(central.node(), sim::site_id(1), {}, admin).error().code,
            Errc::not_found);
  meet(site);  // hands over what is known, and is a copy all the same
  const auto authorised = reauthorise_copy(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(authorised) << authorised.error().detail;
  meet(site, 3);
  EXPECT_FALSE(site.log->is_copy());
  meet(*copy);
  EXPECT_TRUE(copy->log->is_copy());
  expect_same(site, {acme, here, there});
}

TEST_F(Copies, H3_ACopyThatIsDiscardedDoesNotGoOnAfterAll) {
  meet(site);
  auto copy = clone(site, true);
  add(site, "here");
  add(*copy, "there");
  meet(site);
  meet(*copy, 2);
  meet(site, 2);
  ASSERT_TRUE(reauthorise_copy(central.node(), sim::site_id(1), {}, admin));
  const auto expected = known(site).expected;
  ASSERT_TRUE(expected);
  ASSERT_TRUE(adopt_rows(central.node(), sim::site_id(1), {}, admin));
  // Only that it is to go on is left, which is not what is adopted.
  EXPECT_EQ(adopt_rows(central.node(), sim::site_id(1), {}, admin).error().code, Errc::not_found);
  EXPECT_EQ(known(site).expected, expected);
  const auto discarded = discard_rows(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(discarded) << discarded.error().detail;
  EXPECT_EQ(discarded->withdrawn, *expected);
  meet(site, 2);
  EXPECT_TRUE(site.log->is_copy());
  meet(*copy);
  EXPECT_FALSE(copy->log->is_copy());
}

TEST_F(Copies, H3_WhatTwoCopiesWroteToOneFieldIsAConflict) {
  meet(site);
  auto copy = clone(site, true);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "first of here"}}));
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "of here"}}));
  ASSERT_TRUE(set(*copy, "customer", acme, {{"name", "first of the copy"}}));
  ASSERT_TRUE(set(*copy, "customer", acme, {{"name", "of the copy"}}));
  meet(site);
  EXPECT_TRUE(conflicts(central).empty());
  meet(*copy, 3);
  // Its first row meets a value that it never saw, its second one follows the first.
  const auto found = conflicts(central);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, store::ConflictType::concurrent);
  EXPECT_EQ(found[0].loser.at("value"), json::value("of here"));
  EXPECT_EQ(name_at(central, acme), "\"of the copy\"");
  expect_same(*copy, {acme});
}

TEST_F(Copies, H3_WhatACopyDeletesIsNoEditThatItSaw) {
  meet(site);
  auto copy = clone(site, true);
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "of here"}}));
  meet(site);
  ASSERT_TRUE(remove(*copy, "customer", acme));
  meet(*copy, 3);
  const auto found = conflicts(central);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, store::ConflictType::delete_vs_edit);
  EXPECT_EQ(found[0].loser.at("value"), json::value("of here"));
}

TEST_F(Copies, H3_RowsOfAFencedEpochAreKeptAndAdopted) {
  meet(site);
  auto copy = clone(site, false);
  auto other_copy = clone(site, false);
  meet(*copy);
  const RecordId there = add(*other_copy, "there");
  ASSERT_TRUE(set(*other_copy, "customer", acme, {{"name", "Acme of the copy"}}));
  meet(*other_copy);
  EXPECT_EQ(last_up, "quarantined");
  EXPECT_EQ(last_down, "noted");
  EXPECT_TRUE(other_copy->log->is_copy());
  EXPECT_EQ(quarantined(), 2);
  EXPECT_EQ(name_at(central, there), "-");
  meet(*other_copy);
  EXPECT_EQ(last_up, "duplicate");
  EXPECT_EQ(last_down, "read_only_copy");

  const auto adopted = adopt_rows(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(adopted) << adopted.error().detail;
  EXPECT_EQ(adopted->counts.applied, 2);
  EXPECT_EQ(quarantined(), 0);
  EXPECT_EQ(name_at(central, acme), "\"Acme of the copy\"");
  meet(*copy);
  expect_same(*copy, {acme, there});
  meet(*other_copy);  // known by now, whatever it hands over
  EXPECT_EQ(quarantined(), 0);
  // There is nothing to take in, but that there is a copy is not said any more.
  const auto nothing = adopt_rows(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(nothing) << nothing.error().detail;
  EXPECT_EQ(nothing->counts.rows, 0);
  EXPECT_EQ(adopt_rows(central.node(), sim::site_id(1), {}, admin).error().code, Errc::not_found);
}

// Bundles stay on the stick: what a machine wrote before it began another epoch makes it no copy.
TEST_F(Copies, H14_AnOldBundleReadAgainMakesNoCopy) {
  meet(site);
  add(site, "one");
  const auto old = pack_up(site);
  for (const Bytes& bundle : old) take(central, bundle);
  site.print.board = "another";
  site.restart();
  meet(site, 2);
  ASSERT_TRUE(pack_due(site).empty());
  for (const Bytes& bundle : old) EXPECT_EQ(take(central, bundle), "duplicate");
  EXPECT_TRUE(pack_due(site).empty());
  EXPECT_EQ(discard_rows(central.node(), sim::site_id(1), {}, admin).error().code, Errc::not_found);
}

TEST_F(Copies, H3_DiscardedRowsHaveNoEffectAndStayInTheLog) {
  meet(site);
  auto copy = clone(site, false);
  auto other_copy = clone(site, false);
  meet(*copy);
  const RecordId there = add(*other_copy, "there");
  meet(*other_copy);
  const auto discarded = discard_rows(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(discarded);
  EXPECT_EQ(discarded->counts.rejected, 1);
  EXPECT_EQ(quarantined(), 0);
  EXPECT_EQ(name_at(central, there), "-");
  const auto lines = central.read([&](store::Connection& connection) {
    auto cursor = connection.query(
        "SELECT count(*) FROM change_log WHERE record=?1 AND line LIKE "
        "'%\"d\":\"rejected\",\"why\":\"discarded\"%'",
        there);
    return cursor.next() ? cursor.integer(0) : 0;
  });
  EXPECT_EQ(lines, 1);
  meet(*other_copy);
  EXPECT_EQ(quarantined(), 0);
}

TEST_F(Copies, H28_ARolledBackMachineIsReauthorisedAndNothingIsLost) {
  meet(site);
  const RecordId shared = add(site, "shared");
  meet(site);
  const sim::Image backup = site.image();
  site.print.board = "another";
  site.restart();  // a new epoch …
  const RecordId sent = add(site, "sent");
  meet(site);
  site.print.board = "board";
  site.put_back(backup, true);  // … that the machine knows nothing of
  const EpochId old = site.log->own().epoch;
  const RecordId mine = add(site, "mine");
  meet(site);
  EXPECT_TRUE(site.log->is_copy());
  EXPECT_EQ(reauthorise_copy(central.node(), sim::site_id(1), "zz", admin).error().code,
            Errc::not_found);
  const auto authorised = reauthorise_copy(central.node(), sim::site_id(1), {}, admin);
  ASSERT_TRUE(authorised) << authorised.error().detail;
  EXPECT_EQ(authorised->epoch, old);
  meet(site);
  EXPECT_FALSE(site.log->is_copy());
  EXPECT_EQ(epochs(site).back().why, why::authorised);
  EXPECT_EQ(epochs(site).back().previous, old);
  meet(site, 2);
  EXPECT_EQ(known(site).epoch, site.log->own().epoch);
  EXPECT_FALSE(known(site).expected);
  EXPECT_EQ(pending(site), 0);
  expect_same(site, {acme, shared, sent, mine});
  EXPECT_NE(name_at(central, mine), "-");
  EXPECT_TRUE(add(site, "goes on").bytes != RecordId{}.bytes);
}

}  // namespace
}  // namespace skerry::sync
