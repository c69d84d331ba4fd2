#include "store/change_log.hpp"

#include <fmt/format.h>

#include "crypto/sha256.hpp"
#include "store/log_subject.hpp"
#include "store/trust.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ChangeLogTest : public MachineStoreTest {
 protected:
  Result<LogPosition> append(std::string line) {
    return run([&, text = std::move(line)](Connection& connection) -> Result<LogPosition> {
      return log.append_own(connection, "customer", RecordId{}, text);
    });
  }
  Result<LogAudit> verify() {
    const Reader reader = database->read();
    return verify_chains(*reader, {});
  }
};

TEST_F(ChangeLogTest, ChainsItsLines) {
  const auto first = append("one");
  const auto second = append("two");
  EXPECT_EQ(first->n, 1);
  EXPECT_EQ(second->seq, 2);
  EXPECT_EQ(first->hash, crypto::chain_hash(Hash{}, "one"));
  EXPECT_EQ(second->hash, crypto::chain_hash(first->hash, "two"));
  const auto audit = verify();
  ASSERT_TRUE(audit);
  EXPECT_EQ(audit->rows, 2);
  EXPECT_EQ(audit->logs, 1);
}

TEST_F(ChangeLogTest, ARefusedJobTakesItsRowsBack) {
  ASSERT_TRUE(append("one"));
  auto refused = [&](Connection& connection) -> Result<void> {
    log.append_own(connection, "customer", RecordId{}, "lost");
    return fail(Errc::busy);
  };
  EXPECT_FALSE(database->write(refused));
  EXPECT_EQ(append("two")->n, 2);
  EXPECT_TRUE(verify());
}

