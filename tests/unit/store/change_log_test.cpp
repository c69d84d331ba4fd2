#include "store/change_log.hpp"

#include "crypto/sha256.hpp"
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
  };
  for (const char* line : {"one", "two", "three"}) ASSERT_TRUE(append(line));
  for (const char* damage : damages) {
    auto look = [&](Connection& connection) -> Result<void> {
      connection.execute(damage);
      EXPECT_FALSE(verify_chains(connection, {})) << damage;
      return fail(Errc::busy);  // takes the damage back
    };
    EXPECT_FALSE(database->write(look));
  }
  EXPECT_TRUE(verify());
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
