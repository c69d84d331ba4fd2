#include "store/sqlite/group.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <vector>

#include "core/check.hpp"
#include "core/log.hpp"
#include "store/sqlite/deferred.hpp"
#include "store/sqlite/savepoint.hpp"

namespace skerry::store {
namespace {

// Whoever asked for the work hears of a full disk in our words; the log has SQLite's.
Error told(const StorageError& error) {
  log(Level::critical, "the database: {}", error.what());
  return error.as_error();
}

}  // namespace

std::size_t GroupCommit::run(std::span<const std::unique_ptr<WriteJob>> jobs) {
  std::vector<Result<void>> outcomes;
  outcomes.reserve(jobs.size());
  std::optional<Error> lost = begin();  // why the transaction is gone
  if (lost) {
    outcomes.assign(jobs.size(), fail(*lost));
  } else {
    for (const auto& job : jobs) {
      outcomes.push_back(run_job(*job));
      if (connection_.in_transaction()) continue;
      lost = outcomes.back().error();
      break;
    }
    const bool any_succeeded = std::any_of(outcomes.begin(), outcomes.end(),
                                           [](const auto& outcome) { return outcome.has_value(); });
    if (!lost && any_succeeded) lost = commit();
    if (lost || !any_succeeded)
      roll_back();
    else if (participant_ != nullptr)
      participant_->committed();
  }
  jobs_ += outcomes.size();
  ++groups_;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (lost && outcomes[i]) outcomes[i] = fail(*lost);
    jobs[i]->done(std::move(outcomes[i]));
  }
  return outcomes.size();
}

std::optional<Error> GroupCommit::begin() {
  SKERRY_CHECK(!connection_.in_transaction());
  try {
    connection_.execute("BEGIN IMMEDIATE");
  } catch (const StorageError& error) {
    return told(error);
  }
  connection_.deferred().begin_transaction();
  if (participant_ != nullptr) participant_->begin_group();
  return std::nullopt;
}

Result<void> GroupCommit::run_job(WriteJob& job) {
  if (participant_ != nullptr) participant_->begin_job();
  Result<void> outcome = attempt(job);
  if (!connection_.in_transaction()) {
    // The job may have swallowed the error that made SQLite roll everything back.
    if (outcome) return fail(Errc::io_failed, "the transaction was rolled back");
    return outcome;
  }
  if (!outcome && participant_ != nullptr) participant_->rollback_job();
  return outcome;
}

Result<void> GroupCommit::attempt(WriteJob& job) {
  try {
    Savepoint savepoint(connection_, "job");
    SKERRY_TRY_VOID(job.run(connection_));
    if (connection_.in_transaction()) savepoint.release();
    return {};
  } catch (const StorageError& error) {
    return fail(told(error));
  } catch (const std::bad_alloc&) {
    return fail(Errc::internal, "out of memory");
  } catch (const std::exception& error) {
    return fail(Errc::internal, error.what());
  }
}

std::optional<Error> GroupCommit::commit() {
  try {
    connection_.deferred().flush(connection_);
  } catch (const StorageError& error) {
    return told(error);
  }
  // An unreset statement would pin this connection's snapshot: readers of it would go on seeing the
  // past, and no checkpoint could pass.
  SKERRY_CHECK(!connection_.any_statement_busy());
  try {
    const ReaderPool::Commit commit(readers_);
    const auto begun = std::chrono::steady_clock::now();
    connection_.execute("COMMIT");
    note_commit(std::chrono::steady_clock::now() - begun);
    return std::nullopt;
  } catch (const StorageError& error) {
    return told(error);
  }
}

void GroupCommit::note_commit(std::chrono::steady_clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  for (std::size_t i = 0; i < within_.size(); ++i)
    if (seconds <= CommitTimes::bounds[i]) within_[i].fetch_add(1, std::memory_order_relaxed);
  commit_microseconds_.fetch_add(
      static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()),
      std::memory_order_relaxed);
  commits_.fetch_add(1, std::memory_order_release);
}

CommitTimes GroupCommit::commits() const {
  CommitTimes times;
  times.count = commits_.load(std::memory_order_acquire);
  times.seconds = static_cast<double>(commit_microseconds_.load(std::memory_order_relaxed)) / 1e6;
  // One that is being noted is in a bucket before it is counted: no bucket may exceed the count.
  for (std::size_t i = 0; i < within_.size(); ++i)
    times.within[i] = std::min(times.count, within_[i].load(std::memory_order_relaxed));
  return times;
}

void GroupCommit::roll_back() {
  connection_.deferred().clear();
  if (connection_.in_transaction()) {
    try {
      connection_.execute("ROLLBACK");
    } catch (const StorageError&) {
      // With a transaction that neither commits nor ends there is no going on.
      SKERRY_CHECK(!connection_.in_transaction());
    }
  }
  if (participant_ != nullptr) participant_->rollback_group();
}

}  // namespace skerry::store
