// The database of one machine: one writer with group commit, any number of readers, a locked
// folder.
//
// Threads: the writer thread owns the one read-write connection (SQLite before 3.51.3 can lose
// committed WAL writes when two connections write or checkpoint at once, so nobody else has one).
// submit(), write() and read() may be called from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/check.hpp"
#include "core/result.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

// Something in memory that changes with the transaction (the heads of the logs): asked to remember
// before each job and to return there when the job, or the whole group, is rolled back.
// Called on the writer thread only. After rollback_job() or rollback_group() nothing of the job or
// the group may remain; a group that SQLite ended by itself gets rollback_group() alone.
class Participant {
 public:
  virtual ~Participant() = default;
  virtual void begin_group() = 0;  // BEGIN: remember for rollback_group()
  virtual void begin_job() = 0;    // SAVEPOINT: remember for rollback_job()
  virtual void rollback_job() = 0;
  virtual void rollback_group() = 0;
  virtual void committed() = 0;  // COMMIT returned: the group is on disk
};

// One request of one caller. run() happens inside a savepoint on the writer thread: an error or an
// exception rolls the savepoint back and the group goes on (StorageError → its code, anything else
// → Errc::internal). When the group itself is lost (its COMMIT fails, or an error made SQLite end
// the transaction) its other jobs get that error too. done() is called exactly once, on the writer
// thread, after the fsync of the group's COMMIT, or with the error; the job is destroyed after it.
// run() leaves no cursor behind; a job neither begins nor ends transactions
// (store/sqlite/savepoint.hpp undoes a part of one) and does not wait for other jobs.
class WriteJob {
 public:
  virtual ~WriteJob() = default;
  virtual Result<void> run(Connection& connection) = 0;
  virtual void done(Result<void> outcome) noexcept = 0;
};

struct DatabaseOptions {
  std::size_t queue_jobs_max = 4096;
  std::size_t group_jobs_max = 512;  // that share a commit; 1: one commit per job
  int readers_max = 4;
  // After so long without work the memory of the connections goes back to the system.
  std::chrono::milliseconds memory_kept_for{10'000};
  bool threaded = true;  // false: submit() runs the job on its caller, one thread in all
  // false: nothing is fsynced while the database is open. For tests only, whose databases need not
  // outlive the machine: a power cut would lose what was acknowledged.
  bool durable = true;
  // false: Errc::unsupported_version for a database that an earlier version left.
  bool upgrades = true;
};

// How long the COMMITs took, fsync and all, in the shape of a Prometheus histogram: `within[i]` of
// them at most `bounds[i]` seconds, every shorter one among them.
struct CommitTimes {
  static constexpr std::array<double, 11> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                 0.05,   0.1,   0.25,   1,     5};
  std::array<std::uint64_t, bounds.size()> within{};
  std::uint64_t count = 0;
  double seconds = 0;
};

// Counts since open().
struct WriterStats {
  std::uint64_t jobs = 0;    // whose done() was called, with whatever outcome
  std::uint64_t groups = 0;  // transactions they shared
  std::uint64_t steps = 0;   // grows while a long job works; the unit is nobody's
  CommitTimes commits;
  std::size_t queued = 0;                 // waiting now
  std::uint64_t wal_pages = 0;            // in the write-ahead log now
  std::uint64_t checkpoints = 0;          // that succeeded
  std::uint64_t checkpoint_failures = 0;  // for example of a full disk; tried again later
};

class Database;

// A connection of the pool, inside a read transaction that began when its count of commits was so.
struct Snapshot {
  std::unique_ptr<Connection> connection;
  std::uint64_t commits = 0;
};

// A read-only connection, given back in the destructor. All its statements see one state of the
// database, which holds every write that was answered before it was taken. One request's worth:
// never held across a wait.
class Reader {
 public:
  Reader(Database& database, Snapshot snapshot)
      : database_(&database), snapshot_(std::move(snapshot)) {}
  Reader(Reader&&) noexcept = default;
  Reader& operator=(Reader&&) = delete;
  ~Reader();
  Connection& operator*() const { return *snapshot_.connection; }
  Connection* operator->() const { return snapshot_.connection.get(); }

 private:
  Database* database_;
  Snapshot snapshot_;
};

// One read transaction on a connection that is not the pool's: its statements see one state.
class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection);
  ~ReadTransaction();
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Connection& connection_;
};

class Database {
 public:
  // Locks `folder` (Errc::locked names the holder's pid), opens or creates `folder`/skerry.db,
  // migrates it forward, and after an unclean stop makes a full checkpoint succeed first. Creates
  // the folder (0700) when only its parent exists. Errc::bad_config for a network file system;
  // whatever SQLite has against the file comes back as Errc::io_failed or storage_full.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& folder,
                                                DatabaseOptions options = {});
  // Runs what is queued, then closes.
  ~Database();

  // Registers the participant. Before the first write; it must outlive the database.
  void set_participant(Participant* participant);

  // Errc::busy when the queue is full, Errc::stopping after stop(): done() was not and will not be
  // called.
  Result<void> submit(std::unique_ptr<WriteJob> job);

  // Runs `work(Connection&) -> Result<T>` as a job and waits for the commit. Not on the writer
  // thread. A lambda is named first: a temporary in a co_await statement is destroyed twice by
  // g++ 12.
  template <class Work>
  auto write(Work& work) -> std::invoke_result_t<Work&, Connection&>;

  // Waits for a free reader when readers_max are in use. Throws StorageError when none opens.
  Reader read();

  // Consistent copy of the live database into `file` (mode 0600; Errc::already_exists when it is
  // there, bad_input when none can be made there), as of the call; writes go on meanwhile. Checked
  // and fsynced before it gets its name; `progress(pages_done, pages_total)` may be empty. Runs on
  // the caller, who is not the writer.
  Result<void> backup(const std::filesystem::path& file,
                      const std::function<void(int, int)>& progress);

  WriterStats stats() const;
  // Refuses new jobs; returns when the queued ones are done. read() and backup() go on working.
  void stop();
  const std::filesystem::path& folder() const;

 private:
  friend class Reader;
  struct State;
  explicit Database(std::unique_ptr<State> state);
  void give_back(Snapshot snapshot);
  bool on_writer_thread() const;
  std::unique_ptr<State> state_;
};

template <class Work>
auto Database::write(Work& work) -> std::invoke_result_t<Work&, Connection&> {
  using Outcome = std::invoke_result_t<Work&, Connection&>;
  struct Job final : WriteJob {
    Work& work;
    std::promise<Outcome> promise;
    std::optional<Outcome> outcome;
    explicit Job(Work& w) : work(w) {}
    Result<void> run(Connection& connection) override {
      outcome.emplace(work(connection));
      if (!*outcome) return tl::unexpected<Error>(outcome->error());
      return {};
    }
    void done(Result<void> committed) noexcept override {
      if (!committed) outcome.emplace(tl::unexpected<Error>(std::move(committed).error()));
      promise.set_value(std::move(*outcome));
    }
  };
  SKERRY_CHECK(!on_writer_thread());  // it would wait for itself
  auto job = std::make_unique<Job>(work);
  auto future = job->promise.get_future();
  if (auto queued = submit(std::move(job)); !queued)
    return tl::unexpected<Error>(std::move(queued).error());
  return future.get();
}

}  // namespace skerry::store
