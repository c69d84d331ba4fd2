// Both sides are compared: a difference is answered with one whole state, and no more (H25); what
// an import wrote is read back before it is committed.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/inbox.hpp"
#include "sync/bundle_reader.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::HasSubstr;

class H25_Digest : public Epochs {
 protected:
  H25_Digest() { meet(site, 2); }

  void sql(Machine& at, std::string_view statement) {
    const auto done = at.write([&](store::Connection& connection) -> Result<void> {
      connection.execute(statement);
      return {};
    });
    ASSERT_TRUE(done) << done.error().detail;
  }
  // As a bad disk does, or a hand in the database: no row of the log says so.
  void spoil(Machine& at) { sql(at, "UPDATE customer SET name='spoilt'"); }
  static Manifest manifest_of(const Bytes& bundle) {
    return inspect_bundle(test::file_of(bundle).fd())->manifest;
  }
  static bool has_digest(const Bytes& bundle) {
    return manifest_of(bundle).extra.contains("digest");
  }
  store::Comparison comparison() { return known(site).comparison; }
  std::int64_t count(Machine& at, std::string_view query) {
    return at.read([&](store::Connection& connection) {
      auto cursor = connection.query(query);
      return cursor.next() ? cursor.integer(0) : -1;
    });
  }
  std::int64_t events(std::string_view name) {
    return count(central, fmt::format("SELECT count(*) FROM change_log WHERE instr(line,"
                                      "'\"ev\":\"{}\"')>0",
                                      name));
  }
  // How many of central's bundles in so many exchanges were snapshots.
  int snapshots(int exchanges) {
    int sent = 0;
    for (int i = 0; i < exchanges; ++i) {
      for (const Bytes& bundle : pack_up(site)) take(central, bundle);
      for (const Bytes& bundle : pack_down(site)) {
        sent += manifest_of(bundle).kind == BundleKind::snapshot ? 1 : 0;
        take(site, bundle);
      }
    }
    return sent;
  }
};

TEST_F(H25_Digest, BothAreTheSame) {
  add(central, "more");
  meet(site, 2);
  EXPECT_GT(upstream(site).compared, 0);
  EXPECT_FALSE(upstream(site).differs);
  EXPECT_GT(comparison().at, 0);
  EXPECT_FALSE(comparison().differs);
}

TEST_F(H25_Digest, WhatIsPendingIsNoDifference) {
  ASSERT_TRUE(set(site, "customer", acme, {{"name", "renamed here"}}));
  add(site, "made here");
  const RecordId fresh = add(site, "made and deleted here");
  ASSERT_TRUE(remove(site, "customer", fresh));
  add(central, "more");
  down(site);  // central has heard nothing of that
  EXPECT_EQ(upstream(site).compared, upstream(site).n);
  EXPECT_FALSE(upstream(site).differs);
  ASSERT_TRUE(remove(site, "customer", acme));
  add(central, "and more");
  down(site);
  EXPECT_EQ(upstream(site).compared, upstream(site).n);
  EXPECT_FALSE(upstream(site).differs);
}

TEST_F(H25_Digest, WhatTheSiteDoesNotSeeIsNoDifference) {
  const RecordId bolt = add(central, "Bolt");
  see_only(site, {bolt});
  meet(site, 2);
  EXPECT_EQ(name_at(site, acme), "-");
  EXPECT_EQ(upstream(site).compared, upstream(site).n);
  EXPECT_FALSE(upstream(site).differs);
  EXPECT_FALSE(comparison().differs);
}

TEST_F(H25_Digest, ADifferenceIsMendedByOneWholeState) {
  spoil(site);
  EXPECT_EQ(snapshots(1), 0);
  EXPECT_TRUE(upstream(site).differs);
  EXPECT_THAT(last_detail, HasSubstr("is not what central has"));
  const RecordId kept = add(site, "pending");
  EXPECT_EQ(snapshots(1), 1);
  EXPECT_EQ(name_at(site, acme), "\"Acme\"");
  EXPECT_EQ(name_at(site, kept), "\"pending\"");
  EXPECT_FALSE(upstream(site).differs);
  EXPECT_EQ(events("site_differs"), 1);
  EXPECT_EQ(snapshots(3), 0);
  EXPECT_EQ(comparison().repair, 0);
  EXPECT_EQ(name_at(central, kept), "\"pending\"");
  spoil(site);  // months later: that is another difference
  EXPECT_EQ(snapshots(3), 1);
  EXPECT_EQ(name_at(site, acme), "\"Acme\"");
}

