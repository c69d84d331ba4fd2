#include "store/sqlite/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "store/sqlite/savepoint.hpp"
#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

// Every test runs with the writer's thread; jobs queued behind the gate share one transaction.
class WriterTest : public DatabaseTest {
 protected:
  using Outcomes = std::vector<Result<void>>;

  // Runs the jobs as one group (unless it is lost) and returns their outcomes.
  Outcomes run_as_group(std::vector<FunctionJob::Run> jobs) {
    Gate gate;
    auto first = queue(gate.job());
    gate.wait_until_entered();
    const auto before = database_->stats();
    std::vector<std::future<Result<void>>> futures;
    for (auto& job : jobs) futures.push_back(queue(std::move(job)));
    EXPECT_EQ(database_->stats().queued, before.queued + jobs.size());
    gate.open();
    EXPECT_TRUE(first.get());
    Outcomes outcomes;
    for (auto& future : futures) outcomes.push_back(future.get());
    groups_ = database_->stats().groups - before.groups - 1;  // the gate's own
    return outcomes;
  }

  // How many transactions the jobs took.
  std::uint64_t groups() const { return groups_; }

  static FunctionJob::Run failing(std::int64_t a, std::function<Result<void>()> how) {
    return [a, how](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO t(a) VALUES(?)", a);
      return how();
    };
  }
  static void limit_pages(Connection& connection, int pages) {
    Cursor cursor = connection.query("PRAGMA max_page_count=" + std::to_string(pages));
    cursor.next();
  }
  static FunctionJob::Run filling_the_disk(std::int64_t a) {
    return [a](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO t(a) VALUES(?)", a);
      limit_pages(connection, 20);
      connection.execute("INSERT INTO t(b) VALUES(zeroblob(1000000))");
      return {};
    };
  }

 private:
  std::uint64_t groups_ = 0;
};

TEST_F(WriterTest, QueuedJobsShareACommit) {
  open();
  std::vector<FunctionJob::Run> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(inserting(i));
  for (const auto& outcome : run_as_group(std::move(jobs))) EXPECT_TRUE(outcome);
  EXPECT_EQ(groups(), 1U);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 100);
}

TEST_F(WriterTest, GroupsAreBounded) {
  open({.group_jobs_max = 10});
  std::vector<FunctionJob::Run> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(inserting(i));
  run_as_group(std::move(jobs));
  EXPECT_EQ(groups(), 10U);
}

TEST_F(WriterTest, OneCommitPerJobWhenAsked) {
  open({.group_jobs_max = 1});
  std::vector<FunctionJob::Run> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(inserting(i));
  run_as_group(std::move(jobs));
  EXPECT_EQ(groups(), 100U);
}

TEST_F(WriterTest, OneJobsFailureIsItsOwn) {
  open();
  const auto outcomes = run_as_group({
      inserting(1),
      failing(2, [] { return fail(Errc::not_found, "no such thing"); }),
      inserting(3),
      inserting(3),  // the row is there: StorageError
      failing(4, []() -> Result<void> { throw std::runtime_error("a defect"); }),
      failing(5, []() -> Result<void> { throw std::bad_alloc(); }),
      failing(6, []() -> Result<void> { throw StorageError(Errc::storage_full, "full"); }),
      inserting(7),
  });
  EXPECT_EQ(groups(), 1U);
  EXPECT_TRUE(outcomes[0] && outcomes[2] && outcomes[7]);
  EXPECT_EQ(outcomes[1].error().code, Errc::not_found);
  EXPECT_EQ(outcomes[1].error().detail, "no such thing");
  EXPECT_EQ(outcomes[3].error().code, Errc::io_failed);
  EXPECT_EQ(outcomes[4].error().code, Errc::internal);
  EXPECT_EQ(outcomes[4].error().detail, "a defect");
  EXPECT_EQ(outcomes[5].error().code, Errc::internal);
  EXPECT_EQ(outcomes[6].error().code, Errc::storage_full);
  EXPECT_EQ(text("SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY a)"), "1,3,7");
}

