// What is left after the process or the disk has failed in the middle of writes.
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

class CrashTest : public DatabaseTest {
 protected:
  // Writes from four threads until it is killed; says each acknowledged row on `pipe`.
  [[noreturn]] void write_until_killed(int pipe, std::int64_t from) {
    open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([this, pipe, first = from + t] {
        for (std::int64_t a = first;; a += 4) {
          const auto run = [a](Connection& connection) -> Result<void> {
            connection.execute("INSERT INTO t(a, b) VALUES(?, randomblob(3000))", a);
            return {};
          };
          if (!write(run) || ::write(pipe, &a, sizeof a) != sizeof a) ::_exit(1);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    ::_exit(1);
  }

  // Kills the writing child after `acknowledged` rows; returns all that it has acknowledged.
  std::vector<std::int64_t> crash(std::size_t acknowledged, std::int64_t from) {
    database_.reset();  // a fork copies neither its thread nor what the locks mean
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) write_until_killed(ends[1], from);
    ::close(ends[1]);
    std::vector<std::int64_t> rows;
    std::int64_t row = 0;
    while (::read(ends[0], &row, sizeof row) == sizeof row) {
      rows.push_back(row);
      if (rows.size() == acknowledged) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    return rows;
  }
};

TEST_F(CrashTest, NoAcknowledgedWriteIsLost) {
  std::int64_t from = 1;
  std::vector<std::int64_t> rows;
  for (const std::size_t acknowledged : {1U, 50U, 700U, 1500U}) {
    const auto more = crash(acknowledged, from);
    rows.insert(rows.end(), more.begin(), more.end());
    open();
    EXPECT_EQ(text("PRAGMA integrity_check"), "ok");
    Reader reader = database_->read();
    for (const std::int64_t a : rows) {
      Cursor cursor = reader->query("SELECT length(b) FROM t WHERE a = ?", a);
      ASSERT_TRUE(cursor.next()) << a;
      EXPECT_EQ(cursor.integer(0), 3000);
    }
    from = 1000000 * static_cast<std::int64_t>(rows.size());
  }
}

TEST_F(CrashTest, OpeningEmptiesTheLogFirst) {
  crash(20, 1);
  ASSERT_GT(std::filesystem::file_size(folder_ / "skerry.db-wal"), 0U);
  auto opened = Database::open(folder_.path());
  ASSERT_TRUE(opened);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "skerry.db-wal"), 0U);
}

// A file system whose fsync fails from some moment on: SQLite's own with another xSync. It has one
// table of methods for a database and another for a log.
namespace failing_disk {

struct Methods {
  sqlite3_io_methods failing;
  const sqlite3_io_methods* real = nullptr;
};
Methods of_database;
Methods of_log;
sqlite3_vfs vfs;
sqlite3_vfs* real_vfs = nullptr;
std::atomic<bool> broken{false};

template <Methods& methods>
int sync(sqlite3_file* file, int flags) {
  return broken ? SQLITE_IOERR_FSYNC : methods.real->xSync(file, flags);
}

template <Methods& methods>
void replace(sqlite3_file* file) {
  methods.real = file->pMethods;
  methods.failing = *file->pMethods;
  methods.failing.xSync = sync<methods>;
  file->pMethods = &methods.failing;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
  if (code != SQLITE_OK) return code;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) replace<of_database>(file);
  if ((flags & SQLITE_OPEN_WAL) != 0) replace<of_log>(file);
  return code;
}

void mount() {
  real_vfs = sqlite3_vfs_find(nullptr);
  vfs = *real_vfs;
  vfs.zName = "failing";
  vfs.xOpen = open;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace failing_disk

class FailingDiskTest : public DatabaseTest {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(FailingDiskTest, FailedFsyncEndsTheProcessBeforeTheAnswer) {
  EXPECT_DEATH(
      {
        failing_disk::mount();
        open();
        SKERRY_CHECK(write(inserting(1)));
        failing_disk::broken = true;
        (void)database_->submit(std::make_unique<FunctionJob>(
            inserting(2), [](Result<void>) { std::fputs("acknowledged", stderr); }));
        database_->stop();
      },
      testing::MatchesRegex("critical: skerry: the disk did not take a write.*"));
}

TEST_F(FailingDiskTest, HookHearsOfIt) {
  EXPECT_EXIT(
      {
        set_fsync_failure_hook([](const char*) noexcept { ::_exit(23); });
        failing_disk::mount();
        open();
        failing_disk::broken = true;
        (void)write(inserting(2));
      },
      testing::ExitedWithCode(23), "");
}

TEST_F(FailingDiskTest, NothingIsWrittenBeforeTheFirstFsyncSucceeds) {
  EXPECT_EXIT(
      {
        set_fsync_failure_hook([](const char*) noexcept { ::_exit(23); });
        open();
        database_.reset();
        failing_disk::mount();
        failing_disk::broken = true;
        (void)Database::open(folder_.path());
      },
      testing::ExitedWithCode(23), "");
}

}  // namespace
}  // namespace skerry::store
