#include "store/database.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

TEST_F(DatabaseTest, KeepsWhatWasWritten) {
  open();
  ASSERT_TRUE(write(inserting(7)));
  open();
  EXPECT_EQ(number("SELECT a FROM t"), 7);
}

TEST_F(DatabaseTest, WriteReturnsTheValueOfTheWork) {
  open();
  auto work = [](Connection& connection) -> Result<std::string> {
    Cursor cursor = connection.query("SELECT 'value'");
    cursor.next();
    return std::string(cursor.text(0));
  };
  const Result<std::string> value = database_->write(work);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, "value");
}

TEST_F(DatabaseTest, WorksOnTheCallersThread) {
  open({.threaded = false});
  const auto caller = std::this_thread::get_id();
  ASSERT_TRUE(write([&](Connection& connection) -> Result<void> {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    return inserting(7)(connection);
  }));
  EXPECT_EQ(write(inserting(7)).error().code, Errc::io_failed);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(database_->stats().jobs, database_->stats().groups);
  database_->stop();
  EXPECT_EQ(write(inserting(8)).error().code, Errc::stopping);
}

TEST_F(DatabaseTest, RefusesASecondOpening) {
  open();
  const auto second = Database::open(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
  ASSERT_TRUE(write(inserting(1)));  // and the first one's locks are still there
}

TEST_F(DatabaseTest, RefusesWhatIsNoDatabase) {
  std::ofstream(folder_ / "skerry.db") << std::string(10000, 'x');
  const auto opened = Database::open(folder_.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::database_damaged);
  EXPECT_NE(opened.error().detail.find("skerry.db"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "skerry.db"), 10000U);
}

TEST_F(DatabaseTest, RefusesANewerVersion) {
  open();
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    connection.execute("INSERT INTO migration VALUES(1000, 'future', x'00', 'then')");
    return {};
  }));
  database_.reset();
  EXPECT_EQ(Database::open(folder_.path()).error().code, Errc::unsupported_version);
}

TEST_F(DatabaseTest, AReaderSeesOneState) {
  open({.readers_max = 1});
  {
    Reader reader = database_->read();
    const auto count = [&] {
      Cursor cursor = reader->query("SELECT count(*) FROM t");
      cursor.next();
      return cursor.integer(0);
    };
    EXPECT_EQ(count(), 0);
    ASSERT_TRUE(write(inserting(1)));
    EXPECT_EQ(count(), 0);
  }
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, AReaderSeesWhatWasAnsweredBeforeItWasTaken) {
  open({.readers_max = 1});
  for (int i = 1; i <= 50; ++i) {
    ASSERT_TRUE(write(inserting(i)));
    EXPECT_EQ(number("SELECT count(*) FROM t"), i);
    EXPECT_EQ(number("SELECT count(*) FROM t"), i);
  }
}

TEST_F(DatabaseTest, AReadersTransactionIsKeptWhileNothingIsWritten) {
  open({.readers_max = 1});
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
  const auto begun = [&] { return database_->read()->in_transaction(); };
  EXPECT_TRUE(begun());
  {
    const Reader reader = database_->read();
    reader->execute("COMMIT");  // as SQLite does by itself after some errors
  }
  EXPECT_TRUE(begun());
}

TEST_F(DatabaseTest, ReadersAreReused) {
  open({.readers_max = 1});
  const Connection* first = &*database_->read();
  const Connection* second = &*database_->read();
  EXPECT_EQ(first, second);
}

TEST_F(DatabaseTest, WhatWasNotUsedForAWhileGivesItsMemoryBack) {
  open({.readers_max = 2, .memory_kept_for = std::chrono::milliseconds(5)});
  std::int64_t in_use = 0;
  {
    const Reader kept = database_->read();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
    in_use = sqlite3_memory_used();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (sqlite3_memory_used() > in_use * 2 / 3 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LE(sqlite3_memory_used(), in_use * 2 / 3);  // the writer's is left, of three
  EXPECT_TRUE(write(inserting(1)));
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, ReadWaitsForAFreeReader) {
  open({.readers_max = 2});
  std::optional<Reader> first = database_->read();
  Reader second = database_->read();
  EXPECT_NE(&**first, &*second);
  std::atomic<bool> got{false};
  std::thread third([&] {
    Reader reader = database_->read();
    got = true;
  });
  EXPECT_FALSE(got);
  first.reset();
  third.join();
  EXPECT_TRUE(got);
}

TEST_F(DatabaseTest, ManyReadersDuringWrites) {
  open({.readers_max = 3});
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      std::int64_t last = 0;
      while (!stop) {
        const std::int64_t now = number("SELECT count(*) FROM t");
        EXPECT_GE(now, last);
        last = now;
      }
    });
  }
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(write(inserting(i)));
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(number("SELECT count(*) FROM t"), 100);
}

class DatabaseDeathTest : public DatabaseTest {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(DatabaseDeathTest, ReaderGivenBackInTheMiddleOfAStatement) {
  EXPECT_DEATH(
      {
        open();
        std::optional<Cursor> cursor;
        Reader reader = database_->read();
        cursor.emplace(reader->query("SELECT name FROM sqlite_schema"));
        cursor->next();
      },
      "any_statement_busy");
}

}  // namespace
}  // namespace skerry::store
