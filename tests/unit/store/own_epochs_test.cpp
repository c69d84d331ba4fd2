#include "store/own_epochs.hpp"

#include <gmock/gmock.h>

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class OwnEpochsTest : public RecordsTest {
 protected:
  OwnEpochsTest() { role_ = Role::site; }

  // A new epoch that goes on behind row `end` of the one before; what is behind it does not count.
  void begin_epoch(Connection& connection, std::int64_t end) {
    const OwnEpoch before = read_own_epochs(connection).back();
    connection.execute("UPDATE log SET upto=?2 WHERE number=?1", before.log, end);
    const auto hash = own_hash_at(connection, before.log, end);
    NewLog next{new_id<EpochId>(random_)};
    next.parent = LogPlace{before.epoch, end, hash.value()};
    next.previous = before.epoch;
    next.why = "test";
    log_.start_own(connection, next);
  }
  void acknowledge(Connection& connection, std::size_t epoch, std::int64_t upto) {
    OwnEpoch own = read_own_epochs(connection).at(epoch);
    own.acked = upto;
    own.durable = upto / 2;
    write_confirmed(connection, own);
  }
  void rename(Connection& connection, const Record& record, const char* name) {
    const json::object patch{{"name", name}};
    ASSERT_TRUE(writer(connection).update(*record.kind, record.id, patch, std::nullopt, author_));
  }
};

TEST_F(OwnEpochsTest, AreOneLineOfRows) {
  in_job([&](Connection& connection) {
    const OwnEpoch only = read_own_epochs(connection).front();
    EXPECT_EQ(only.epoch, log_.own().epoch);
    EXPECT_EQ(only.end, 0);
    EXPECT_EQ(only.end_hash, Hash{});
    EXPECT_FALSE(only.parent);
    EXPECT_FALSE(only.previous);
    for (const char* name : {"A", "B", "C"}) make_customer(connection, name);
    begin_epoch(connection, 2);
    make_customer(connection, "D");
    const auto epochs = read_own_epochs(connection);
    ASSERT_EQ(epochs.size(), 2U);
    EXPECT_EQ(epochs[0].end, 2);
    EXPECT_EQ(epochs[0].end_hash, own_hash_at(connection, epochs[0].log, 2));
    EXPECT_EQ(epochs[1].end, 1);
    EXPECT_EQ(epochs[1].end_hash, log_.own().hash);
    EXPECT_EQ(epochs[1].parent, (LogPlace{epochs[0].epoch, 2, epochs[0].end_hash}));
    EXPECT_EQ(epochs[1].previous, epochs[0].epoch);
    EXPECT_EQ(epochs[1].why, "test");
    EXPECT_FALSE(own_hash_at(connection, epochs[1].log, 2));
    EXPECT_EQ(own_hash_at(connection, epochs[1].log, 0), Hash{});
  });
  EXPECT_TRUE(verify_chains(*database_->read(), {}));
}

TEST_F(OwnEpochsTest, RememberWhatCentralConfirmed) {
  in_job([&](Connection& connection) {
    for (const char* name : {"A", "B", "C", "D"}) make_customer(connection, name);
    acknowledge(connection, 0, 4);
    EXPECT_EQ(read_own_epochs(connection)[0].acked, 4);
    EXPECT_EQ(read_own_epochs(connection)[0].durable, 2);
    EXPECT_EQ(count_pending(connection).rows, 0);
    EXPECT_FALSE(count_pending(connection).oldest_at);
  });
}

TEST_F(OwnEpochsTest, CountWhatIsPendingInAllOfThem) {
  in_job([&](Connection& connection) {
    UnixMillis of_b = 0;
    for (const char* name : {"A", "B", "C"}) {
      make_customer(connection, name);
      if (name[0] == 'B') of_b = clock_.wall_ms();
      clock_.now += 1000;
    }
    acknowledge(connection, 0, 1);
    begin_epoch(connection, 2);
    for (const char* name : {"D", "E"}) make_customer(connection, name);
    const PendingRows pending = count_pending(connection);
    EXPECT_EQ(pending.rows, 3);  // B, D, E; C does not count any more
    EXPECT_EQ(pending.oldest_at, of_b);
  });
}

TEST_F(OwnEpochsTest, GiveThePendingRowsOfARecordInOrder) {
  in_job([&](Connection& connection) {
    const Record acme = make_customer(connection, "Acme");  // 1
    const Record bolt = make_customer(connection, "Bolt");  // 2
    rename(connection, acme, "kept");                       // 3
    rename(connection, acme, "cut off");                    // 4
    EXPECT_THAT(pending_lines(connection, acme.id), testing::SizeIs(3));
    acknowledge(connection, 0, 2);
    begin_epoch(connection, 3);
    rename(connection, acme, "after");
    EXPECT_THAT(pending_lines(connection, acme.id),
                ElementsAre(HasSubstr("kept"), HasSubstr("after")));
    EXPECT_THAT(pending_lines(connection, bolt.id), IsEmpty());
    acknowledge(connection, 1, 1);
    EXPECT_THAT(pending_lines(connection, acme.id), ElementsAre(HasSubstr("kept")));
  });
}

TEST_F(OwnEpochsTest, NameTheRecordsThatChanged) {
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("customer");
    const Record acme = make_customer(connection, "Acme");
    const Record bolt = make_customer(connection, "Bolt");
    rename(connection, acme, "Acme SE");
    const std::int64_t log = log_.own().number;
    EXPECT_THAT(records_changed(connection, log, 0, 3),
                UnorderedElementsAre(RecordName(&kind, acme.id), RecordName(&kind, bolt.id)));
    EXPECT_THAT(records_changed(connection, log, 2, 3), ElementsAre(RecordName(&kind, acme.id)));
    EXPECT_THAT(records_changed(connection, log, 3, 9), IsEmpty());
    EXPECT_THAT(records_changed(connection, log + 1, 0, 9), IsEmpty());
  });
}

}  // namespace
}  // namespace skerry::store