TEST_F(H25_Digest, ARecordThatIsGoneOrTooManyIsADifference) {
  sql(site, "DELETE FROM customer");
  EXPECT_EQ(snapshots(3), 1);
  EXPECT_EQ(name_at(site, acme), "\"Acme\"");
  sql(site, "UPDATE customer SET id=randomblob(16)");
  EXPECT_EQ(snapshots(3), 1);
  EXPECT_EQ(name_at(site, acme), "\"Acme\"");
  EXPECT_EQ(count(site, "SELECT count(*) FROM customer"), 1);
}

TEST_F(H25_Digest, AWholeStateThatIsLostIsSentAgain) {
  spoil(site);
  snapshots(1);
  for (int i = 0; i < 2; ++i) {
    for (const Bytes& bundle : pack_up(site)) take(central, bundle);
    const auto lost_on_the_way = pack_down(site);
    EXPECT_EQ(manifest_of(lost_on_the_way.at(0)).kind, BundleKind::snapshot);
  }
  EXPECT_EQ(events("site_differs"), 1);
  EXPECT_EQ(snapshots(1), 1);
  EXPECT_EQ(name_at(site, acme), "\"Acme\"");
}

TEST_F(H25_Digest, ASecondDifferenceIsAnAlarmAndNoLoop) {
  // Each import leaves a record that no bundle speaks of.
  sql(site,
      "CREATE TRIGGER bad_disk AFTER UPDATE ON upstream WHEN NEW.n<>OLD.n BEGIN "
      "INSERT INTO customer(id,revision,created_at,updated_at,version,scope_customer,stamps,name) "
      "SELECT randomblob(16),1,1,1,0,scope_customer,stamps,'ghost' FROM customer LIMIT 1; END");
  add(central, "more");
  int sent = 0;
  for (int i = 0; i < 6; ++i) {
    sent += snapshots(1);
    add(central, "and more");
  }
  EXPECT_EQ(sent, 1) << "one whole state, and no storm of them";
  EXPECT_TRUE(comparison().is_alarm());
  EXPECT_EQ(events("site_differs"), 1);
  EXPECT_EQ(events("site_differs_again"), 1);
  // A person mends it and sends the whole state once more.
  sql(site, "DROP TRIGGER bad_disk");
  const auto packed =
      pack_state(central.node(), known(site), {.from = 1, .resume = {}},
                 [&](PackedBundle&& piece) -> Result<void> {
                   EXPECT_EQ(take(site, sim::read_whole(piece.bundle.file.fd(), piece.bundle.size)),
                             "applied");
                   return {};
                 });
  ASSERT_TRUE(packed) << packed.error().detail;
  EXPECT_EQ(count(site, "SELECT count(*) FROM customer WHERE name='ghost'"), 0);
  meet(site, 2);
  EXPECT_FALSE(comparison().differs);
  EXPECT_EQ(snapshots(2), 0);
}

TEST_F(H25_Digest, OnceADayIsEnough) {
  central.options.digest_every_ms = 86'400'000;
  const auto next_has = [&] {
    add(central, "more");
    const auto bundles = pack_down(site);
    for (const Bytes& bundle : bundles) take(site, bundle);
    for (const Bytes& bundle : pack_up(site)) take(central, bundle);
    return has_digest(bundles.at(0));
  };
  EXPECT_FALSE(next_has()) << "the last one is seconds old";
  now += 86'400'000;
  EXPECT_TRUE(next_has());
  EXPECT_FALSE(next_has());
  now -= 86'400'000;  // a clock that was put back does not end it
  EXPECT_TRUE(next_has());
}

