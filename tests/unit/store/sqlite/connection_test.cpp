#include "store/sqlite/connection.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/sqlite/savepoint.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {
namespace {

class ConnectionTest : public testing::Test {
 protected:
  std::int64_t number(const std::string& sql) { return number_of(*connection_, sql); }
  static std::int64_t number_of(Connection& connection, std::string_view sql) {
    Cursor cursor = connection.query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }
  std::string text(std::string_view sql) {
    Cursor cursor = connection_->query(sql);
    return cursor.next() ? std::string(cursor.text(0)) : "no row";
  }
  StorageError error_of(const std::string& sql) {
    try {
      connection_->execute(sql);
    } catch (const StorageError& error) {
      return error;
    }
    return StorageError(Errc::internal, "no error");
  }

  TemporaryFolder folder_;
  std::unique_ptr<Connection> connection_ =
      Connection::open(folder_ / "test.db", Connection::Mode::read_write);
};

TEST_F(ConnectionTest, OpensWithOurPragmas) {
  EXPECT_EQ(text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(number("PRAGMA synchronous"), 2);
  EXPECT_EQ(number("PRAGMA foreign_keys"), 0);
  EXPECT_EQ(number("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(number("PRAGMA cell_size_check"), 1);
  EXPECT_EQ(number("PRAGMA wal_autocheckpoint"), 0);
  EXPECT_EQ(number("PRAGMA page_size"), 4096);
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 0);
  EXPECT_EQ(number("PRAGMA temp_store"), 1);
  EXPECT_EQ(number("PRAGMA cache_size"), -8192);
}

TEST_F(ConnectionTest, CreatesFilesForTheOwnerOnly) {
  connection_->execute("CREATE TABLE t(a)");
  for (const char* name : {"test.db", "test.db-wal", "test.db-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 07777U, 0600U) << name;
  }
}

TEST_F(ConnectionTest, ReadsAFileThatNobodyWritesAndMakesNothingBesideIt) {
  connection_->execute("CREATE TABLE t(a)");
  connection_->execute("INSERT INTO t VALUES(7)");
  connection_.reset();
  std::filesystem::create_directory(folder_ / "still");
  const std::filesystem::path copy = folder_ / "still/a%20b?mode=ro#c d.db";
  std::filesystem::copy_file(folder_ / "test.db", copy);
  const auto still = Connection::open(copy, Connection::Mode::immutable);
  EXPECT_EQ(number_of(*still, "SELECT a FROM t"), 7);
  EXPECT_THROW(still->execute("INSERT INTO t VALUES(8)"), StorageError);
  using std::filesystem::directory_iterator;
  EXPECT_EQ(std::distance(directory_iterator(folder_ / "still"), directory_iterator()), 1);
}

TEST_F(ConnectionTest, BindsAndReadsEveryType) {
  connection_->execute("CREATE TABLE t(a ANY, b ANY) STRICT");
  const Bytes blob{0, 1, 2, 255};
  const std::string with_zero("x\0y", 3);
  Hash hash{};
  hash[31] = 7;
  RecordId id;
  id.bytes[0] = 9;
  const std::optional<std::string> absent;
  const std::optional<std::int64_t> present = 5;
  EXPECT_EQ(connection_->execute("INSERT INTO t VALUES(?, ?)", std::int64_t{1} << 62, true), 1);
  connection_->execute("INSERT INTO t VALUES(?, ?)", "text", ByteView(blob));
  connection_->execute("INSERT INTO t VALUES(?, ?)", with_zero, nullptr);
  connection_->execute("INSERT INTO t VALUES(?, ?)", hash, id);
  connection_->execute("INSERT INTO t VALUES(?, ?)", absent, present);
  EXPECT_EQ(connection_->last_insert_rowid(), 5);

  Cursor rows = connection_->query("SELECT a, b FROM t ORDER BY rowid");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), std::int64_t{1} << 62);
  EXPECT_EQ(rows.integer(1), 1);
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(0), "text");
  EXPECT_EQ(Bytes(rows.blob(1).begin(), rows.blob(1).end()), blob);
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(0), with_zero);
  EXPECT_TRUE(rows.is_null(1));
  EXPECT_EQ(rows.integer(1), 0);
  EXPECT_EQ(rows.text(1), "");
  EXPECT_TRUE(rows.blob(1).empty());
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.hash(0), hash);
  EXPECT_EQ(rows.id<RecordId>(1), id);
  EXPECT_EQ(rows.hash(1), Hash{});  // 16 bytes are no hash
  ASSERT_TRUE(rows.next());
  EXPECT_TRUE(rows.is_null(0));
  EXPECT_EQ(rows.integer(1), 5);
  EXPECT_FALSE(rows.next());
}

