#include "store/import_batches.hpp"

#include <algorithm>

namespace skerry::store {

std::vector<CustomField> custom_columns(const ImportPlace& place, const Kind& kind) {
  const Reader reader = place.database.read();
  return custom_columns_of(*reader, kind);
}

bool ImportBatch::any_parents() const {
  return std::any_of(rows.begin(), rows.end(),
                     [](const auto& row) { return !row.parents.empty(); });
}

bool ImportBatch::asks_writer() const {
  return std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return row.wish != PreparedRow::Wish::nothing || !row.errors.empty();
  });
}

ImportNotes::ImportNotes(const ImportOptions& options)
    : errors_max_(options.errors_max), watch_(options.watch) {
  report.dry_run = options.dry_run;
}

void ImportNotes::add(std::vector<TableError> errors) {
  for (TableError& error : errors) {
    if (report.errors.size() < errors_max_)
      report.errors.push_back(std::move(error));
    else
      ++report.errors_left_out;
  }
}

void ImportNotes::add(const RowCounts& counts) {
  report.add(counts);
  show_counts();
}

void ImportNotes::show_counts() {
  if (!watch_) return;
  watch_->created.store(report.created, std::memory_order_relaxed);
  watch_->updated.store(report.updated, std::memory_order_relaxed);
  watch_->unchanged.store(report.unchanged, std::memory_order_relaxed);
  watch_->rejected.store(report.rejected, std::memory_order_relaxed);
}

void ImportNotes::enter(ImportPhase phase) {
  rows_ = 0;
  if (!watch_) return;
  watch_->rows.store(0, std::memory_order_relaxed);
  watch_->bytes.store(0, std::memory_order_relaxed);
  watch_->phase.store(phase, std::memory_order_relaxed);
}

void ImportNotes::at_row() {
  ++rows_;
  if (watch_) watch_->rows.store(rows_, std::memory_order_relaxed);
}

void ImportNotes::at_byte(std::int64_t bytes) {
  if (watch_) watch_->bytes.store(bytes, std::memory_order_relaxed);
}

void ImportNotes::know_rows(std::int64_t rows) {
  if (watch_) watch_->rows_total.store(rows, std::memory_order_relaxed);
}

BatchReader::BatchReader(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
                         ImportNotes& notes, RejectFile& rejects)
    : place_(place),
      kind_(kind),
      options_(options),
      notes_(notes),
      rejects_(rejects),
      reader_(kind, place.role, options.create_parents) {}

bool BatchReader::header(const std::vector<std::string>& names) {
  std::vector<TableError> errors;
  auto bound = bind_columns(kind_, names, options_.columns, custom_columns(place_, kind_), errors);
  if (!bound) {
    refusal_ = std::move(bound).error();
    return false;
  }
  rejects_.header(names);
  notes_.report.ignored_columns = bound->ignored;
  reader_.bind(std::move(*bound));
  for (TableError& each : errors) batch_.errors.push_back(std::move(each));
  return batch_.errors.empty();
}

bool BatchReader::count_row(std::span<const std::string_view> cells) {
  ++batch_.read;
  notes_.at_row();
  for (const std::string_view cell : cells) batch_bytes_ += cell.size();
  return batch_.read >= batch_rows || batch_bytes_ >= batch_bytes_max;
}

bool BatchReader::row(std::int64_t number, std::span<const std::string_view> cells) {
  if (notes_.cancelled()) return false;
  const bool full = count_row(cells);
  if (rows_left_ == 0) {
    records_.reset();
    records_.emplace(place_.database.read());
    rows_left_ = rows_per_reader;
  }
  --rows_left_;
  PreparedRow read = reader_.read(**records_, number, cells);
  if (rejects_.wanted()) read.csv = rejects_.row(cells);
  batch_.rows.push_back(std::move(read));
  return !full || give_away();
}

void BatchReader::error(TableError error) { batch_.errors.push_back(std::move(error)); }

void BatchReader::refused_row(std::int64_t number, std::span<const std::string_view> cells) {
  ++batch_.counts.rejected;
  if (rejects_.wanted()) batch_.rejects.push_back({number, rejects_.row(cells)});
  if (count_row(cells) && !ended_) ended_ = !give_away();
}

bool BatchReader::give_away() {
  records_.reset();
  rows_left_ = 0;
  batch_bytes_ = 0;
  ImportBatch batch = std::move(batch_);
  batch_ = ImportBatch();
  return take(std::move(batch));
}

Result<void> BatchReader::run(int file) {
  SKERRY_TRY_VOID(read_csv(file, options_.limits, *this));
  if (refusal_) return fail(std::move(*refusal_));
  if (!notes_.cancelled() && !ended_) give_away();
  return {};
}

}  // namespace skerry::store
