#include "store/import_rejects.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "core/text.hpp"
#include "store/csv_writer.hpp"
#include "store/import_columns.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t waiting_bytes_max = 256 * 1024;

std::string reasons_of(std::int64_t number, const std::vector<TableError>& errors) {
  std::string text;
  const auto before = [](const TableError& error, std::int64_t row) { return error.row < row; };
  for (auto each = std::lower_bound(errors.begin(), errors.end(), number, before);
       each != errors.end() && each->row == number; ++each) {
    if (!text.empty()) text += "; ";
    if (!each->column.empty()) text += each->column + ": ";
    text += each->detail;
  }
  return text;
}

}  // namespace

void RejectFile::header(const std::vector<std::string>& names) {
  if (!wanted() || columns_ > 0) return;
  names_ = names.size();
  columns_ = names_;
  if (columns_ > 1 && ascii_lower(names.back()) == reject_reason_header) --columns_;
  if (form_.has_byte_order_mark) waiting_ += byte_order_mark;
  for (std::size_t i = 0; i < columns_; ++i) {
    append_csv_cell(waiting_, names[i]);
    waiting_ += form_.delimiter;
  }
  waiting_ += reject_reason_header;
  waiting_ += form_.line_end;
}

std::string RejectFile::row(std::span<const std::string_view> cells) const {
  // A ragged row stays one, with every cell that it has: what is not mended is refused again. Only
  // what an earlier refusal wrote behind it is not of the row.
  if (cells.size() == names_)
    cells = cells.first(columns_);
  else if (names_ > columns_ && !cells.empty() && cells.back().starts_with(ragged_row_begins))
    cells = cells.first(cells.size() - 1);
  std::string text;
  for (const std::string_view cell : cells) {
    append_csv_cell(text, cell);
    text += form_.delimiter;
  }
  return text;
}

void RejectFile::append(std::vector<RejectedRow> rows, const std::vector<TableError>& errors) {
  if (!wanted()) return;
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (const RejectedRow& row : rows) {
    waiting_ += row.csv;
    append_csv_cell(waiting_, reasons_of(row.number, errors));
    waiting_ += form_.line_end;
  }
  if (waiting_.size() >= waiting_bytes_max) flush();
}

void RejectFile::flush() {
  if (!wanted()) return;
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const ::ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      throw StorageError(errno == ENOSPC || errno == EFBIG ? Errc::storage_full : Errc::io_failed,
                         fmt::format("writing the rejected rows: {}", std::strerror(errno)));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting_.clear();
}

}  // namespace skerry::store
