// The rows that were not taken, as a CSV file of the same form with one more column: why. Internal
// to the import.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/csv_reader.hpp"

namespace skerry::store {

// One row as it stood in the file, with a delimiter behind it.
struct RejectedRow {
  std::int64_t number = 0;
  std::string csv;
};

// Appends to a descriptor that it does not own; -1 writes nothing. Errors of writing throw
// StorageError.
class RejectFile {
 public:
  explicit RejectFile(int file) : file_(file) {}

  bool wanted() const { return file_ >= 0; }
  // That of the file that is imported; before its header.
  void form(const CsvForm& form) { form_ = form; }
  // The header of the file that is imported; a last column of reasons from before is replaced.
  void header(const std::vector<std::string>& names);
  // The row as it stands in the file.
  std::string row(std::span<const std::string_view> cells) const;
  // `errors` are those of all the rows, in order of rows.
  void append(std::vector<RejectedRow> rows, const std::vector<TableError>& errors);
  void flush();

 private:
  int file_;
  CsvForm form_;
  std::size_t names_ = 0;    // in the header
  std::size_t columns_ = 0;  // without that of reasons
  std::string waiting_;
};

}  // namespace skerry::store
