// Writes, groups of writes, the start of a machine and its first database on a failing disk.
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>

#include "store/migrations.hpp"
#include "tests/faults/faults_test.hpp"

namespace skerry::faults {
namespace {

namespace fs = std::filesystem;

class Write : public MachineStory {
 public:
  explicit Write(const fs::path& folder_in) : MachineStory(folder_in, 0) {}
  void begin() override {
    start();
    must(add_customer(*machine, "before"), "writing");
  }
  Result<void> act() override { return add_customer(*machine, "new"); }
  void check(bool acknowledged) override {
    look();
    expect(count(*machine, "customer WHERE name='before'") == 1, "an older write is lost");
    expect_old_or_new(count(*machine, "customer WHERE name='new'"), 0, 1, acknowledged);
    must(add_customer(*machine, "later"), "writing after it");
  }
};

// The first job holds the writer until the others wait: they are one transaction. A job whose own
// pages cannot be read fails alone.
class Group : public MachineStory {
 public:
  static constexpr std::size_t jobs = 6;
  explicit Group(const fs::path& folder_in) : MachineStory(folder_in, 1) {}
  void begin() override { start(true); }
  // Those that were refused, again.
  Result<void> act() override {
    std::promise<void> queued;
    auto first = submit([&](store::Connection&) -> Result<void> {
      queued.get_future().wait();
      return {};
    });
    std::vector<std::future<Result<void>>> answers;
    for (std::size_t job = done_; job < jobs; ++job)
      answers.push_back(submit([this](store::Connection& connection) {
        return add_customer(connection, machine->node(), machine->role(), "of a group");
      }));
    queued.set_value();
    std::optional<Error> refusal;
    if (const Result<void> outcome = first.get(); !outcome) refusal = outcome.error();
    for (auto& answer : answers) {
      const Result<void> outcome = answer.get();
      if (outcome)
        ++done_;
      else
        refusal = outcome.error();
    }
    if (refusal) return fail(*refusal);
    return {};
  }
  void check(bool acknowledged) override {
    look();
    expect_old_or_new(count(*machine, "customer"), 0, jobs, acknowledged);
  }

 private:
  class Job final : public store::WriteJob {
   public:
    explicit Job(std::function<Result<void>(store::Connection&)> work) : work_(std::move(work)) {}
    Result<void> run(store::Connection& connection) override { return work_(connection); }
    void done(Result<void> outcome) noexcept override { promise.set_value(std::move(outcome)); }
    std::promise<Result<void>> promise;

   private:
    std::function<Result<void>(store::Connection&)> work_;
  };
  std::future<Result<void>> submit(std::function<Result<void>(store::Connection&)> work) {
    auto job = std::make_unique<Job>(std::move(work));
    auto answer = job->promise.get_future();
    must(machine->database->submit(std::move(job)), "submitting");
    return answer;
  }

  std::size_t done_ = 0;
};

// A machine that was killed starts: what is in the log of the database comes into the database.
class Start : public MachineStory {
 public:
  explicit Start(const fs::path& folder_in) : MachineStory(folder_in, 0) {}
  void begin() override {
    {
      auto killed = open_machine(0, folder / "killed", sim::template_of(0));
      must(add_customer(*killed, "in the log"), "writing");
      // As kill -9 leaves it: copied while it runs.
      fs::create_directories(folder);
      for (const char* name : {"skerry.db", "skerry.db-wal", "anchor", "spool"})
        fs::copy(folder / "killed" / name, folder / name, fs::copy_options::recursive);
    }
    fs::remove_all(folder / "killed");
  }
  Result<void> act() override {
    SKERRY_TRY(const auto database, store::Database::open(folder));
    return {};
  }
  void check(bool) override {
    look();
    expect(count(*machine, "customer") == 1, "an acknowledged write is lost");
  }
};

// A new folder: all migrations, one after another.
class Migrate : public Story {
 public:
  explicit Migrate(const fs::path& folder) : folder_(folder) {}
  void begin() override {}
  Result<void> act() override {
    SKERRY_TRY(const auto database, store::Database::open(folder_));
    return {};
  }
  void check(bool acknowledged) override {
    const auto last = static_cast<std::int64_t>(store::all_migrations().size());
    if (fs::exists(folder_ / "skerry.db")) {
      const auto there =
          store::Connection::open(folder_ / "skerry.db", store::Connection::Mode::read_write);
      const std::int64_t applied = number(*there, "SELECT count(*) FROM sqlite_schema") == 0
                                       ? 0
                                       : number(*there, "SELECT max(version) FROM migration");
      expect(!acknowledged || applied == last, fmt::format("{} of {} migrations", applied, last));
    }
    const auto database = sim::must(store::Database::open(folder_), "migrating again");
    const store::Reader reader = database->read();
    expect(number(*reader, "SELECT max(version) FROM migration") == last, "not migrated");
    auto cursor = reader->query("PRAGMA integrity_check");
    expect(cursor.next() && cursor.text(0) == "ok", "integrity_check");
  }

 private:
  static std::int64_t number(store::Connection& connection, std::string_view sql) {
    auto cursor = connection.query(sql);
    return cursor.next() ? cursor.integer(0) : -1;
  }
  const fs::path folder_;
};

TEST_P(FaultyDisk, LosesNothingAcknowledged) {
  const auto& [operation, fault] = GetParam();
  const std::uint64_t calls = run_trials(operation.make, fault, stride());
  EXPECT_GE(calls, operation.calls_least);
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultyDisk,
                         testing::Combine(testing::Values(operation<Write>("write", 10),
                                                          operation<Group>("group", 10),
                                                          operation<Start>("start", 4),
                                                          operation<Migrate>("migrate", 20)),
                                          testing::ValuesIn(all_faults)),
                         name_of_trial);

}  // namespace

std::uint64_t stride() {
  const char* const given = std::getenv("SKERRY_FAULT_STRIDE");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

}  // namespace skerry::faults
