// Rows that central must not take as they are, or that are too large to travel: each has its fate,
// and holds up nothing else.
#include <fmt/format.h>

#include "sync/bundle_writer.hpp"
#include "sync/positions.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {
namespace {

using store::ConflictType;

std::string repeated(std::string_view character, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += character;
  return text;
}

TEST_F(Reconcile, H10_WhatFollowsADeletedRecordIsKeptAsAConflict) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  const RecordId ann =
      *create(site, "contact", {{"customer", to_string(acme)}, {"email", "ann@acme.example"}});
  ASSERT_TRUE(set(site, "contact", ann, {{"title", "Head"}}));
  ASSERT_TRUE(remove(central, "customer", acme));
  exchange(site);
  EXPECT_EQ(decided(site, 1), "conflict");
  EXPECT_EQ(decided(site, 2), "conflict");
  EXPECT_EQ(told(site, 1), "conflict");
  EXPECT_EQ(value(site, "contact", ann, "email"), "-");
  // One decision about the record, as it would be by now.
  const auto found = conflicts(site);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].type, ConflictType::edit_vs_delete);
  EXPECT_EQ(found[0].record, ann);
  EXPECT_EQ(found[0].field, "");
  EXPECT_EQ(found[0].loser.at("value").at("title"), json::value("Head"));
  EXPECT_EQ(conflicts(central).size(), 1u);
}

