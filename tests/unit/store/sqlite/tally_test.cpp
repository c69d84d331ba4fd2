#include "store/sqlite/tally.hpp"

#include <gtest/gtest.h>

#include "store/sqlite/savepoint.hpp"
#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

class TallyTest : public DatabaseTest {
 protected:
  void SetUp() override { open(); }
  static FunctionJob::Run adding(std::int64_t number) {
    return [number](Connection& connection) -> Result<void> {
      tally::add(connection, "pump", number);
      return {};
    };
  }
  std::int64_t pumps() { return tally::read(*database_->read(), "pump"); }
};

TEST_F(TallyTest, AddsUp) {
  EXPECT_EQ(pumps(), 0);
  ASSERT_TRUE(write(adding(3)));
  ASSERT_TRUE(write(adding(-1)));
  EXPECT_EQ(pumps(), 2);
  EXPECT_EQ(tally::read(*database_->read(), "valve"), 0);
}

TEST_F(TallyTest, ForgetsWhatIsRolledBack) {
  EXPECT_FALSE(write([](Connection& connection) -> Result<void> {
    tally::add(connection, "pump", 100);
    return fail(Errc::not_found);
  }));
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    tally::add(connection, "pump", 1);
    {
      Savepoint row(connection, "row");
      tally::add(connection, "pump", 10);
      tally::add(connection, "valve", 10);
      {
        Savepoint inner(connection, "inner");
        tally::add(connection, "pump", 20);
        inner.release();
      }
    }
    Savepoint row(connection, "row");
    tally::add(connection, "pump", 2);
    tally::add(connection, "valve", 4);
    row.release();
    tally::add(connection, "valve", 1);
    return {};
  }));
  EXPECT_EQ(pumps(), 3);
  EXPECT_EQ(tally::read(*database_->read(), "valve"), 5);
}

// One that fails takes nothing of its neighbours with it.
TEST_F(TallyTest, JobsOfOneGroup) {
  Gate gate;
  auto first = queue(gate.job());
  gate.wait_until_entered();
  auto good = queue(adding(1));
  auto bad = queue([](Connection& connection) -> Result<void> {
    tally::add(connection, "pump", 10);
    return fail(Errc::not_found);
  });
  auto last = queue(adding(2));
  gate.open();
  EXPECT_TRUE(good.get());
  EXPECT_FALSE(bad.get());
  EXPECT_TRUE(last.get());
  EXPECT_TRUE(first.get());
  EXPECT_EQ(pumps(), 3);
}

// Whatever the number of additions, a transaction writes each number once.
TEST_F(TallyTest, IsWrittenOncePerTransaction) {
  std::uint64_t statements = 0;
  const auto counting = [&](int additions) {
    return [&statements, additions](Connection& connection) -> Result<void> {
      const std::uint64_t before = connection.statements_run();
      for (int i = 0; i < additions; ++i) tally::add(connection, "pump", 1);
      statements = connection.statements_run() - before;
      return {};
    };
  };
  ASSERT_TRUE(write(counting(1000)));
  EXPECT_EQ(statements, 0u);
  EXPECT_EQ(pumps(), 1000);
}

TEST_F(TallyTest, WritesAtOnceOutsideTheWriter) {
  database_.reset();
  const auto connection =
      Connection::open(folder_.path() / "skerry.db", Connection::Mode::read_write);
  tally::add(*connection, "pump", 4);
  EXPECT_EQ(tally::read(*connection, "pump"), 4);
}

}  // namespace
}  // namespace skerry::store