TEST_F(WriterTest, FullDiskLosesItsGroupAndNoOther) {
  open();
  const auto outcomes = run_as_group({inserting(1), filling_the_disk(2), inserting(3)});
  // The job before it in the transaction cannot be kept: SQLite has rolled back all of it.
  EXPECT_EQ(outcomes[0].error().code, Errc::storage_full);
  EXPECT_EQ(outcomes[1].error().code, Errc::storage_full);
  EXPECT_EQ(outcomes[1].error().detail, "the disk of the data folder is full") << "and no SQL";
  EXPECT_NE(outcomes[1].error().next, "");
  EXPECT_TRUE(outcomes[2]);
  EXPECT_EQ(groups(), 2U);
  EXPECT_EQ(text("SELECT group_concat(a) FROM t"), "3");
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    limit_pages(connection, 1000000);
    connection.execute("INSERT INTO t(b) VALUES(zeroblob(1000000))");
    return {};
  }));
  EXPECT_EQ(text("PRAGMA integrity_check"), "ok");
}

TEST_F(WriterTest, SwallowedErrorDoesNotPassForSuccess) {
  open();
  const auto outcomes = run_as_group({inserting(1), [](Connection& connection) -> Result<void> {
                                        try {
                                          return filling_the_disk(2)(connection);
                                        } catch (const StorageError&) {
                                          return {};
                                        }
                                      }});
  EXPECT_FALSE(outcomes[0]);
  EXPECT_FALSE(outcomes[1]);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
}

TEST_F(WriterTest, JobUndoesAPartOfItself) {
  open();
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    for (int i = 0; i < 10; ++i) {
      Savepoint row(connection, "row");
      connection.execute("INSERT INTO t(a) VALUES(?)", i);
      if (i % 2 == 0) row.release();
    }
    return {};
  }));
  EXPECT_EQ(number("SELECT count(*) FROM t"), 5);
}

TEST_F(WriterTest, DoneComesAfterTheCommit) {
  open();
  std::promise<std::int64_t> seen;
  ASSERT_TRUE(database_->submit(std::make_unique<FunctionJob>(
      inserting(1), [&](Result<void>) { seen.set_value(number("SELECT count(*) FROM t")); })));
  EXPECT_EQ(seen.get_future().get(), 1);
}

TEST_F(WriterTest, DoneMaySubmit) {
  for (const bool threaded : {true, false}) {
    open({.threaded = threaded});
    ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
      connection.execute("DELETE FROM t");
      return {};
    }));
    std::promise<void> second;
    ASSERT_TRUE(database_->submit(std::make_unique<FunctionJob>(inserting(1), [&](Result<void>) {
      EXPECT_TRUE(
          database_->submit(std::make_unique<FunctionJob>(inserting(2), [&](Result<void> outcome) {
            EXPECT_TRUE(outcome);
            second.set_value();
          })));
    })));
    second.get_future().wait();
    EXPECT_EQ(number("SELECT count(*) FROM t"), 2);
  }
}

TEST_F(WriterTest, FullQueueIsBusy) {
  open({.queue_jobs_max = 3});
  Gate gate;
  auto first = queue(gate.job());
  gate.wait_until_entered();
  std::vector<std::future<Result<void>>> accepted;
  for (int i = 0; i < 3; ++i) accepted.push_back(queue(inserting(i)));
  bool called = false;
  const auto refused = database_->submit(
      std::make_unique<FunctionJob>(inserting(9), [&](Result<void>) { called = true; }));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
  ASSERT_TRUE(refused.error().quota);
  EXPECT_EQ(refused.error().quota->requests, 3u);
  EXPECT_EQ(refused.error().quota->remaining, 0u);
  gate.open();
  for (auto& future : accepted) EXPECT_TRUE(future.get());
  EXPECT_FALSE(called);
  EXPECT_EQ(number("SELECT count(*) FROM t WHERE a = 9"), 0);
}

TEST_F(WriterTest, StopRunsWhatIsQueued) {
  open({.group_jobs_max = 2});
  Gate gate;
  auto first = queue(gate.job());
  gate.wait_until_entered();
  std::vector<std::future<Result<void>>> queued;
  for (int i = 0; i < 20; ++i) queued.push_back(queue(inserting(i)));
  std::thread stopper([&] { database_->stop(); });
  gate.open();
  database_->stop();
  stopper.join();
  for (auto& future : queued) EXPECT_TRUE(future.get());
  const auto late = write(inserting(99));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::stopping);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 20);  // reading goes on
}