TEST_F(ConnectionTest, EmptyTextAndBlobAreNotNull) {
  connection_->execute("CREATE TABLE t(a TEXT NOT NULL, b BLOB NOT NULL) STRICT");
  connection_->execute("INSERT INTO t VALUES(?, ?)", std::string_view(), ByteView());
  EXPECT_EQ(number("SELECT length(a) + length(b) FROM t"), 0);
}

TEST_F(ConnectionTest, ReusedStatementHasNoOldBindings) {
  { Cursor first = connection_->query("SELECT ?1 IS NULL", 1); }
  Cursor second = connection_->statement("SELECT ?1 IS NULL");
  ASSERT_TRUE(second.next());
  EXPECT_EQ(second.integer(0), 1);
}

TEST_F(ConnectionTest, QueriesOfOneTextNest) {
  connection_->execute("CREATE TABLE t(a INTEGER) STRICT");
  for (int i = 0; i < 3; ++i) connection_->execute("INSERT INTO t VALUES(?)", i);
  constexpr std::string_view sql = "SELECT a FROM t WHERE a >= ? ORDER BY a";
  std::string seen;
  Cursor outer = connection_->query(sql, 0);
  while (outer.next()) {
    Cursor inner = connection_->query(sql, outer.integer(0));
    while (inner.next())
      seen += std::to_string(outer.integer(0)) + std::to_string(inner.integer(0)) + " ";
  }
  EXPECT_EQ(seen, "00 01 02 11 12 22 ");
}

TEST_F(ConnectionTest, BoundButNotSteppedStatementsAreDistinct) {
  Cursor first = connection_->query("SELECT ?", 1);
  Cursor second = connection_->query("SELECT ?", 2);
  ASSERT_TRUE(first.next());
  ASSERT_TRUE(second.next());
  EXPECT_EQ(first.integer(0), 1);
  EXPECT_EQ(second.integer(0), 2);
}

