#include "store/import_jobs.hpp"

#include <algorithm>
#include <set>

#include "core/check.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t batches_waiting_max = 4;

void sort_by_row(std::vector<TableError>& errors) {
  std::stable_sort(errors.begin(), errors.end(),
                   [](const auto& a, const auto& b) { return a.row < b.row; });
}

Error cancelled_error() { return Error(Errc::stopping, "the import was cancelled"); }

}  // namespace

struct BatchedWriting::Attempt {
  ImportBatch batch;
  bool keep_rows = false;
  RowCounts counts;
  std::vector<TableError> errors;
  std::vector<bool> refused;
  RowWriter::Parents parents;
  bool undone = false;     // as it was meant to be: a dry run
  bool try_again = false;  // without the rows that were refused
};

BatchedWriting::BatchedWriting(const ImportPlace& place, const Kind& kind,
                               const ImportOptions& options, ImportNotes& notes,
                               RejectFile& rejects, const Author& author)
    : BatchReader(place, kind, options, notes, rejects), writing_{place.log,    place.role,
                                                                  place.random, kind,
                                                                  author,       reader()} {}

BatchedWriting::~BatchedWriting() {
  if (running_.valid()) running_.wait();
}

bool BatchedWriting::take(ImportBatch batch) {
  if (Result<void> finished = finish(); !finished) {
    failure_ = std::move(finished).error();
    return false;
  }
  attempt_ = std::make_unique<Attempt>();
  attempt_->batch = std::move(batch);
  attempt_->refused.resize(attempt_->batch.rows.size());
  attempt_->keep_rows = attempt_->batch.any_parents();
  if (Result<void> begun = begin(); !begun) {
    failure_ = std::move(begun).error();
    return false;
  }
  return true;
}

// Where all rows stay as they are, the writer is left alone.
Result<void> BatchedWriting::begin() {
  if (attempt_->batch.asks_writer()) return submit();
  const Reader reader = place_.database.read();
  return write(*reader, *attempt_);
}

Result<void> BatchedWriting::write(Connection& connection, Attempt& attempt) {
  held_.drop();
  attempt.parents = parents_;
  RowWriter writer(connection, writing_, attempt.parents, held_, attempt.keep_rows);
  auto& rows = attempt.batch.rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (attempt.refused[i]) continue;
    if (notes_.cancelled()) return fail(cancelled_error());
    given_up_.make_free(connection, kind_, rows[i]);
    attempt.refused[i] = !writer.write(rows[i], attempt.errors);
  }
  attempt.counts = writer.counts();
  attempt.try_again = writer.left_parents();
  return {};
}

Result<void> BatchedWriting::submit() {
  class Job final : public AwaitedJob {
   public:
    Job(BatchedWriting& writing, Attempt& attempt) : writing_(writing), attempt_(attempt) {}
    Result<void> run(Connection& connection) override {
      attempt_.counts = RowCounts();
      attempt_.try_again = attempt_.undone = false;
      SKERRY_TRY_VOID(writing_.write(connection, attempt_));
      attempt_.undone = writing_.options_.dry_run;
      if (attempt_.try_again || attempt_.undone) return fail(Errc::bad_input, "undone");
      if (writing_.options_.in_transaction)
        writing_.options_.in_transaction(connection, writing_.report_with(attempt_));
      return {};
    }

   private:
    BatchedWriting& writing_;
    Attempt& attempt_;
  };
  auto job = std::make_unique<Job>(*this, *attempt_);
  auto ended = job->ended();
  SKERRY_TRY_VOID(place_.database.submit(std::move(job)));
  running_ = std::move(ended);
  return {};
}

RowCounts BatchedWriting::counts_of(const Attempt& attempt) {
  RowCounts counts = attempt.batch.counts;
  counts += attempt.counts;
  counts.rejected = attempt.batch.counts.rejected +
                    std::count(attempt.refused.begin(), attempt.refused.end(), true);
  return counts;
}

// The report as it will be once the batch is committed; its errors are counted only.
ImportReport BatchedWriting::report_with(const Attempt& attempt) const {
  ImportReport report = notes_.report;
  report.errors_left_out +=
      std::ssize(report.errors) + std::ssize(attempt.batch.errors) + std::ssize(attempt.errors);
  report.errors.clear();
  report.rows += attempt.batch.read;
  report.add(counts_of(attempt));
  return report;
}

// Waits for the batch that is being written, and takes its outcome into the report.
Result<void> BatchedWriting::finish() {
  if (!attempt_) return {};
  while (running_.valid()) {
    const Result<void> outcome = running_.get();
    if (outcome) break;
    if (attempt_->try_again) {
      SKERRY_TRY_VOID(submit());
      continue;
    }
    if (attempt_->undone) break;
    attempt_.reset();
    return outcome;
  }
  settle(*attempt_);
  attempt_.reset();
  return {};
}

void BatchedWriting::settle(Attempt& attempt) {
  held_.settle();
  auto& rows = attempt.batch.rows;
  RowCounts counts = counts_of(attempt);
  if (attempt.undone) {  // parents are made anew by each batch
    const std::size_t before = tried_.size();
    tried_.insert(attempt.parents.begin(), attempt.parents.end());
    counts.parents_created = static_cast<std::int64_t>(tried_.size() - before);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!attempt.refused[i]) given_up_.keep(rows[i]);
  } else if (!rows.empty()) {
    parents_ = std::move(attempt.parents);
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (attempt.refused[i] && rejects_.wanted())
      attempt.batch.rejects.push_back({rows[i].number, std::move(rows[i].csv)});
  std::vector<TableError> errors = std::move(attempt.batch.errors);
  errors.insert(errors.end(), std::make_move_iterator(attempt.errors.begin()),
                std::make_move_iterator(attempt.errors.end()));
  sort_by_row(errors);
  rejects_.append(std::move(attempt.batch.rejects), errors);
  notes_.report.rows += attempt.batch.read;
  notes_.add(std::move(errors));
  notes_.add(counts);
}