TEST_F(WriterTest, DestructionRunsWhatIsQueued) {
  open();
  auto outcome = queue(inserting(1));
  database_.reset();
  EXPECT_TRUE(outcome.get());
  open();
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(WriterTest, ManyThreadsSubmit) {
  open();
  constexpr int threads = 8;
  constexpr int each = 200;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        EXPECT_TRUE(write(inserting(t * each + i)));
        if (i % 20 == 0) {
          EXPECT_EQ(number("SELECT count(*) FROM t WHERE a = " + std::to_string(t * each + i)), 1);
        }
      }
    });
  }
  for (auto& thread : writers) thread.join();
  EXPECT_EQ(number("SELECT count(*) FROM t"), threads * each);
  const auto stats = database_->stats();
  EXPECT_GE(stats.jobs, std::uint64_t{threads * each});
  EXPECT_LE(stats.groups, stats.jobs);
  EXPECT_EQ(stats.queued, 0U);
}

// Counts rows in memory, as the heads of the logs are kept.
class Counter final : public Participant {
 public:
  void begin_group() override { note("group", group_ = value); }
  void begin_job() override { note("job", job_ = value); }
  void rollback_job() override { note("undo-job", value = job_); }
  void rollback_group() override { note("undo-group", value = group_); }
  void committed() override { note("committed", value); }

  int value = 0;
  std::string calls;

 private:
  void note(const char* call, int) { calls += (calls.empty() ? "" : " ") + std::string(call); }
  int group_ = 0;
  int job_ = 0;
};

class ParticipantTest : public WriterTest {
 protected:
  void SetUp() override {
    open({.threaded = false});
    database_->set_participant(&counter_);
  }
  void TearDown() override { database_.reset(); }
  FunctionJob::Run counting(bool succeeds) {
    return [this, succeeds](Connection&) -> Result<void> {
      ++counter_.value;
      if (!succeeds) return fail(Errc::not_found);
      return {};
    };
  }
  Counter counter_;
};

TEST_F(ParticipantTest, HearsOfACommit) {
  ASSERT_TRUE(write(counting(true)));
  EXPECT_EQ(counter_.calls, "group job committed");
  EXPECT_EQ(counter_.value, 1);
}

TEST_F(ParticipantTest, OnlyJobsFailureRollsTheGroupBack) {
  EXPECT_FALSE(write(counting(false)));
  EXPECT_EQ(counter_.calls, "group job undo-job undo-group");
  EXPECT_EQ(counter_.value, 0);
}

TEST_F(ParticipantTest, LostTransactionRollsTheGroupBack) {
  EXPECT_FALSE(write([this](Connection& connection) -> Result<void> {
    ++counter_.value;
    return filling_the_disk(1)(connection);
  }));
  EXPECT_EQ(counter_.calls, "group job undo-group");
  EXPECT_EQ(counter_.value, 0);
}

TEST_F(ParticipantTest, FailureInAGroupUndoesItsJobOnly) {
  open();
  database_->set_participant(&counter_);
  run_as_group({counting(true), counting(false), counting(true)});
  EXPECT_EQ(counter_.value, 2);
  EXPECT_THAT(counter_.calls, testing::HasSubstr("job job undo-job job committed"));
}

class WriterDeathTest : public WriterTest {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(WriterDeathTest, CursorLeftBehind) {
  EXPECT_DEATH(
      {
        open({.threaded = false});
        std::optional<Cursor> left;
        (void)write([&](Connection& connection) -> Result<void> {
          left.emplace(connection.query("SELECT 1 UNION SELECT 2"));
          left->next();
          return {};
        });
      },
      "any_statement_busy");
}

TEST_F(WriterDeathTest, WaitingForOneself) {
  EXPECT_DEATH(
      {
        open();
        (void)write([&](Connection&) -> Result<void> { return write(inserting(1)); });
      },
      "on_writer_thread");
}

}  // namespace
}  // namespace skerry::store
