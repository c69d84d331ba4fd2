// CSV files (RFC 4180) as rows of cells, streamed: memory is bounded by the limits, whatever the
// size of the file. The grammar is libcsv's (ADR 0011); this adds what people's files need: a byte
// order mark, the delimiter, the header, and errors that name row and column.
//
// UTF-8; comma, semicolon or tab, whichever the header has most of; LF, CRLF or CR; quoted cells
// may hold line breaks. A row's number counts records as a spreadsheet does: the header is row 1,
// blank lines count and are skipped, a line break inside a cell does not count. Blanks and tabs
// around a cell do not belong to it, unless they stand inside its quotes (ADR 32).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry::store {

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

struct CsvLimits {
  std::size_t cell_bytes_max = 1024 * 1024;
  std::size_t row_bytes_max = 4 * 1024 * 1024;
  std::size_t columns_max = 1000;
  std::int64_t rows_max = 1'000'000;  // of data
};

// How the detail of a ragged_row begins.
inline constexpr std::string_view ragged_row_begins = "the row has ";

// What is wrong with one place of a table. Codes of the reader: empty_file, empty_header,
// duplicate_header, not_utf8, nul_byte, ragged_row, stray_quote, unclosed_quote, cell_too_long,
// row_too_long, too_many_columns, too_many_rows.
struct TableError {
  std::int64_t row = 0;  // 0: the file as a whole
  std::string column;    // the header, or "column 3" beyond or within it; empty: the whole row
  std::string code;
  std::string detail;  // a sentence for a person
};

// How a file is written; what goes back to whoever wrote it is written so, too.
struct CsvForm {
  char delimiter = ',';  // or a semicolon or a tab
  bool has_byte_order_mark = false;
  std::string_view line_end = "\n";  // of the header: or "\r\n", "\r"
};

// Who gets the rows. May throw; the exception comes out of read_csv.
class CsvSink {
 public:
  virtual ~CsvSink() = default;
  // Once, before the header.
  virtual void form(const CsvForm& form) { static_cast<void>(form); }
  // The names of the columns: trimmed, not empty, no two equal but for the case of ASCII letters.
  // Called once, before the first row. False ends the reading.
  virtual bool header(const std::vector<std::string>& names) = 0;
  // One row with as many cells as the header, well-formed UTF-8 without NUL, otherwise the bytes of
  // the file. The cells live until the call returns. False ends the reading.
  virtual bool row(std::int64_t number, std::span<const std::string_view> cells) = 0;
  // In the order of the file. A row with an error is not given to row(); the rows after it are,
  // unless the error leaves the structure in doubt (a quote inside of quotes), is one of the
  // header's, or the file has more rows than are read: these end the reading.
  virtual void error(TableError error) = 0;
  // After the errors of a row that is not given to row(): its cells, the bytes as they are in the
  // file, as many as the row has; of a cell that is too long its beginning, of a row that is too
  // long the cells that fit.
  virtual void refused_row(std::int64_t number, std::span<const std::string_view> cells) {
    static_cast<void>(number);
    static_cast<void>(cells);
  }
  // How many bytes of the file have been read; now and then.
  virtual void bytes_read(std::int64_t bytes) { static_cast<void>(bytes); }
};

// Reads `file` from its first byte with pread, so that its position does not matter and it can be
// read again. An empty file is an error of the sink, a header without rows is an empty list.
// Errc::io_failed when the file cannot be read.
Result<void> read_csv(int file, const CsvLimits& limits, CsvSink& sink);

}  // namespace skerry::store
