#include "store/migrations.hpp"

#include <array>
#include <gtest/gtest.h>

#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {
namespace {

constexpr Migration first{1, "first", "CREATE TABLE a(x INTEGER) STRICT;"};
constexpr Migration second{2, "second",
                           "CREATE TABLE b(x INTEGER) STRICT; INSERT INTO b VALUES(7);"};

class MigrationsTest : public testing::Test {
 protected:
  std::int64_t number(std::string_view sql) {
    Cursor cursor = connection_->query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }
  bool has_table(std::string_view name) {
    return connection_->query("SELECT 1 FROM sqlite_schema WHERE name = ?", name).next();
  }

  TemporaryFolder folder_;
  std::unique_ptr<Connection> connection_ =
      Connection::open(folder_ / "test.db", Connection::Mode::read_write);
};

TEST_F(MigrationsTest, EmbeddedOnesAreNumberedWithoutGaps) {
  const auto migrations = all_migrations();
  ASSERT_FALSE(migrations.empty());
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    EXPECT_EQ(migrations[i].version, static_cast<int>(i) + 1);
    EXPECT_FALSE(migrations[i].name.empty());
    EXPECT_NE(migrations[i].sql.find("CREATE"), std::string_view::npos);
    EXPECT_EQ(migrations[i].sql.back(), '\n');
    // Or a table that one of them makes would be missed when a database is opened.
    for (const std::string_view gone : {"DROP TABLE", "RENAME TO"})
      EXPECT_EQ(migrations[i].sql.find(gone), std::string_view::npos) << migrations[i].name;
  }
  EXPECT_EQ(migrations[0].name, "foundation");
  EXPECT_TRUE(migrate(*connection_, migrations));
}

TEST_F(MigrationsTest, AppliesAndRecords) {
  ASSERT_TRUE(migrate(*connection_, std::array{first, second}));
  EXPECT_EQ(number("SELECT x FROM b"), 7);
  Cursor rows = connection_->query("SELECT version, name, sha256, applied_at FROM migration");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), 1);
  EXPECT_EQ(rows.text(1), "first");
  EXPECT_EQ(rows.hash(2), crypto::sha256(as_bytes(first.sql)));
  EXPECT_TRUE(parse_timestamp(rows.text(3)));
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(1), "second");
  EXPECT_FALSE(rows.next());
}

TEST_F(MigrationsTest, AnEarlierDatabaseIsToldFromThePresentOne) {
  ASSERT_TRUE(migrate(*connection_, std::array{first}));
  EXPECT_TRUE(must_be_current(*connection_, std::array{first}));
  const auto earlier = must_be_current(*connection_, std::array{first, second});
  ASSERT_FALSE(earlier);
  EXPECT_EQ(earlier.error().code, Errc::unsupported_version);
  EXPECT_FALSE(has_table("b"));
}

TEST_F(MigrationsTest, AppliesOnlyWhatIsMissing) {
  ASSERT_TRUE(migrate(*connection_, std::array{first}));
  connection_->execute("INSERT INTO a VALUES(1)");
  ASSERT_TRUE(migrate(*connection_, std::array{first, second}));
  ASSERT_TRUE(migrate(*connection_, std::array{first, second}));
  EXPECT_EQ(number("SELECT count(*) FROM a"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM b"), 1);
}

TEST_F(MigrationsTest, RefusesANewerDatabase) {
  ASSERT_TRUE(migrate(*connection_, std::array{first, second}));
  const auto outcome = migrate(*connection_, std::array{first});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::unsupported_version);
  EXPECT_NE(outcome.error().detail.find("second"), std::string::npos);
  EXPECT_FALSE(outcome.error().next.empty());
}

TEST_F(MigrationsTest, RefusesAnotherTextOfTheSameVersion) {
  ASSERT_TRUE(migrate(*connection_, std::array{first}));
  Migration changed = first;
  changed.sql = "CREATE TABLE a(x TEXT) STRICT;";
  const auto outcome = migrate(*connection_, std::array{changed, second});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::bad_input);
  EXPECT_FALSE(has_table("b"));
}

TEST_F(MigrationsTest, RefusesARecordWithAHole) {
  ASSERT_TRUE(migrate(*connection_, std::array{first, second}));
  connection_->execute("DELETE FROM migration WHERE version = 1");
  EXPECT_EQ(migrate(*connection_, std::array{first, second}).error().code, Errc::bad_input);
  connection_->execute("UPDATE migration SET version = 0");
  EXPECT_EQ(migrate(*connection_, {}).error().code, Errc::bad_input);
}

TEST_F(MigrationsTest, RefusesAForeignDatabase) {
  connection_->execute("CREATE TABLE somebody_elses(x)");
  EXPECT_EQ(migrate(*connection_, std::array{first}).error().code, Errc::bad_input);
  EXPECT_FALSE(has_table("a"));
  EXPECT_FALSE(has_table("migration"));
}

