#include "store/import_records.hpp"

#include <array>

#include "store/import_jobs.hpp"

namespace skerry::store {
namespace {

constexpr std::array<std::string_view, 2> mode_names{"all-or-nothing", "good-rows-only"};

// Whether the writer is to be asked at all, while it serves others: up to the first error.
class CheckPass final : public BatchReader {
 public:
  using BatchReader::BatchReader;
  bool found_errors() const { return found_errors_; }
  std::int64_t to_write() const { return to_write_; }

 protected:
  bool take(ImportBatch batch) override {
    found_errors_ |= !batch.errors.empty();
    for (PreparedRow& row : batch.rows) {
      const bool repeats = held_.repeats(row);
      found_errors_ |= !row.errors.empty();
      if (!repeats) held_.keep(row);
      const bool asks = !repeats && row.wish != PreparedRow::Wish::nothing;
      ++(asks ? to_write_ : batch.counts.unchanged);
    }
    notes_.report.rows += batch.read;
    notes_.add(batch.counts);
    return !found_errors_;
  }

 private:
  HeldNames held_;
  std::int64_t to_write_ = 0;
  bool found_errors_ = false;
};

// Errors with which nothing of a file can be trusted: the header's, and those that end the reading.
class StructureScan final : public CsvSink {
 public:
  StructureScan(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
                ImportNotes& notes)
      : place_(place), kind_(kind), options_(options), notes_(notes) {}

  bool header(const std::vector<std::string>& names) override {
    auto bound =
        bind_columns(kind_, names, options_.columns, custom_columns(place_, kind_), errors_);
    if (!bound) refusal_ = std::move(bound).error();
    return !refusal_ && errors_.empty();
  }
  bool row(std::int64_t, std::span<const std::string_view>) override {
    ++rows_;
    notes_.at_row();
    return !notes_.cancelled();
  }
  void error(TableError error) override { errors_.push_back(std::move(error)); }
  void refused_row(std::int64_t, std::span<const std::string_view>) override {
    errors_.clear();  // they are about this row alone
    ++rows_;
    notes_.at_row();
  }
  void bytes_read(std::int64_t bytes) override { notes_.at_byte(bytes); }

  Result<void> run(int file) {
    SKERRY_TRY_VOID(read_csv(file, options_.limits, *this));
    if (refusal_) return fail(std::move(*refusal_));
    notes_.add(std::move(errors_));
    notes_.know_rows(rows_);
    return {};
  }

 private:
  const ImportPlace& place_;
  const Kind& kind_;
  const ImportOptions& options_;
  ImportNotes& notes_;
  std::vector<TableError> errors_;
  std::optional<Error> refusal_;
  std::int64_t rows_ = 0;
};

// With errors, or cancelled, nothing of an all-or-nothing import was written.
ImportReport nothing_written(ImportReport report) {
  report.created = report.updated = report.unchanged = report.parents_created = 0;
  return report;
}

void forget_counts(ImportReport& report) {
  report.rows = report.created = report.updated = report.unchanged = report.rejected = 0;
}

// All rows or none. With an error the file is taken as by a dry run, which finds all the others.
Result<void> import_whole(const ImportPlace& place, const Kind& kind, int file,
                          const ImportOptions& options, const Author& author, ImportNotes& notes,
                          RejectFile& rejects) {
  RejectFile none(-1);
  CheckPass check(place, kind, options, notes, none);
  SKERRY_TRY_VOID(check.run(file));
  if (check.found_errors() && !notes.cancelled()) {
    forget_counts(notes.report);
    notes.enter(ImportPhase::checking);
    ImportOptions dry = options;
    dry.dry_run = true;
    BatchedWriting trial(place, kind, dry, notes, rejects, author);
    SKERRY_TRY_VOID(trial.run(file));
  }
  notes.know_rows(notes.report.rows);
  const bool done = !check.found_errors() && check.to_write() == 0;
  if (done || notes.report.has_errors() || notes.cancelled()) return {};
  forget_counts(notes.report);
  notes.report.parents_created = 0;
  notes.enter(ImportPhase::writing);
  WholeWriting writing(place, kind, options, notes, rejects, author);
  return writing.run(file);
}

}  // namespace

std::string_view to_text(ImportMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

std::optional<ImportMode> parse_import_mode(std::string_view text) {
  for (std::size_t i = 0; i < mode_names.size(); ++i)
    if (mode_names[i] == text) return static_cast<ImportMode>(i);
  return std::nullopt;
}

Result<ImportReport> import_records(const ImportPlace& place, const Kind& kind, int file,
                                    const ImportOptions& options, const Author& author) {
  ImportNotes notes(options);
  RejectFile rejects(options.rejects);
  const bool whole = options.mode == ImportMode::all_or_nothing;
  notes.enter(ImportPhase::checking);
  if (options.dry_run || !whole) {
    if (!options.dry_run) {
      StructureScan scan(place, kind, options, notes);
      SKERRY_TRY_VOID(scan.run(file));
      if (notes.report.has_errors()) return std::move(notes.report);
      notes.enter(ImportPhase::writing);
    }
    BatchedWriting writing(place, kind, options, notes, rejects, author);
    SKERRY_TRY_VOID(writing.run(file));
    if (!notes.cancelled()) notes.know_rows(notes.report.rows);
  } else {
    SKERRY_TRY_VOID(import_whole(place, kind, file, options, author, notes, rejects));
  }
  notes.report.cancelled = notes.cancelled();
  if (whole && (notes.report.has_errors() || notes.report.cancelled))
    return nothing_written(std::move(notes.report));
  return std::move(notes.report);
}

}  // namespace skerry::store
