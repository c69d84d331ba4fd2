#include "store/sqlite/wal.hpp"

#include <gtest/gtest.h>

#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

class WalTest : public DatabaseTest {
 protected:
  // About 100 pages.
  void write_pages(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
        connection.execute("INSERT INTO t(b) VALUES(randomblob(400000))");
        return {};
      }));
    }
  }
  std::uintmax_t log_bytes() { return std::filesystem::file_size(folder_ / "skerry.db-wal"); }
};

TEST_F(WalTest, StaysShortUnderWrites) {
  open();
  write_pages(100);
  const auto stats = database_->stats();
  EXPECT_GE(stats.checkpoints, 2U);
  EXPECT_EQ(stats.checkpoint_failures, 0U);
  // The next write is often queued before the writer looks for an idle moment.
  EXPECT_LT(stats.wal_pages, 4200U);
  EXPECT_LT(log_bytes(), 4200U * 4120U);
}

TEST_F(WalTest, IsNotTouchedForAFewPages) {
  open();
  write_pages(3);
  EXPECT_EQ(database_->stats().checkpoints, 0U);
  EXPECT_GT(database_->stats().wal_pages, 100U);
}

TEST_F(WalTest, RecoversWhenALongReaderEnds) {
  open();
  {
    Reader reader = database_->read();
    EXPECT_TRUE(reader->query("SELECT count(*) FROM t").next());
    write_pages(60);
    EXPECT_GT(database_->stats().wal_pages, 5000U);  // the snapshot needs the old pages
  }
  write_pages(60);  // the next step comes 4000 pages after the last one at the latest
  EXPECT_LT(database_->stats().wal_pages, 4200U);
}

TEST_F(WalTest, IsNotHeldUpByReadersThatWait) {
  open({.readers_max = 4});
  for (int i = 0; i < 10; ++i) {
    {
      const Reader one = database_->read();
      const Reader two = database_->read();
      for (const Reader* reader : {&one, &two})
        EXPECT_TRUE((*reader)->query("SELECT count(*) FROM t").next());
    }
    write_pages(20);
  }
  EXPECT_GE(database_->stats().checkpoints, 4U);
  EXPECT_LT(database_->stats().wal_pages, 9000U);
}

TEST_F(WalTest, IsCutAfterABurst) {
  open();
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    connection.execute("INSERT INTO t(b) VALUES(randomblob(60000000))");
    return {};
  }));
  write_pages(2);
  EXPECT_LE(log_bytes(), std::uintmax_t{16} << 20);
}

TEST_F(WalTest, CleanStopLeavesNoLog) {
  open();
  write_pages(1);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);  // opens a reader, which must close first
  database_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "skerry.db-wal"));
}

}  // namespace
}  // namespace skerry::store