TEST_F(Reconcile, H11_ARowThatLacksWhatTheTableDemandsIsRejectedAlone) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  Change nameless;
  nameless.kind = find_kind("customer");
  nameless.record = acme;
  nameless.op = ChangeOp::set;
  nameless.fields = {{0, "Acme", nullptr, std::nullopt}};
  nameless.actor = nameless.source = "api";
  append(site, {nameless});
  nameless.op = ChangeOp::create;
  nameless.record = *parse_id<RecordId>("0199c0de-0000-7000-8000-000000000001");
  append(site, {nameless});
  const RecordId bolt = *create(site, "customer", {{"name", "Bolt"}});
  exchange(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(decided(site, 2), "rejected");
  EXPECT_EQ(told(site, 2), "rejected");
  EXPECT_EQ(value(central, "customer", bolt, "name"), "\"Bolt\"");
  EXPECT_EQ(value(site, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, ARowThatIsNoJsonIsRejectedAndItsDecisionCanBeRead) {
  auto work = [&](store::Connection& connection) -> Result<void> {
    site.log->append_own(connection, "", RecordId{}, "no \"JSON\"");
    return {};
  };
  ASSERT_TRUE(site.database->write(work));
  exchange(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  central.read([&](store::Connection& connection) {
    auto cursor = connection.query("SELECT line FROM change_log");
    while (cursor.next())
      EXPECT_TRUE(parse_json_object(cursor.text(0), {.fractions = true})) << cursor.text(0);
  });
}

TEST_F(Reconcile, ARecordWhoseIdIsOfAnotherKindOfUuidIsRejected) {
  Change odd;
  odd.kind = find_kind("customer");
  odd.record = RecordId{{1}};
  odd.op = ChangeOp::create;
  odd.fields = {{0, nullptr, "Odd", std::nullopt}};
  odd.actor = odd.source = "api";
  append(site, {odd});
  exchange(site);
  EXPECT_EQ(decided(site, 1), "rejected");
  EXPECT_EQ(value(central, "customer", odd.record, "name"), "-");
}

TEST_F(Reconcile, AChangeThatCannotTravelIsRefusedWhereItIsWritten) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  exchange(site);
  const RecordId note = *create(
      site, "note", {{"subject", to_string(acme)}, {"text", repeated("\U0001F600", 10'000)}});
  const auto refused = set(site, "note", note, {{"text", repeated("\U0001F601", 10'000)}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  EXPECT_FALSE(refused.error().next.empty());
  ASSERT_TRUE(set(site, "note", note, {{"text", "short"}}));  // the way that the error names
  ASSERT_TRUE(set(site, "note", note, {{"text", repeated("\U0001F601", 10'000)}}));
  exchange(site);
  EXPECT_EQ(value(central, "note", note, "text"), value(site, "note", note, "text"));
  EXPECT_EQ(acked(site), 3);
}

TEST_F(Reconcile, AConflictOverLongTextsTravels) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  const RecordId note =
      *create(central, "note", {{"subject", to_string(acme)}, {"text", repeated("\u6D77", 9'990)}});
  exchange(site);
  const std::string lost = repeated("\u5CA9", 9'990);
  ASSERT_TRUE(set(site, "note", note, {{"text", lost}}));
  ASSERT_TRUE(set(central, "note", note, {{"text", repeated("\u98A8", 9'990)}}));
  exchange(site);
  ASSERT_EQ(conflicts(site).size(), 1U);
  EXPECT_EQ(conflicts(site)[0].loser.at("value"), json::value(lost));
  ASSERT_TRUE(set(site, "note", note, {{"text", lost}}, conflicts(site)[0].id));
  exchange(site);
  exchange(other);
  EXPECT_FALSE(conflicts(site)[0].open);
  EXPECT_EQ(value(other, "note", note, "text"), value(site, "note", note, "text"));
}

// Rows that no program writes, and whose fate would take more than a line that travels.
TEST_F(Reconcile, H11_NoRowIsTooLongForWhatIsToldOfIt) {
  const RecordId acme = *create(central, "customer", {{"name", "Acme"}});
  const RecordId gone = *create(central, "customer", {{"name", "Gone"}});
  exchange(site);
  ASSERT_TRUE(set(central, "customer", acme, {{"name", "Acme Corp"}}));
  ASSERT_TRUE(remove(central, "customer", gone));
  const auto row = [&](const RecordId& id, std::string_view f, std::string_view by) {
    return fmt::format(
        R"({{"k":"chg","t":"customer","id":"{}","op":"set","f":{},"hlc":"{}","by":"{}",)"
        R"("src":"api","sv":1}})",
        to_string(id), f, to_string(site.log->tick()), by);
  };
  std::string custom = "\"k\":1";
  for (int i = 0; i < 64; ++i) custom += fmt::format(",\"k{}\":\"{}\"", i, repeated("x", 1'000));
  const std::string rows[] = {
      row(acme, fmt::format(R"({{"{}":1}})", repeated("~", 60'000)), "x"),
      row(acme, R"({"name":{"o":"Acme","n":"Acme Ltd"}})", repeated("x", 65'300)),
      row(gone, fmt::format(R"({{"custom":{{"o":null,"n":{{{}}}}}}})", custom), "x")};
  const auto work = [&](store::Connection& connection) -> Result<void> {
    for (const std::string& each : rows) site.log->append_own(connection, "", RecordId{}, each);
    return {};
  };
  ASSERT_TRUE(site.database->write(work));
  exchange(site);
  exchange(other);
  for (const std::int64_t seq : {1, 2, 3}) EXPECT_EQ(told(site, seq), "rejected") << seq;
  EXPECT_EQ(value(other, "customer", acme, "name"), "\"Acme Corp\"");
  // And what is said of one may stand beside each row of its transaction.
  central.read([&](store::Connection& connection) {
    auto cursor = connection.query("SELECT max(length(line)) FROM change_log");
    ASSERT_TRUE(cursor.next());
    EXPECT_LT(cursor.integer(0), 66'500);
  });
}

TEST_F(Reconcile, ABundleInClearIsTakenByPolicyAlone) {
  const RecordId acme = *create(site, "customer", {{"name", "Acme"}});
  const Node node = site.node();
  const store::LogHead head = site.log->own();
  Manifest manifest = new_manifest(node, BundleKind::changes, Party::site(sim::site_id(1)),
                                   head.epoch, Party::central());
  auto writer = BundleWriter::create(node.spool, node.random, {},
                                     {manifest.id, manifest.from, manifest.to}, node.options);
  ASSERT_TRUE(writer);
  site.read([&](store::Connection& connection) {
    auto cursor = connection.query("SELECT line FROM change_log");
    while (cursor.next()) ASSERT_TRUE(writer->add_line(cursor.text(0)));
  });
  ChangesBody body;
  body.first = body.last = body.head = 1;
  body.last_hash = head.hash;
  manifest.extra = to_json(body);
  auto file = writer->finish(std::move(manifest), {&node.keys.sign, 1});
  ASSERT_TRUE(file) << file.error().detail;
  const Bytes bundle = sim::read_whole(file->file.fd(), file->size);
  EXPECT_EQ(take(central, bundle), "forbidden");
  EXPECT_EQ(value(central, "customer", acme, "name"), "-");
  central.options.accept_unencrypted = true;
  EXPECT_EQ(take(central, bundle), "applied") << last_detail;
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Acme\"");
}

TEST_F(Reconcile, H6_AClockThatRanAheadIsKnownByItsRows) {
  const auto suspect = [&] {
    return central.read([&](store::Connection& connection) {
      return store::find_site(connection, sim::site_id(1))->clock_suspect;
    });
  };
  ASSERT_TRUE(create(site, "customer", {{"name", "In time"}}));
  up(site);
  EXPECT_FALSE(suspect());
  site.clock.skew_ms = 3'600'000;
  ASSERT_TRUE(create(site, "customer", {{"name", "Ahead"}}));
  site.clock.skew_ms = 0;
  up(site);
  EXPECT_TRUE(suspect());
}

TEST_F(Reconcile, H2_OtherRowsInThePlaceOfKnownOnesAreNoDuplicate) {
  const RecordId acme = *create(site, "customer", {{"name", "Acme"}});
  exchange(site);
  sim::Machine restored(1, folder / "restored", sim::template_of(1), now, 7);
  ASSERT_TRUE(create(restored, "customer", {{"name", "Bolt"}}));
  const auto bundles = pack_up(restored);
  EXPECT_EQ(take(central, bundles.front()), "quarantined");
  EXPECT_EQ(value(central, "customer", acme, "name"), "\"Acme\"");
}

}  // namespace
}  // namespace skerry::sync
