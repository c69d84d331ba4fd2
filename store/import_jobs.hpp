// How batches reach the writer: each in a job of its own, or all in one job. Internal to the
// import.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "core/mutex.hpp"
#include "store/import_batches.hpp"

namespace skerry::store {

// A job of which somebody waits for the end.
class AwaitedJob : public WriteJob {
 public:
  std::future<Result<void>> ended() { return promise_.get_future(); }
  void done(Result<void> outcome) noexcept override { promise_.set_value(std::move(outcome)); }

 private:
  std::promise<Result<void>> promise_;
};

// Each batch is written, and committed or undone, while the next one is read.
class BatchedWriting final : public BatchReader {
 public:
  BatchedWriting(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
                 ImportNotes& notes, RejectFile& rejects, const Author& author);
  ~BatchedWriting() override;

  Result<void> run(int file);

 protected:
  bool take(ImportBatch batch) override;

 private:
  struct Attempt;  // one batch, and what its job made of it
  Result<void> begin();
  Result<void> submit();
  Result<void> finish();
  Result<void> write(Connection& connection, Attempt& attempt);
  static RowCounts counts_of(const Attempt& attempt);
  ImportReport report_with(const Attempt& attempt) const;
  void settle(Attempt& attempt);

  const RowWriter::Place writing_;
  RowWriter::Parents parents_;  // made by committed jobs
  RowWriter::Parents tried_;    // made by dry runs, each counted once
  HeldNames held_;              // of the writer while a job runs
  GivenUpValues given_up_;      // by rows of dry runs; likewise
  std::unique_ptr<Attempt> attempt_;
  std::future<Result<void>> running_;
  std::optional<Error> failure_;
};

// All batches in one job: the job begins, and only then is the file read, so that what is looked up
// is what the job works on.
class WholeWriting final : public BatchReader {
 public:
  WholeWriting(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
               ImportNotes& notes, RejectFile& rejects, const Author& author);
  ~WholeWriting() override;

  // Errors of rows are in the notes, and then nothing was written.
  Result<void> run(int file);

 protected:
  bool take(ImportBatch batch) override;

 private:
  struct Feed;
  class Job;

  const RowWriter::Place writing_;
  std::shared_ptr<Feed> feed_;
  std::future<Result<void>> running_;
};

}  // namespace skerry::store
