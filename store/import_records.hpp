// Records from a CSV file: every error of every row; all of it or nothing, or the good rows.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.hpp"
#include "store/import_columns.hpp"
#include "store/import_write.hpp"

namespace skerry::store {

enum class ImportMode : std::uint8_t { all_or_nothing, good_rows_only };
std::string_view to_text(ImportMode mode);  // "all-or-nothing"
std::optional<ImportMode> parse_import_mode(std::string_view text);

enum class ImportPhase : std::uint8_t { waiting, checking, writing };

// How far an import is, and the wish to end it: written by it, read by others, and the reverse.
struct ImportWatch {
  std::atomic<bool> cancel{false};

  std::atomic<ImportPhase> phase{ImportPhase::waiting};
  std::atomic<std::int64_t> rows{0};         // done in this phase
  std::atomic<std::int64_t> rows_total{-1};  // -1: not known yet
  std::atomic<std::int64_t> bytes{0};        // of the file, read in this phase
  std::atomic<std::int64_t> created{0};
  std::atomic<std::int64_t> updated{0};
  std::atomic<std::int64_t> unchanged{0};
  std::atomic<std::int64_t> rejected{0};
};

struct ImportReport {
  std::int64_t rows = 0;  // of data, blank lines not counted
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t rejected = 0;  // rows with errors
  std::int64_t parents_created = 0;
  bool dry_run = false;
  bool cancelled = false;            // good-rows-only: the counts are what was written before
  std::vector<TableError> errors;    // in the order of the file
  std::int64_t errors_left_out = 0;  // beyond errors_max
  std::vector<std::string> ignored_columns;

  bool has_errors() const { return !errors.empty(); }
  void add(const RowCounts& counts) {
    created += counts.created;
    updated += counts.updated;
    unchanged += counts.unchanged;
    rejected += counts.rejected;
    parents_created += counts.parents_created;
  }
};

struct ImportOptions {
  ColumnWishes columns = {};
  bool dry_run = false;
  ImportMode mode = ImportMode::all_or_nothing;
  bool create_parents = false;
  std::size_t errors_max = 1000;  // reported in full; the rest is counted
  CsvLimits limits = {};
  int rejects = -1;              // open file that gets the rejected rows; -1: none
  ImportWatch* watch = nullptr;  // outlives the call
  // Called in each transaction that writes rows, with the counts it will have brought about.
  std::function<void(Connection&, const ImportReport&)> in_transaction = {};
};

// Where the records go. All must outlive the call.
struct ImportPlace {
  Database& database;
  ChangeLog& log;
  Role role;
  Random& random;
};

// Reads `file` (seekable; from its first byte, whatever its position). A row is recognised by its
// id, else by the kind's key (import_keys.hpp): one that matches a record changes the fields that
// have a column, an empty cell setting the field's default; any other is a new record. What a row
// does not change is not written, so the same file twice changes nothing the second time.
//
// all_or_nothing: the file is checked on readers; then one write job takes all of it, and holds up
// other writes for that long. One with an error is taken as by a dry run instead, to name all of
// them. With errors in the report nothing was written, and the counts of records are zero.
// good_rows_only: after a look at the structure of the file (with errors of which nothing is
// written) the rows go in by batches of 1000, each a write job; the ones with errors are counted as
// rejected.
// A dry run does all the work, batch by batch, and undoes it: it finds every error of every row.
//
// Codes beside those of csv_reader, import_columns and core/kinds: required, bad_id, duplicate_row
// (the record stood in the file before, in a row that was not refused), ambiguous_key (several
// records have the key), reference_not_found, duplicate_key, owned_by_central, and what the rules
// of a kind add.
//
// Memory depends on the limits, by at most 84 bytes on each row and each unique value in it, and in
// a dry run by some 120 on each unique value that a record loses.
// Blocks; on any thread but the writer's. Cancelling takes effect within some hundred rows;
// all_or_nothing then writes nothing. Errc::bad_request for wrong wishes, io_failed, storage_full,
// busy, stopping.
Result<ImportReport> import_records(const ImportPlace& place, const Kind& kind, int file,
                                    const ImportOptions& options, const Author& author);

}  // namespace skerry::store
