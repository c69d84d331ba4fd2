// Records from a CSV file: every error of every row, all of it or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/import_columns.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

struct ImportOptions {
  std::vector<ColumnMapping> mapping = {};
  bool dry_run = false;
  std::size_t errors_max = 1000;  // reported in full; the rest is counted
  CsvLimits limits = {};
};

struct ImportReport {
  std::int64_t rows = 0;  // of data, blank lines not counted
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  bool dry_run = false;
  std::vector<TableError> errors;    // in the order of the file
  std::int64_t errors_left_out = 0;  // beyond errors_max
  std::vector<std::string> ignored_columns;
};

// Where the records go. All must outlive the call.
struct ImportPlace {
  Database& database;
  ChangeLog& log;
  Role role;
  Random& random;
};

// Reads `file` (seekable; from its first byte, whatever its position) twice: first it is checked
// without the writer, then one write job takes all of it. A row is recognised by the kind's match
// key: one that matches a record changes the fields that have a column, an empty cell setting the
// field's default; any other is a new record. What a row does not change is not written, so the
// same file twice changes nothing the second time (rows without a key are new each time).
//
// With errors in the report nothing was written, and the counts of records are zero. A dry run does
// all the work and undoes it. Codes beside those of csv_reader, import_columns and core/kinds:
// required, duplicate_row (the key stood in the file before), ambiguous_key (several records have
// it), reference_not_found, duplicate_key.
//
// Memory depends on the limits, and by about 60 bytes on each row with a key. Blocks; on any thread
// but the writer's. Errc::bad_request for a wrong mapping, io_failed, busy, stopping.
Result<ImportReport> import_records(const ImportPlace& place, const Kind& kind, int file,
                                    const ImportOptions& options, const Author& author);

}  // namespace skerry::store
