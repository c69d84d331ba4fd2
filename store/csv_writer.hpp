// CSV as csv_reader.hpp reads it: commas, LF, quotes where they are needed.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace skerry::store {

// The text as one cell: between quotes when it holds a quote, a comma, a semicolon, a tab or a line
// break, or begins or ends with a blank. Nothing else is changed: a cell that a spreadsheet would
// take for a formula stays what it is, because the file must come back as it went (ADR 0020).
void append_csv_cell(std::string& out, std::string_view text);

// The cells with commas between them and a line feed behind. A row of one empty cell is written as
// two quotes, since an empty line is no row.
void append_csv_row(std::string& out, std::span<const std::string> cells);

}  // namespace skerry::store
