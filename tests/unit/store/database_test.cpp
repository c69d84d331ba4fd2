#include "store/database.hpp"

#include <gtest/gtest.h>
#include <latch>
#include <thread>
#include <vector>

#include "tests/unit/store/temporary_folder.hpp"

namespace skerry::store {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  void open(DatabaseOptions options = {}) {
    database_.reset();
    auto opened = Database::open(folder_.path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    database_ = std::move(*opened);
    auto create = [](Connection& connection) -> Result<void> {
      connection.execute("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT) STRICT");
      return {};
    };
    ASSERT_TRUE(database_->write(create));
  }
  Result<std::int64_t> insert(std::int64_t a) {
    auto work = [a](Connection& connection) -> Result<std::int64_t> {
      connection.execute("INSERT INTO t(a) VALUES(?)", a);
      return connection.last_insert_rowid();
    };
    return database_->write(work);
  }
  std::int64_t number(std::string_view sql) {
    Reader reader = database_->read();
    Cursor cursor = reader->query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, WritesAndReads) {
  open();
  const auto row = insert(7);
  ASSERT_TRUE(row) << row.error().detail;
  EXPECT_EQ(*row, 7);
  EXPECT_EQ(number("SELECT a FROM t"), 7);
}

TEST_F(DatabaseTest, KeepsWhatWasWritten) {
  open();
  ASSERT_TRUE(insert(7));
  open();
  EXPECT_EQ(number("SELECT a FROM t"), 7);
}

TEST_F(DatabaseTest, WorksOnTheCallersThreadToo) {
  open({.threaded = false});
  ASSERT_TRUE(insert(7));
  EXPECT_FALSE(insert(7));
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace skerry::store
