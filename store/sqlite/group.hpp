// Group commit: many jobs, one transaction, one fsync. Only for the writer.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "store/database.hpp"
#include "store/sqlite/reader_pool.hpp"

namespace skerry::store {

class GroupCommit {
 public:
  GroupCommit(Connection& connection, ReaderPool& readers)
      : connection_(connection), readers_(readers) {}
  void set_participant(Participant* participant) { participant_ = participant; }

  // Runs the first jobs of `jobs` in one transaction, calls their done() and returns how many they
  // were: all of them, unless SQLite ended the transaction under one; the rest can then still
  // succeed in a group of their own.
  std::size_t run(std::span<const std::unique_ptr<WriteJob>> jobs);

  // Counted before done() is called. Any thread.
  std::uint64_t jobs() const { return jobs_; }
  std::uint64_t groups() const { return groups_; }
  CommitTimes commits() const;

 private:
  std::optional<Error> begin();
  Result<void> run_job(WriteJob& job);
  Result<void> attempt(WriteJob& job);
  std::optional<Error> commit();
  void note_commit(std::chrono::steady_clock::duration took);
  void roll_back();

  Connection& connection_;
  ReaderPool& readers_;
  Participant* participant_ = nullptr;
  std::atomic<std::uint64_t> jobs_{0};
  std::atomic<std::uint64_t> groups_{0};
  std::array<std::atomic<std::uint64_t>, CommitTimes::bounds.size()> within_{};
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> commit_microseconds_{0};
};

}  // namespace skerry::store