TEST_F(H25_Digest, AQuietCentralSaysOnceADayWhatIsDurableAndTheDigest) {
  add(site, "in a backup");
  meet(site, 2);
  ASSERT_TRUE(pack_due(site).empty());
  sql(central, "UPDATE site_epoch SET durable=head");
  spoil(site);
  EXPECT_TRUE(pack_due(site).empty());
  now += 86'400'000;
  const auto bundles = pack_due(site);
  ASSERT_EQ(bundles.size(), 1U);
  EXPECT_TRUE(has_digest(bundles[0]));
  EXPECT_EQ(take(site, bundles[0]), "duplicate");
  EXPECT_EQ(epochs(site).back().durable, 1);
  EXPECT_TRUE(upstream(site).differs);
  EXPECT_TRUE(pack_due(site).empty());
}

TEST_F(H25_Digest, ADeltaOfSeveralPiecesHasNone) {
  central.options.limits.lines_max = 4;
  for (int i = 0; i < 12; ++i) add(central, "more");
  for (const Bytes& bundle : pack_down(site)) {
    EXPECT_FALSE(has_digest(bundle));
    take(site, bundle);
  }
}

TEST_F(H25_Digest, ALateReportStartsNothing) {
  spoil(site);
  down(site);
  const auto late = pack_up(site);
  meet(site, 4);
  ASSERT_FALSE(comparison().differs);
  for (const Bytes& bundle : late) take(central, bundle);
  EXPECT_FALSE(comparison().differs);
  EXPECT_EQ(snapshots(2), 0);
}

// ---- read back before it is committed

class SelfCheck : public H25_Digest {};

TEST_F(SelfCheck, ASiteTakesNothingInThatReadsBackOtherwise) {
  add(central, "more");
  const auto before = upstream(site);
  const std::int64_t n = site.log->last_n();
  sql(site,
      "CREATE TRIGGER bad_disk AFTER INSERT ON customer BEGIN "
      "UPDATE customer SET name='worse' WHERE row=NEW.row; END");
  for (const Bytes& bundle : pack_down(site)) EXPECT_EQ(take(site, bundle), "internal");
  EXPECT_THAT(last_detail, HasSubstr("name of the customer"));
  EXPECT_EQ(upstream(site).n, before.n);
  EXPECT_EQ(site.log->last_n(), n) << "the whole import is rolled back";
  const auto entry = site.read(
      [](store::Connection& connection) { return store::list_inbox(connection, 1).at(0); });
  EXPECT_EQ(entry.outcome, "internal");
  EXPECT_THAT(entry.detail, HasSubstr("reads back otherwise"));
  sql(site, "DROP TRIGGER bad_disk");
  meet(site);
  expect_same(site, {acme});
}

TEST_F(SelfCheck, CentralTakesNothingInThatReadsBackOtherwise) {
  const RecordId made = add(site, "made");
  const std::int64_t n = central.log->last_n();
  for (const char* trigger :
       {"CREATE TRIGGER bad_disk AFTER INSERT ON customer BEGIN "
        "UPDATE customer SET name='worse' WHERE row=NEW.row; END",
        "CREATE TRIGGER bad_disk AFTER INSERT ON ingest BEGIN "
        "UPDATE ingest SET hash=zeroblob(32) WHERE epoch=NEW.epoch AND seq=NEW.seq; END",
        "CREATE TRIGGER bad_disk AFTER INSERT ON ingest BEGIN "
        "DELETE FROM ingest WHERE epoch=NEW.epoch AND seq=NEW.seq; END",
        "CREATE TRIGGER bad_disk AFTER INSERT ON customer BEGIN "
        "DELETE FROM customer WHERE row=NEW.row; END"}) {
    SCOPED_TRACE(trigger);
    sql(central, trigger);
    for (const Bytes& bundle : pack_up(site)) EXPECT_EQ(take(central, bundle), "internal");
    EXPECT_THAT(last_detail, HasSubstr("nothing was taken in"));
    EXPECT_EQ(central.log->last_n(), n);
    sql(central, "DROP TRIGGER bad_disk");
  }
  meet(site);
  EXPECT_EQ(name_at(central, made), "\"made\"");
}

}  // namespace
}  // namespace skerry::sync