Result<void> BatchedWriting::run(int file) {
  SKERRY_TRY_VOID(BatchReader::run(file));
  if (!failure_) {
    Result<void> finished = finish();
    if (!finished) failure_ = std::move(finished).error();
  }
  if (failure_ && !notes_.cancelled()) return fail(std::move(*failure_));
  rejects_.flush();
  return {};
}

// Between the reader of the file and the job.
struct WholeWriting::Feed {
  Mutex mutex;
  Condition changed;
  std::deque<ImportBatch> batches SKERRY_GUARDED_BY(mutex);
  bool begun SKERRY_GUARDED_BY(mutex) = false;    // the job runs
  bool ended SKERRY_GUARDED_BY(mutex) = false;    // the job takes no more
  bool whole SKERRY_GUARDED_BY(mutex) = false;    // there are no more batches
  bool give_up SKERRY_GUARDED_BY(mutex) = false;  // the file was not read to its end

  void set(bool Feed::*flag) SKERRY_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    this->*flag = true;
    changed.notify_all();
  }
  bool wait_for_begin() SKERRY_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    while (!begun && !ended) changed.wait(mutex);
    return !ended;
  }
  bool push(ImportBatch batch) SKERRY_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    while (batches.size() >= batches_waiting_max && !ended) changed.wait(mutex);
    if (ended) return false;
    batches.push_back(std::move(batch));
    changed.notify_all();
    return true;
  }
  // nullopt at the end, which is good when `whole`.
  std::optional<ImportBatch> pop(bool& good) SKERRY_EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    while (batches.empty() && !whole && !give_up) changed.wait(mutex);
    good = !give_up;
    if (give_up || batches.empty()) return std::nullopt;
    ImportBatch batch = std::move(batches.front());
    batches.pop_front();
    changed.notify_all();
    return batch;
  }
};

class WholeWriting::Job final : public AwaitedJob {
 public:
  Job(WholeWriting& writing, std::shared_ptr<Feed> feed)
      : writing_(writing), feed_(std::move(feed)) {}

  Result<void> run(Connection& connection) override {
    feed_->set(&Feed::begun);
    ImportNotes& notes = writing_.notes_;
    RowWriter::Parents parents;
    HeldNames held;
    RowWriter writer(connection, writing_.writing_, parents, held, false);
    RowCounts shown;
    bool good = true;
    while (auto batch = feed_->pop(good)) {
      std::vector<TableError> errors = std::move(batch->errors);
      RowCounts counts = batch->counts;
      for (PreparedRow& row : batch->rows) {
        if (notes.cancelled()) return fail(cancelled_error());
        if (!writer.write(row, errors) && writing_.rejects_.wanted())
          batch->rejects.push_back({row.number, std::move(row.csv)});
      }
      counts += since(writer.counts(), shown);
      shown = writer.counts();
      notes.report.rows += batch->read;
      sort_by_row(errors);
      writing_.rejects_.append(std::move(batch->rejects), errors);
      notes.add(std::move(errors));
      notes.add(counts);
    }
    if (!good || notes.cancelled()) return fail(cancelled_error());
    if (notes.report.has_errors()) return fail(Errc::bad_input, "undone: rows with errors");
    if (writing_.options_.in_transaction)
      writing_.options_.in_transaction(connection, notes.report);
    return {};
  }

  void done(Result<void> outcome) noexcept override {
    feed_->set(&Feed::ended);
    AwaitedJob::done(std::move(outcome));
  }

 private:
  static RowCounts since(const RowCounts& now, const RowCounts& then) {
    return {now.created - then.created, now.updated - then.updated, now.unchanged - then.unchanged,
            now.rejected - then.rejected, now.parents_created - then.parents_created};
  }

  WholeWriting& writing_;
  std::shared_ptr<Feed> feed_;
};

WholeWriting::WholeWriting(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
                           ImportNotes& notes, RejectFile& rejects, const Author& author)
    : BatchReader(place, kind, options, notes, rejects),
      writing_{place.log, place.role, place.random, kind, author, reader()},
      feed_(std::make_shared<Feed>()) {}

// The job works on this object: an exception must not leave it behind.
WholeWriting::~WholeWriting() {
  if (!running_.valid()) return;
  feed_->set(&Feed::give_up);
  running_.wait();
}

bool WholeWriting::take(ImportBatch batch) { return feed_->push(std::move(batch)); }

Result<void> WholeWriting::run(int file) {
  auto job = std::make_unique<Job>(*this, feed_);
  auto ended = job->ended();
  SKERRY_TRY_VOID(place_.database.submit(std::move(job)));
  running_ = std::move(ended);
  Result<void> read = {};
  if (feed_->wait_for_begin()) read = BatchReader::run(file);
  const bool whole = read.has_value() && !notes_.cancelled();
  feed_->set(whole ? &Feed::whole : &Feed::give_up);
  Result<void> written = running_.get();
  if (!read) return read;
  rejects_.flush();
  if (!written && !notes_.cancelled() && !notes_.report.has_errors()) return written;
  return {};
}

}  // namespace skerry::store