TEST_F(ChangeLogTest, TellsOfCommitsThatAppended) {
  std::int64_t told = 0;
  log.on_commit([&](std::int64_t n) { told = n; });
  ASSERT_TRUE(append("one"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(log.last_n(), 1);
  told = 0;
  write([](Connection&) -> Result<void> { return {}; });
  EXPECT_EQ(told, 0);
}

TEST_F(ChangeLogTest, TellsOfTrustOnceItIsCommitted) {
  std::int64_t told = 0;
  log.on_commit([&](std::int64_t) { told = log.trust_seen(); });
  write([&](Connection& connection) -> Result<void> {
    note_trust_seen(connection, log, 2);
    return {};
  });
  EXPECT_EQ(told, 2);
  const auto refused = [&](Connection& connection) -> Result<void> {
    note_trust_seen(connection, log, 3);
    return fail(Errc::busy);
  };
  EXPECT_FALSE(database->write(refused));
  EXPECT_EQ(log.trust_seen(), 2);
}

TEST_F(ChangeLogTest, GoesOnAfterARestart) {
  ASSERT_TRUE(create("customer", R"({"name":"One"})"));
  const LogHead before = log.own();
  ChangeLog again(clock);
  write([&](Connection& connection) -> Result<void> {
    again.load(connection);
    return {};
  });
  EXPECT_EQ(again.own().seq, before.seq);
  EXPECT_EQ(again.own().hash, before.hash);
  EXPECT_EQ(again.own().epoch, before.epoch);
  EXPECT_EQ(again.last_n(), 1);
  clock.now -= 1'000'000;
  EXPECT_GT(again.tick(), HlcStamp::at(clock.wall_ms() + 999'999));
}

TEST_F(ChangeLogTest, EveryKindOfDamageIsFound) {
  const char* damages[] = {
      "UPDATE change_log SET line='x' WHERE n=2",
      "UPDATE change_log SET hash=zeroblob(32) WHERE n=2",
      "UPDATE change_log SET seq=9 WHERE n=2",
      "DELETE FROM change_log WHERE n=2",
      "DELETE FROM change_log WHERE n=1",
      "UPDATE change_log SET record=zeroblob(16) WHERE n=4",
      "UPDATE change_log SET kind='note' WHERE n=4",
      "DELETE FROM change_log WHERE n=5",
      "DELETE FROM change_log WHERE n=9",
      "UPDATE change_log SET label='C' WHERE n=4",
      "UPDATE change_log SET customer=zeroblob(16) WHERE n=4",
      "UPDATE change_log SET recorded_at=recorded_at-1001 WHERE n=4",
      "UPDATE change_log SET recorded_at=recorded_at+1 WHERE n=6",
      "UPDATE change_log SET customer=record WHERE n=7",
      "UPDATE change_log SET customer=record WHERE n=8",
      "UPDATE change_log SET label='' WHERE n=8",
      // Rows whose line says nothing of it.
      "UPDATE change_log SET label='D' WHERE n=9",
      "UPDATE change_log SET customer=zeroblob(16) WHERE n=9",
      "UPDATE change_log SET place=record WHERE n=9",
      "UPDATE change_log SET recorded_at=recorded_at+1 WHERE n=2",
      "UPDATE change_log SET label='x' WHERE n=2",
      "UPDATE change_log SET seal=zeroblob(32) WHERE n=9",
  };
  for (const char* line : {"one", "two", "three"}) ASSERT_TRUE(append(line));
  for (const char* name : {"A", "B"})
    ASSERT_TRUE(create("customer", fmt::format(R"({{"name":"{}"}})", name)));
  clock.now -= 60'000;  // the stamps stay ahead, and the line says the time
  const auto customer = create("customer", R"({"name":"C"})");
  ASSERT_TRUE(customer);
  ASSERT_TRUE(create("product", R"({"sku":"P","name":"Pump","type":"device"})"));
  const auto contact = create("contact", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})",
                                                     to_string(customer->id)));
  ASSERT_TRUE(contact && update(*contact, R"({"title":"Master"})"));
  ASSERT_TRUE(verify());
  for (const char* damage : damages) {
    auto look = [&](Connection& connection) -> Result<void> {
      connection.execute("DROP TRIGGER change_log_is_not_edited");
      connection.execute("DROP TRIGGER change_log_is_kept");
      connection.execute(damage);
      const auto audit = verify_chains(connection, {});
      EXPECT_FALSE(audit) << damage;
      EXPECT_TRUE(audit || audit.error().code == Errc::bad_signature) << damage;
      return fail(Errc::busy);  // takes the damage back
    };
    EXPECT_FALSE(database->write(look));
  }
  EXPECT_TRUE(verify());
}

// Nothing honest is taken for a change of the database, however the clock goes.
TEST_F(ChangeLogTest, WhatIsWrittenHereProvesItsColumns) {
  const std::string long_name(200, 'n');
  const auto customer = create("customer", R"({"name":"A"})");
  for (const std::int64_t step : {0, 400, 600, 1'000, 1'001, 86'400'000, -86'400'000, -500}) {
    clock.now += step;
    const auto made = create("customer", fmt::format(R"({{"name":"{} {}"}})", long_name, step));
    ASSERT_TRUE(made);
    ASSERT_TRUE(update(*made, R"({"description":"x"})"));
    const auto record = find_record(*database->read(), *made->kind, made->id);
    ASSERT_TRUE(update(*record, R"({"name":"Short"})"));
    ASSERT_TRUE(remove(*find_record(*database->read(), *made->kind, made->id)));
    ASSERT_TRUE(create("note", fmt::format(R"({{"subject":"{}","text":"{}"}})",
                                           to_string(customer->id), long_name)));
  }
  const auto audit = verify();
  EXPECT_TRUE(audit) << audit.error().detail;
  EXPECT_EQ(audit->rows, 1 + 8 * 5);
}

TEST_F(ChangeLogTest, CannotBeEdited) {
  ASSERT_TRUE(append("one"));
  for (const char* edit : {"UPDATE change_log SET line='x' WHERE n=1", "DELETE FROM change_log"}) {
    auto work = [&](Connection& connection) -> Result<void> {
      connection.execute(edit);
      return {};
    };
    EXPECT_FALSE(database->write(work)) << edit;
  }
  EXPECT_EQ(text("SELECT line FROM change_log"), "one");
}

TEST_F(ChangeLogTest, KeepsWhatTheRecordWasCalledAndWhoseItWas) {
  const auto customer = create("customer", R"({"name":"Lighthouse"})");
  ASSERT_TRUE(customer);
  const auto contact = create("contact", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})",
                                                     to_string(customer->id)));
  ASSERT_TRUE(contact);
  ASSERT_TRUE(update(*customer, R"({"name":"Bakery"})"));
  ASSERT_TRUE(remove(*contact));
  const auto labels =
      "SELECT group_concat(label,',') FROM (SELECT label FROM change_log ORDER BY n)";
  EXPECT_EQ(text(labels), "Lighthouse,a@b.example,Bakery,a@b.example");
  EXPECT_EQ(number("SELECT count(DISTINCT customer) FROM change_log"), 1);
  const Reader reader = database->read();
  EXPECT_EQ(find_subject(*reader, *customer->kind, customer->id).label, "Bakery");
  EXPECT_EQ(find_subject(*reader, *contact->kind, contact->id).label, "a@b.example");
  EXPECT_EQ(find_subject(*reader, *contact->kind, contact->id).customer, customer->id);
  Change refused;
  refused.kind = contact->kind;
  refused.record = new_record_id(1, random);
  refused.fields.push_back({0, nullptr, json::value(to_string(customer->id)), std::nullopt});
  refused.fields.push_back({1, nullptr, json::value("x@y.example"), std::nullopt});
  EXPECT_EQ(find_subject(*reader, refused).label, "x@y.example");
  EXPECT_EQ(find_subject(*reader, refused).customer, customer->id);
}