TEST_F(MigrationsTest, FailedOneLeavesNothing) {
  constexpr Migration broken{2, "broken", "CREATE TABLE b(x); INSERT INTO nowhere VALUES(1);"};
  EXPECT_THROW((void)migrate(*connection_, std::array{first, broken}), StorageError);
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_FALSE(has_table("a")) << "all of them or none";
  ASSERT_TRUE(migrate(*connection_, std::array{first}));
  EXPECT_THROW((void)migrate(*connection_, std::array{first, broken}), StorageError);
  EXPECT_TRUE(has_table("a"));
  EXPECT_FALSE(has_table("b"));
  EXPECT_EQ(number("SELECT count(*) FROM migration"), 1);
  EXPECT_TRUE(migrate(*connection_, std::array{first, second}));
}

class UpgradeTest : public MigrationsTest {
 protected:
  Result<void> upgrade_to(std::span<const Migration> migrations) {
    return upgrade(*connection_, file, migrations);
  }
  std::int64_t rows_of_copy() {
    const auto copy = Connection::open(kept, Connection::Mode::immutable);
    Cursor rows = copy->query("SELECT count(*) FROM a");
    return rows.next() ? rows.integer(0) : -1;
  }

  const std::filesystem::path file = folder_ / "test.db";
  const std::filesystem::path kept = folder_ / "test.db.schema-1";
};

TEST_F(UpgradeTest, KeepsWhatTheEarlierVersionLeft) {
  ASSERT_TRUE(upgrade_to(std::array{first}));
  ASSERT_TRUE(upgrade_to(std::array{first}));
  EXPECT_FALSE(std::filesystem::exists(kept)) << "nothing was migrated";
  connection_->execute("INSERT INTO a VALUES(1)");
  ASSERT_TRUE(upgrade_to(std::array{first, second}));
  EXPECT_EQ(rows_of_copy(), 1);
  EXPECT_TRUE(has_table("b"));
}

TEST_F(UpgradeTest, AFailedOneIsNamed) {
  constexpr Migration broken{2, "broken", "CREATE TABLE a(x INTEGER, unheard_of TEXT) STRICT;"};
  ASSERT_TRUE(upgrade_to(std::array{first}));
  try {
    (void)upgrade_to(std::array{first, broken});
    FAIL() << "the table is there";
  } catch (const StorageError& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("table a already exists"), std::string::npos) << said;
    EXPECT_NE(said.find("migration 2 (broken)"), std::string::npos) << said;
    EXPECT_EQ(said.find("unheard_of"), std::string::npos) << said;
    EXPECT_TRUE(error.is_of_contents());
  }
}

TEST_F(UpgradeTest, ATableThatIsGoneIsMissed) {
  ASSERT_TRUE(upgrade_to(std::array{first}));
  connection_->execute("DROP TABLE a");
  for (const auto& refused :
       {upgrade_to(std::array{first}), must_be_current(*connection_, std::array{first})}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_input);
    EXPECT_NE(refused.error().detail.find("no table a"), std::string::npos);
    EXPECT_FALSE(refused.error().next.empty());
  }
}

TEST_F(UpgradeTest, AFailedOneLeavesTheDatabaseAsItWas) {
  constexpr Migration broken{2, "broken", "DROP TABLE a; INSERT INTO nowhere VALUES(1);"};
  ASSERT_TRUE(upgrade_to(std::array{first}));
  connection_->execute("INSERT INTO a VALUES(1)");
  EXPECT_THROW((void)upgrade_to(std::array{first, broken}), StorageError);
  EXPECT_EQ(number("SELECT count(*) FROM a"), 1);
  EXPECT_EQ(rows_of_copy(), 1);
}

TEST_F(UpgradeTest, TheCopyIsTheNewest) {
  constexpr Migration broken{2, "broken", "INSERT INTO nowhere VALUES(1);"};
  ASSERT_TRUE(upgrade_to(std::array{first}));
  EXPECT_THROW((void)upgrade_to(std::array{first, broken}), StorageError);
  connection_->execute("INSERT INTO a VALUES(1)");  // the earlier version went on
  ASSERT_TRUE(upgrade_to(std::array{first, second}));
  EXPECT_EQ(rows_of_copy(), 1);
}

TEST_F(UpgradeTest, ANewerDatabaseIsNeitherCopiedNorTouched) {
  ASSERT_TRUE(upgrade_to(std::array{first, second}));
  const auto refused = upgrade_to(std::array{first});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported_version);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.schema-2"));
  EXPECT_EQ(number("SELECT x FROM b"), 7);
}

using MigrationsDeathTest = MigrationsTest;

TEST_F(MigrationsDeathTest, ListWithAGap) {
  EXPECT_DEATH((void)migrate(*connection_, std::array{second}), "check failed");
}

}  // namespace
}  // namespace skerry::store
