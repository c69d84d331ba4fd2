#include "store/csv_writer.hpp"

#include <gtest/gtest.h>
#include <vector>

#include "store/csv_reader.hpp"
#include "tests/unit/store/text_file.hpp"

namespace skerry::store {
namespace {

std::string row(std::vector<std::string> cells) {
  std::string out;
  append_csv_row(out, cells);
  return out;
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(row({"a", "b c", "", "ü"}), "a,b c,,ü\n");
  EXPECT_EQ(row({"a,b", "a;b", "a\tb"}), "\"a,b\",\"a;b\",\"a\tb\"\n");
  EXPECT_EQ(row({"say \"so\"", "two\nlines", "two\rlines"}),
            "\"say \"\"so\"\"\",\"two\nlines\",\"two\rlines\"\n");
  EXPECT_EQ(row({" a", "a ", "-1", "=1+1"}), "\" a\",\"a \",-1,=1+1\n");
}

TEST(CsvWriter, ARowOfOneEmptyCellIsARow) {
  EXPECT_EQ(row({""}), "\"\"\n");
  EXPECT_EQ(row({"", ""}), ",\n");
}

class KeptCells final : public CsvSink {
 public:
  bool header(const std::vector<std::string>&) override { return true; }
  bool row(std::int64_t, std::span<const std::string_view> cells) override {
    for (const std::string_view cell : cells) cells_.emplace_back(cell);
    return true;
  }
  void error(TableError error) override { errors.push_back(error.code); }
  std::vector<std::string> cells_;
  std::vector<std::string> errors;
};

TEST(CsvWriter, TheReaderGivesBackWhatWasWritten) {
  const std::vector<std::string> cells{"a\"b", "\"", ",", ";\t", "\r\n", " x ", "", "ü,\"\n"};
  std::string text = "1,2,3,4,5,6,7,8\n";
  append_csv_row(text, cells);
  const TextFile file(text);
  KeptCells kept;
  ASSERT_TRUE(read_csv(file.get(), {}, kept));
  EXPECT_EQ(kept.cells_, cells);
  EXPECT_TRUE(kept.errors.empty());
}

}  // namespace
}  // namespace skerry::store