// What has no name of its own goes by what it names; its line does not prove such a label.
TEST_F(ChangeLogTest, AMoveIsCalledByWhatItMoves) {
  const auto id_of = [&](std::string_view kind, const std::string& text) {
    const auto made = create(kind, text);
    EXPECT_TRUE(made) << made.error().detail;
    return to_string(made->id);
  };
  const std::string customer = id_of("customer", R"({"name":"Harbour"})");
  const std::string quay =
      id_of("location", fmt::format(R"({{"customer":"{}","name":"Quay"}})", customer));
  const std::string product = id_of("product", R"({"sku":"P","name":"Pump","type":"device"})");
  const std::string asset =
      id_of("asset", fmt::format(R"({{"product":"{}","serial":"SN-9"}})", product));
  const auto move = create(
      "move",
      fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"2026-03-02"}})", asset, quay));
  ASSERT_TRUE(move);
  const auto tracked = update(*move, R"({"tracking_number":"T-1"})");
  ASSERT_TRUE(tracked);
  const auto untracked = update(*tracked, R"({"tracking_number":null})");
  ASSERT_TRUE(untracked);
  ASSERT_TRUE(remove(*untracked));
  EXPECT_EQ(text("SELECT group_concat(label,';') FROM (SELECT label FROM change_log WHERE "
                 "kind='move' ORDER BY n)"),
            "SN-9 to Quay, 2026-03-02;T-1;SN-9 to Quay, 2026-03-02;SN-9 to Quay, 2026-03-02");
  const auto audit = verify();
  EXPECT_TRUE(audit) << audit.error().detail;
}

TEST_F(ChangeLogTest, TwoChainsStandBesideEachOther) {
  write([&](Connection& connection) -> Result<void> {
    log.start_received(connection, new_id<EpochId>(random));
    return {};
  });
  ASSERT_TRUE(append("mine"));
  const auto received = run([&](Connection& connection) -> Result<LogPosition> {
    return log.append_received(connection, "customer", RecordId{}, "theirs");
  });
  EXPECT_EQ(received->n, 2);
  EXPECT_EQ(received->seq, 1);
  EXPECT_EQ(received->hash, crypto::chain_hash(Hash{}, "theirs"));
  EXPECT_EQ(verify()->logs, 2);
}

}  // namespace
}  // namespace skerry::store
