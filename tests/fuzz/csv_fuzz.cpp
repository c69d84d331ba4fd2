// A CSV file as a person may send it, with limits that the fuzzer can reach.
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.hpp"
#include "core/text.hpp"
#include "store/csv_reader.hpp"

namespace skerry::store {
namespace {

constexpr CsvLimits limits{
    .cell_bytes_max = 512, .row_bytes_max = 2048, .columns_max = 16, .rows_max = 1000};

// Holds the reader to what its header promises.
class Promises final : public CsvSink {
 public:
  bool header(const std::vector<std::string>& names) override {
    SKERRY_CHECK(columns_ == 0 && !names.empty() && names.size() <= limits.columns_max);
    for (const std::string& name : names)
      SKERRY_CHECK(!name.empty() && is_utf8(name) && trim_blanks(name) == name);
    columns_ = names.size();
    return true;
  }
  bool row(std::int64_t number, std::span<const std::string_view> cells) override {
    SKERRY_CHECK(number > last_row_ && cells.size() == columns_);
    last_row_ = number;
    for (const std::string_view cell : cells) {
      SKERRY_CHECK(cell.size() <= limits.cell_bytes_max && is_utf8(cell));
      SKERRY_CHECK(cell.find('\0') == std::string_view::npos);
    }
    ++rows_;
    return true;
  }
  void error(TableError error) override {
    SKERRY_CHECK(error.row >= last_row_ || error.row == 0);
    SKERRY_CHECK(!error.code.empty() && !error.detail.empty() && is_utf8(error.column));
    ++errors_;
  }

  bool said_something() const { return rows_ + errors_ > 0; }

 private:
  std::size_t columns_ = 0;
  std::int64_t last_row_ = 1;
  std::size_t rows_ = 0;
  std::size_t errors_ = 0;
};

void run(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("csv", MFD_CLOEXEC);
  SKERRY_CHECK(file >= 0 && ::ftruncate(file, 0) == 0);
  SKERRY_CHECK(::pwrite(file, data, size, 0) == static_cast<::ssize_t>(size));
  Promises sink;
  SKERRY_CHECK(read_csv(file, limits, sink).has_value());
  SKERRY_CHECK(sink.said_something());
}

}  // namespace
}  // namespace skerry::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skerry::store::run(data, size);
  return 0;
}