TEST_F(ConnectionTest, TheEndIsTheEnd) {
  connection_->execute("CREATE TABLE t(a)");
  Cursor insert = connection_->query("INSERT INTO t VALUES(1)");
  EXPECT_FALSE(insert.next());
  EXPECT_FALSE(insert.next());  // SQLite would insert again
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(ConnectionTest, MovedCursorKeepsItsRow) {
  Cursor cursor = [&] {
    Cursor made = connection_->query("SELECT 1 UNION SELECT 2");
    EXPECT_TRUE(made.next());
    return made;
  }();
  EXPECT_EQ(cursor.integer(0), 1);
  Cursor moved = std::move(cursor);
  ASSERT_TRUE(moved.next());
  EXPECT_EQ(moved.integer(0), 2);
}

TEST_F(ConnectionTest, KnowsWhetherAStatementIsBusy) {
  EXPECT_FALSE(connection_->any_statement_busy());
  {
    Cursor cursor = connection_->query("SELECT 1 UNION SELECT 2");
    ASSERT_TRUE(cursor.next());
    EXPECT_TRUE(connection_->any_statement_busy());
  }
  EXPECT_FALSE(connection_->any_statement_busy());
}

TEST_F(ConnectionTest, CacheOfTextsIsBounded) {
  Cursor held = connection_->query("SELECT 42");
  for (std::size_t i = 0; i < 3 * Connection::cached_texts_max; ++i)
    EXPECT_EQ(number("SELECT " + std::to_string(i)), static_cast<std::int64_t>(i));
  ASSERT_TRUE(held.next());
  EXPECT_EQ(held.integer(0), 42);
}

TEST_F(ConnectionTest, ErrorsNameTheStatementButNoValues) {
  connection_->execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT");
  const StorageError syntax = error_of("SELEKT 1");
  EXPECT_EQ(syntax.code(), Errc::io_failed);
  EXPECT_NE(std::string(syntax.what()).find("SELEKT 1"), std::string::npos);
  connection_->execute("INSERT INTO t VALUES(1, ?)", "secret");
  try {
    connection_->execute("INSERT INTO t VALUES(1, ?)", "secret");
    FAIL() << "accepted twice";
  } catch (const StorageError& error) {
    EXPECT_NE(std::string(error.what()).find("UNIQUE constraint failed"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
  // The failed statement is usable again.
  EXPECT_EQ(connection_->execute("INSERT INTO t VALUES(2, ?)", "x"), 1);
}

TEST_F(ConnectionTest, FullDiskIsToldApart) {
  connection_->execute("CREATE TABLE t(a BLOB) STRICT");
  number("PRAGMA max_page_count=10");
  EXPECT_EQ(error_of("INSERT INTO t VALUES(zeroblob(100000))").code(), Errc::storage_full);
}

TEST_F(ConnectionTest, ScriptRunsEveryStatement) {
  connection_->execute_script("CREATE TABLE a(x); CREATE TABLE b(x); INSERT INTO b VALUES(3);");
  EXPECT_EQ(number("SELECT x FROM b"), 3);
  EXPECT_THROW(connection_->execute_script("INSERT INTO a VALUES(1); nonsense"), StorageError);
}

TEST_F(ConnectionTest, ReaderCannotWrite) {
  connection_->execute("CREATE TABLE t(a)");
  const auto reader = Connection::open(folder_ / "test.db", Connection::Mode::read_only);
  EXPECT_THROW(reader->execute("INSERT INTO t VALUES(1)"), StorageError);
  EXPECT_EQ(number_of(*reader, "SELECT count(*) FROM t"), 0);
}

TEST_F(ConnectionTest, OpeningTheImpossibleThrows) {
  EXPECT_THROW(Connection::open(folder_ / "no/such.db", Connection::Mode::read_write),
               StorageError);
  EXPECT_THROW(Connection::open(folder_ / "none.db", Connection::Mode::read_only), StorageError);
  std::ofstream(folder_ / "garbage.db") << std::string(8192, 'x');
  EXPECT_THROW(Connection::open(folder_ / "garbage.db", Connection::Mode::read_write),
               StorageError);
}

TEST_F(ConnectionTest, DamageThatIsMetLaterIsToldApart) {
  connection_->execute("CREATE TABLE t(a BLOB) STRICT");
  connection_->execute("INSERT INTO t VALUES(zeroblob(100000))");
  connection_.reset();  // all of it is in the file now
  {
    std::fstream file(folder_ / "test.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);  // the first page stays, with the schema
    file << std::string(8192, 'Z');
  }
  connection_ = Connection::open(folder_ / "test.db", Connection::Mode::read_write);
  const StorageError met = error_of("DELETE FROM t");
  EXPECT_EQ(met.code(), Errc::database_damaged);
  EXPECT_FALSE(met.as_error().next.empty());
}

TEST_F(ConnectionTest, ShadowTablesOfTheSearchIndexAreOutOfReach) {
  connection_->execute("CREATE VIRTUAL TABLE s USING fts5(text)");
  connection_->execute("INSERT INTO s(text) VALUES('word')");
  EXPECT_THROW(connection_->execute("DELETE FROM s_data"), StorageError);  // defensive
}

TEST_F(ConnectionTest, SavepointsNestAndUndo) {
  connection_->execute("CREATE TABLE t(a)");
  connection_->execute("BEGIN");
  {
    Savepoint outer(*connection_, "row");
    connection_->execute("INSERT INTO t VALUES(1)");
    {
      Savepoint inner(*connection_, "row");
      connection_->execute("INSERT INTO t VALUES(2)");
    }
    {
      Savepoint inner(*connection_, "row");
      connection_->execute("INSERT INTO t VALUES(4)");
      inner.release();
    }
    outer.release();
  }
  {
    Savepoint undone(*connection_, "row");
    connection_->execute("INSERT INTO t VALUES(8)");
    undone.rollback();
    connection_->execute("INSERT INTO t VALUES(16)");
  }
  connection_->execute("COMMIT");
  EXPECT_EQ(number("SELECT sum(a) FROM t"), 1 + 4 + 16);
}

// Rows of a page each, all overwritten inside one savepoint: more than it keeps in memory.
TEST_F(ConnectionTest, SavepointLargerThanItsMemoryUndoes) {
  connection_->execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)");
  connection_->execute(
      "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a+1 FROM n WHERE a<1000) "
      "INSERT INTO t SELECT a, printf('%.3500c', 'x') FROM n");
  connection_->execute("BEGIN");
  {
    Savepoint savepoint(*connection_, "row");
    EXPECT_EQ(connection_->execute("UPDATE t SET b=printf('%.3500c', 'y')"), 1000);
    savepoint.rollback();
  }
  EXPECT_EQ(number("SELECT count(*) FROM t WHERE b LIKE 'x%'"), 1000);
  connection_->execute("COMMIT");
}

TEST_F(ConnectionTest, SavepointOutlivesALostTransaction) {
  connection_->execute("CREATE TABLE t(a)");
  connection_->execute("BEGIN");
  {
    Savepoint savepoint(*connection_, "row");
    connection_->execute("ROLLBACK");
  }
  EXPECT_FALSE(connection_->in_transaction());
}

using ConnectionDeathTest = ConnectionTest;

TEST_F(ConnectionDeathTest, SavepointOutsideATransaction) {
  EXPECT_DEATH(Savepoint(*connection_, "row"), "in_transaction");
}

TEST_F(ConnectionDeathTest, TwoStatementsInOneText) {
  EXPECT_DEATH(connection_->execute("SELECT 1; SELECT 2"), "check failed");
}

}  // namespace
}  // namespace skerry::store
