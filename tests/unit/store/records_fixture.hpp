// A database with its log, and one way to do something in a write job.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "store/write_records.hpp"
#include "tests/unit/store/test_clock.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {

class TestRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_{7};
};

class RecordsTest : public testing::Test {
 protected:
  RecordsTest() {
    auto opened = Database::open(folder_.path());
    EXPECT_TRUE(opened);
    database_ = std::move(*opened);
    database_->set_participant(&log_);
    in_job([&](Connection& connection) {
      log_.start_own(connection, {new_id<EpochId>(random_), 1'700'000'000});
    });
  }

  // Runs `work(Connection&)` as a job that commits.
  template <class Work>
  void in_job(Work work) {
    auto job = [&](Connection& connection) -> Result<void> {
      work(connection);
      return {};
    };
    const auto outcome = database_->write(job);
    EXPECT_TRUE(outcome) << outcome.error().detail;
  }

  RecordWriter writer(Connection& connection) { return {connection, log_, role_, random_}; }

  // A customer with this name.
  Record make_customer(Connection& connection, std::string_view name) {
    const Kind& kind = *find_kind("customer");
    auto values = read_new(kind, json::object{{"name", name}});
    auto record = writer(connection).create(kind, std::nullopt, std::move(*values), author_);
    EXPECT_TRUE(record);
    return *record;
  }

  RecordId new_record() { return new_record_id(clock_.wall_ms(), random_); }

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
  TestClock clock_;
  TestRandom random_;
  ChangeLog log_{clock_};
  Role role_ = Role::central;
  Author author_{"uid:0", "import", "r-1"};
  std::unique_ptr<Database> database_;
};

}  // namespace skerry::store
