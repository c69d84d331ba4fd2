// A database in a temporary folder with one table t(a, b), and jobs to write to it.
#pragma once

#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/database.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {

// A job made of two functions.
class FunctionJob final : public WriteJob {
 public:
  using Run = std::function<Result<void>(Connection&)>;
  using Done = std::function<void(Result<void>)>;
  explicit FunctionJob(Run run, Done done = {}) : run_(std::move(run)), done_(std::move(done)) {}
  Result<void> run(Connection& connection) override { return run_(connection); }
  void done(Result<void> outcome) noexcept override {
    if (done_) done_(std::move(outcome));
  }

 private:
  Run run_;
  Done done_;
};

class DatabaseTest : public testing::Test {
 protected:
  void open(DatabaseOptions options = {}) {
    database_.reset();
    auto opened = Database::open(folder_.path(), options);
    ASSERT_TRUE(opened) << opened.error().detail;
    database_ = std::move(*opened);
    auto create = [](Connection& connection) -> Result<void> {
      connection.execute("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b BLOB) STRICT");
      return {};
    };
    ASSERT_TRUE(database_->write(create));
  }

  static FunctionJob::Run inserting(std::int64_t a) {
    return [a](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO t(a) VALUES(?)", a);
      return {};
    };
  }

  // Queues a job; the future has its outcome.
  std::future<Result<void>> queue(FunctionJob::Run run) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto future = promise->get_future();
    const auto queued = database_->submit(std::make_unique<FunctionJob>(
        std::move(run),
        [promise](Result<void> outcome) { promise->set_value(std::move(outcome)); }));
    EXPECT_TRUE(queued);
    return future;
  }

  Result<void> write(FunctionJob::Run run) { return database_->write(run); }

  std::int64_t number(std::string_view sql) {
    Reader reader = database_->read();
    Cursor cursor = reader->query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }
  std::string text(std::string_view sql) {
    Reader reader = database_->read();
    Cursor cursor = reader->query(sql);
    return cursor.next() ? std::string(cursor.text(0)) : "no row";
  }

  TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

// Keeps the writer inside a job, so that what is queued meanwhile becomes one group.
class Gate {
 public:
  FunctionJob::Run job() {
    return [this](Connection&) -> Result<void> {
      entered_.set_value();
      opened_.get_future().wait();
      return {};
    };
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
};

}  // namespace skerry::store
