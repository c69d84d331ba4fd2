// A file as batches of prepared rows. Internal to the import.
#pragma once

#include <optional>
#include <vector>

#include "store/import_records.hpp"
#include "store/import_rejects.hpp"

namespace skerry::store {

// The custom fields that the kind's records have now.
std::vector<CustomField> custom_columns(const ImportPlace& place, const Kind& kind);

struct ImportBatch {
  std::vector<PreparedRow> rows;
  std::vector<TableError> errors;  // of the file, and of rows that are not in `rows`
  std::vector<RejectedRow> rejects;
  RowCounts counts;  // of the rows that are not in `rows`
  std::int64_t read = 0;

  bool any_parents() const;
  // Whether a row asks for something, or has errors.
  bool asks_writer() const;
};

// What all passes over a file report to.
class ImportNotes {
 public:
  explicit ImportNotes(const ImportOptions& options);

  // Errors come in the order of rows; the first ones are kept.
  void add(std::vector<TableError> errors);
  void add(const RowCounts& counts);
  bool cancelled() const { return watch_ && watch_->cancel.load(std::memory_order_relaxed); }
  void enter(ImportPhase phase);
  void at_row();
  void at_byte(std::int64_t bytes);
  void know_rows(std::int64_t rows);

  ImportReport report;

 private:
  void show_counts();

  std::size_t errors_max_;
  ImportWatch* watch_;
  std::int64_t rows_ = 0;  // of this phase
};

// Reads rows against short snapshots of the database and gives them away in batches.
class BatchReader : public CsvSink {
 public:
  // All must outlive it.
  BatchReader(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
              ImportNotes& notes, RejectFile& rejects);

  void form(const CsvForm& form) final { rejects_.form(form); }
  bool header(const std::vector<std::string>& names) final;
  bool row(std::int64_t number, std::span<const std::string_view> cells) final;
  void error(TableError error) final;
  void refused_row(std::int64_t number, std::span<const std::string_view> cells) final;
  void bytes_read(std::int64_t bytes) final { notes_.at_byte(bytes); }

  // Reads the file to its end, or until take() refuses a batch or the import is cancelled.
  // Errors: those of read_csv, and wrong wishes.
  Result<void> run(int file);
  const RowReader& reader() const { return reader_; }

 protected:
  // False ends the reading.
  virtual bool take(ImportBatch batch) = 0;

  const ImportPlace& place_;
  const Kind& kind_;
  const ImportOptions& options_;
  ImportNotes& notes_;
  RejectFile& rejects_;

 private:
  // One reader for a whole file would keep the write-ahead log from being checkpointed.
  static constexpr std::int64_t rows_per_reader = 500;
  static constexpr std::int64_t batch_rows = 1000;
  static constexpr std::size_t batch_bytes_max = 4 * 1024 * 1024;

  bool count_row(std::span<const std::string_view> cells);
  bool give_away();

  RowReader reader_;
  ImportBatch batch_;
  std::size_t batch_bytes_ = 0;
  std::int64_t rows_left_ = 0;
  std::optional<Reader> records_;
  std::optional<Error> refusal_;
  bool ended_ = false;
};

}  // namespace skerry::store
