#include "store/sqlite/backup.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

class BackupTest : public DatabaseTest {
 protected:
  // Each job adds two rows or none: a copy with an odd number is not one state.
  Result<void> insert_pair() {
    return write([](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO t(b) VALUES(randomblob(3900))");
      connection.execute("INSERT INTO t(b) VALUES(randomblob(3900))");
      return {};
    });
  }
  // What a backup holds, read as its own database.
  static std::string value(const std::filesystem::path& file, std::string_view sql) {
    const auto copy = Connection::open(file, Connection::Mode::read_write);
    Cursor cursor = copy->query(sql);
    return cursor.next() ? std::string(cursor.text(0)) : "no row";
  }
  std::vector<std::string> files_like(const std::string& start) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with(start))
        names.push_back(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(BackupTest, IsTheDatabase) {
  open();
  ASSERT_TRUE(insert_pair());
  const auto outcome = database_->backup(folder_ / "copy.db", {});
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(files_like("copy"), std::vector<std::string>{"copy.db"});
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "copy.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(value(folder_ / "copy.db", "SELECT count(*) FROM t"), "2");
  EXPECT_EQ(value(folder_ / "copy.db", "SELECT count(*) FROM migration"),
            std::to_string(number("SELECT count(*) FROM migration")));
}

TEST_F(BackupTest, IsOneStateWhileWritesGoOn) {
  open();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(insert_pair());
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::thread writer([&] {
    while (!stop) {
      EXPECT_TRUE(insert_pair());
      ++written;
    }
  });
  int reports = 0;
  int last_done = 0;
  int last_total = 0;
  const auto outcome = database_->backup(folder_ / "copy.db", [&](int done, int total) {
    // Writes do go on between any two steps.
    for (const int before = written; written == before;) std::this_thread::yield();
    ++reports;
    EXPECT_GT(done, last_done);
    last_done = done;
    last_total = total;
  });
  stop = true;
  writer.join();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_GT(reports, 2);
  EXPECT_EQ(last_done, last_total);
  const int rows = std::stoi(value(folder_ / "copy.db", "SELECT count(*) FROM t"));
  EXPECT_EQ(rows % 2, 0);
  EXPECT_GE(rows, 1000);
  EXPECT_LT(rows, number("SELECT count(*) FROM t"));
  EXPECT_EQ(value(folder_ / "copy.db", "PRAGMA integrity_check"), "ok");
}

TEST_F(BackupTest, OpensAsADataFolder) {
  open();
  ASSERT_TRUE(insert_pair());
  std::filesystem::create_directory(folder_ / "other");
  ASSERT_TRUE(database_->backup(folder_ / "other/skerry.db", {}));
  const auto other = Database::open(folder_ / "other");
  ASSERT_TRUE(other) << other.error().detail;
  Reader reader = (*other)->read();
  Cursor cursor = reader->query("SELECT count(*) FROM t");
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.integer(0), 2);
}

TEST_F(BackupTest, NamesThatAnUriWouldRead) {
  open();
  EXPECT_TRUE(database_->backup(folder_ / "a%20b?mode=ro#c d.db", {}));
}

TEST_F(BackupTest, ReplacesNoFile) {
  open();
  std::ofstream(folder_ / "copy.db") << "precious";
  const auto outcome = database_->backup(folder_ / "copy.db", {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::already_exists);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "copy.db"), 8U);
  std::filesystem::create_symlink(folder_ / "nowhere", folder_ / "link.db");
  EXPECT_EQ(database_->backup(folder_ / "link.db", {}).error().code, Errc::already_exists);
}

TEST_F(BackupTest, FileThatAppearsMeanwhileIsKept) {
  open();
  const auto outcome = database_->backup(
      folder_ / "copy.db", [&](int, int) { std::ofstream(folder_ / "copy.db") << "precious"; });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::already_exists);
  EXPECT_EQ(files_like("copy"), std::vector<std::string>{"copy.db"});
  EXPECT_EQ(std::filesystem::file_size(folder_ / "copy.db"), 8U);
}

TEST_F(BackupTest, LeavesNothingWhenItFails) {
  open();
  EXPECT_EQ(database_->backup(folder_ / "no/copy.db", {}).error().code, Errc::bad_input);
  EXPECT_EQ(database_->backup(folder_ / std::string(300, 'x'), {}).error().code, Errc::bad_input);
  EXPECT_EQ(database_->backup("/proc/copy.db", {}).error().code, Errc::bad_input);
  EXPECT_THROW((void)database_->backup(folder_ / "copy.db",
                                       [](int, int) { throw std::runtime_error("cancelled"); }),
               std::runtime_error);
  EXPECT_TRUE(files_like("copy").empty());
  EXPECT_TRUE(database_->backup(folder_ / "copy.db", {}));
}

TEST_F(BackupTest, TakesTheNameAfterAKilledOne) {
  open();
  std::ofstream(folder_ / "copy.db.part") << "half";
  EXPECT_TRUE(database_->backup(folder_ / "copy.db", {}));
  EXPECT_EQ(files_like("copy"), std::vector<std::string>{"copy.db"});
}

}  // namespace
}  // namespace skerry::store
