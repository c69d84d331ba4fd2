#include "store/csv_reader.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <unistd.h>

#include "tests/unit/store/text_file.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Everything that was read, as text.
struct Kept final : CsvSink {
  std::vector<std::string> names;
  std::vector<std::string> rows;     // "2: a|b"
  std::vector<std::string> errors;   // "2 Name ragged_row"
  std::vector<std::string> refused;  // the cells of the last row that was refused
  std::string last_detail;
  std::int64_t stop_at = -1;
  std::size_t widest = 0;

  bool header(const std::vector<std::string>& given) override {
    names = given;
    return true;
  }
  bool row(std::int64_t number, std::span<const std::string_view> cells) override {
    std::string text = std::to_string(number) + ":";
    for (const std::string_view cell : cells) {
      text += "|" + std::string(cell.substr(0, 40));
      widest = std::max(widest, cell.size());
    }
    rows.push_back(text);
    return number != stop_at;
  }
  void error(TableError error) override {
    errors.push_back(std::to_string(error.row) + " " + error.column + " " + error.code);
    last_detail = error.detail;
  }
  void refused_row(std::int64_t, std::span<const std::string_view> cells) override {
    refused.assign(cells.begin(), cells.end());
  }
};

Kept read(std::string_view text, const CsvLimits& limits = {}) {
  const TextFile file(text);
  Kept kept;
  const auto outcome = read_csv(file.get(), limits, kept);
  EXPECT_TRUE(outcome) << outcome.error().detail;
  return kept;
}

TEST(CsvReader, ReadsHeaderAndRows) {
  const Kept kept = read("name,city\nAcme,Berlin\nBolt,Kiel\n");
  EXPECT_THAT(kept.names, ElementsAre("name", "city"));
  EXPECT_THAT(kept.rows, ElementsAre("2:|Acme|Berlin", "3:|Bolt|Kiel"));
  EXPECT_TRUE(kept.errors.empty());
}

struct Accepted {
  const char* what;
  std::string_view text;
  std::vector<std::string> rows;
};

TEST(CsvReader, AcceptsWhatPeopleSave) {
  const Accepted cases[] = {
      {"no line break at the end", "a,b\n1,2", {"2:|1|2"}},
      {"carriage returns", "a,b\r\n1,2\r\n3,4\r\n", {"2:|1|2", "3:|3|4"}},
      {"carriage returns alone", "a,b\r1,2\r3,4", {"2:|1|2", "3:|3|4"}},
      {"byte order mark",
       "\xef\xbb\xbf"
       "a,b\n1,2\n",
       {"2:|1|2"}},
      {"byte order mark, quoted header", "\xef\xbb\xbf\"a\",b\n1,2\n", {"2:|1|2"}},
      {"semicolons", "a;b\n1,5;2\n", {"2:|1,5|2"}},
      {"Excel's word for them", "\xef\xbb\xbfsep=;\r\na;b\r\n1,5;2\r\n", {"3:|1,5|2"}},
      {"tabs", "a\tb\n1;5\t2,0\n", {"2:|1;5|2,0"}},
      {"a delimiter inside a quoted header", "\"a,x,y\";b\n1;2\n", {"2:|1|2"}},
      {"one column", "a\n1\n2\n", {"2:|1", "3:|2"}},
      {"one column with commas in quotes", "a\n\"1,2,3\"\n", {"2:|1,2,3"}},
      {"line breaks in quotes", "a,b\n\"1\n2\",3\n4,5\n", {"2:|1\n2|3", "3:|4|5"}},
      {"CRLF in quotes", "a,b\r\n\"1\r\n2\",3\r\n", {"2:|1\r\n2|3"}},
      {"doubled quotes", "a,b\n\"1\"\"2\",\"\"\n", {"2:|1\"2|"}},
      {"blanks around a cell", "a,b\n  1 2 ,\t2\n", {"2:|1 2|2"}},
      {"blanks around quotes", "a,b\n1, \"2\" \n", {"2:|1|2"}},
      {"blanks in quotes are kept", "a,b\n\" 1\t\",\"\r\n2\n\"\n", {"2:| 1\t|\r\n2\n"}},
      {"tabs between blanks", "a\tb\n 1 \t \n", {"2:|1|"}},
      {"a line of blanks", "a,b\n \t\n1,2\n", {"3:|1|2"}},
      {"header only", "a,b\n", {}},
      {"header only, no line break", "a,b", {}},
      {"header and blank lines", "a,b\n\n\n", {}},
      {"empty cells", "a,b,c\n,,\n", {"2:|||"}},
      {"blank lines count", "a,b\n\n1,2\n\n\n3,4\n", {"3:|1|2", "6:|3|4"}},
      {"blank lines with CRLF count", "a,b\r\n\r\n1,2\r\n", {"3:|1|2"}},
      {"a blank line before the header", "\na;b\n1;2\n", {"3:|1|2"}},
      {"other alphabets", "имя,b\nОАО,ﾅ\n", {"2:|ОАО|ﾅ"}},
  };
  for (const Accepted& each : cases) {
    SCOPED_TRACE(each.what);
    const Kept kept = read(each.text);
    EXPECT_EQ(kept.rows, each.rows);
    EXPECT_TRUE(kept.errors.empty()) << kept.errors.front();
  }
}

TEST(CsvReader, TrimsHeaders) {
  EXPECT_THAT(read(" name ,\tcity\n1,2\n").names, ElementsAre("name", "city"));
}

struct Refused {
  const char* what;
  std::string_view text;
  std::vector<std::string> errors;
  std::size_t rows;  // that were still given
};

using namespace std::string_view_literals;

TEST(CsvReader, NamesThePlaceOfWhatIsWrong) {
  const Refused cases[] = {
      {"nothing", "", {"0  empty_file"}, 0},
      {"only a byte order mark", "\xef\xbb\xbf", {"0  empty_file"}, 0},
      {"only blank lines", "\n\r\n\n", {"0  empty_file"}, 0},
      {"a column without a name", "a,,c\n1,2,3\n", {"1 column 2 empty_header"}, 0},
      {"a name of blanks", "a,  \n1,2\n", {"1 column 2 empty_header"}, 0},
      {"one name twice", "Name,b,name\n1,2,3\n", {"1 column 3 duplicate_header"}, 0},
      {"every complaint of a header",
       "a,,a,\xff\n1,2,3,4\n",
       {"1 column 2 empty_header", "1 column 3 duplicate_header", "1 column 4 not_utf8"},
       0},
      {"too few fields", "a,b,c\n1,2\n3,4,5\n", {"2  ragged_row"}, 1},
      {"too many fields", "a,b\n1,2,3,4\n3,4\n", {"2  ragged_row"}, 1},
      {"not UTF-8", "a,b\nx,M\xfcller\n1,2\n", {"2 b not_utf8"}, 1},
      {"overlong", "a,b\n\xc0\xaf,2\n", {"2 a not_utf8"}, 0},
      {"a surrogate", "a,b\n1,\xed\xa0\x80\n", {"2 b not_utf8"}, 0},
      {"cut in a character", "a,b\n1,\xe2\x82\n3,4\n", {"2 b not_utf8"}, 1},
      {"UTF-16",
       "\xff\xfe"
       "a\0,\0"sv,
       {"0  not_utf8"},
       0},
      {"JSON", "{\"id\":1}\n", {"0  not_csv"}, 0},
      {"a NUL byte", "a,b\n1,x\0y\n3,4\n"sv, {"2 b nul_byte"}, 1},
      {"a NUL byte in the header", "a,b\0\n1,2\n"sv, {"1 column 2 nul_byte"}, 0},
      {"every complaint of a row",
       "a,b\n\xff,x\0\n1\n"sv,
       {"2 a not_utf8", "2 b nul_byte", "3  ragged_row"},
       0},
      {"a quote inside a cell", "a,b\n1,2\n3,4\"5\n6,7\n", {"3 b stray_quote"}, 2},
      {"text behind a closing quote", "a,b\n\"1\"x,2\n", {"2 a stray_quote"}, 0},
      {"a stray quote in the header", "a,b\"c\n1,2\n", {"1 column 2 stray_quote"}, 0},
      {"an open quote", "a,b\n1,2\n3,\"4\n5,6\n", {"3 b unclosed_quote"}, 1},
      {"an open quote at the end", "a,b\n1,\"", {"2 b unclosed_quote"}, 0},
  };
  for (const Refused& each : cases) {
    SCOPED_TRACE(each.what);
    const Kept kept = read(each.text);
    EXPECT_EQ(kept.errors, each.errors);
    EXPECT_EQ(kept.rows.size(), each.rows);
  }
}

TEST(CsvReader, SaysHowManyFieldsTheRowHas) {
  EXPECT_EQ(read("a,b\n1,2,3\n").last_detail, "the row has 3 fields, the header has 2");
  EXPECT_EQ(read("a,b\n1\n").last_detail, "the row has 1 field, the header has 2");
}

// Whatever stands around it and wherever the pieces end: it costs its row, in bounded memory, and
// what is put aside of it is refused again.
TEST(CsvReader, RefusesACellOfTenMebibytesAlone) {
  const std::string huge(10 * 1024 * 1024, 'x');
  for (const std::string& cell :
       {huge, '"' + huge + '"', '"' + huge + "\"  ", huge + std::string(200'000, ' '),
        '"' + huge + "\"\"" + huge + "\n\""}) {
    const Kept kept = read("a,b,c\n1,2,3\n4," + cell + ",\"6\"\n7,8,9\n");
    EXPECT_THAT(kept.errors, ElementsAre("3 b cell_too_long"));
    EXPECT_THAT(kept.rows, ElementsAre("2:|1|2|3", "4:|7|8|9"));
    ASSERT_THAT(kept.refused,
                ElementsAre("4", std::string(CsvLimits().cell_bytes_max + 1, 'x'), "6"));
  }
  EXPECT_THAT(read("a,b\n1,\"" + huge + "\n3,4\n").errors, ElementsAre("2 b unclosed_quote"));
  EXPECT_THAT(read("a,b\n1,\"" + huge + "\n3,\"4\"\n").errors, ElementsAre("2 b stray_quote"));
  EXPECT_THAT(read(huge + ",b\n1,2\n").errors, ElementsAre("1 column 1 cell_too_long"));
}

TEST(CsvReader, CutsALongCellBetweenCharacters) {
  for (std::size_t limit = 5; limit < 10; ++limit) {
    const Kept kept =
        read("a\n\U0001f600\U0001f600\U0001f600\U0001f600\n", {.cell_bytes_max = limit});
    EXPECT_THAT(kept.errors, ElementsAre("2 a cell_too_long"));
    ASSERT_EQ(kept.refused.size(), 1u);
    EXPECT_EQ(kept.refused.front().size(), limit < 8 ? 8u : 12u);
  }
}

TEST(CsvReader, TakesACellAtItsLimit) {
  const CsvLimits limits{.cell_bytes_max = 100'000};
  EXPECT_EQ(read("a\n" + std::string(100'000, 'x') + "\n", limits).widest, 100'000u);
  EXPECT_THAT(read("a\n" + std::string(100'001, 'x') + "\n", limits).errors,
              ElementsAre("2 a cell_too_long"));
}

TEST(CsvReader, KeepsTheOtherLimits) {
  const Kept long_row = read("a,b\n12345,67890,1\n1,2\n", {.row_bytes_max = 9});
  EXPECT_THAT(long_row.errors, ElementsAre("2  row_too_long"));
  EXPECT_THAT(long_row.refused, ElementsAre("12345"));
  EXPECT_THAT(long_row.rows, ElementsAre("3:|1|2"));
  EXPECT_THAT(read("abc,def\n1,2\n", {.row_bytes_max = 6}).errors, ElementsAre("1  row_too_long"));
  EXPECT_THAT(read("a,b,c\n1,2,3\n", {.columns_max = 2}).errors,
              ElementsAre("1  too_many_columns"));
  const Kept kept = read("a\n1\n2\n3\n", {.rows_max = 2});
  EXPECT_THAT(kept.errors, ElementsAre("4  too_many_rows"));
  EXPECT_EQ(kept.rows.size(), 2u);
}

// Cells, quotes and line ends meet the edges of the pieces in which a file is read.
TEST(CsvReader, ReadsAcrossPieces) {
  std::string text = "number,text\r\n";
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ",\"é, \"\"x\"\"\r\ny\"\r\n";
  const Kept kept = read(text);
  ASSERT_EQ(kept.rows.size(), 20'000u);
  EXPECT_TRUE(kept.errors.empty());
  for (int i = 0; i < 20'000; ++i)
    ASSERT_EQ(kept.rows[static_cast<std::size_t>(i)],
              std::to_string(i + 2) + ":|" + std::to_string(i) + "|é, \"x\"\r\ny");
}

TEST(CsvReader, TellsHowTheFileIsWritten) {
  struct Case {
    std::string_view text, line_end;
    char delimiter;
    bool has_mark;
  };
  for (const Case& each :
       {Case{"a,b\n1,2\r\n", "\n", ',', false}, Case{"\r\n\xef\xbb\xbf", "\n", ',', false},
        Case{"\xef\xbb\xbf\"a\n,,\";b\r\n1;2\r\n", "\r\n", ';', true},
        Case{"a\tb\r1\t2\r", "\r", '\t', false}, Case{"a;b", "\n", ';', false}}) {
    struct Form final : CsvSink {
      CsvForm found;
      bool began = false;
      void form(const CsvForm& form) override {
        EXPECT_FALSE(began);
        found = form;
      }
      bool header(const std::vector<std::string>&) override { return began = true; }
      bool row(std::int64_t, std::span<const std::string_view>) override { return true; }
      void error(TableError) override {}
    } sink;
    const TextFile file(each.text);
    ASSERT_TRUE(read_csv(file.get(), {}, sink));
    EXPECT_EQ(sink.found.delimiter, each.delimiter) << each.text;
    EXPECT_EQ(sink.found.line_end, each.line_end) << each.text;
    EXPECT_EQ(sink.found.has_byte_order_mark, each.has_mark) << each.text;
  }
}

TEST(CsvReader, StopsWhenTheSinkHasEnough) {
  const TextFile file("a\n1\n2\n3\n");
  Kept kept;
  kept.stop_at = 3;
  ASSERT_TRUE(read_csv(file.get(), {}, kept));
  EXPECT_EQ(kept.rows.size(), 2u);
  EXPECT_TRUE(kept.errors.empty());
}

TEST(CsvReader, LetsExceptionsOfTheSinkThrough) {
  struct Throwing final : CsvSink {
    bool header(const std::vector<std::string>&) override { return true; }
    bool row(std::int64_t, std::span<const std::string_view>) override {
      throw std::runtime_error("the disk is gone");
    }
    void error(TableError) override {}
  } sink;
  const TextFile file("a\n1\n2\n");
  EXPECT_THROW(static_cast<void>(read_csv(file.get(), {}, sink)), std::runtime_error);
}

TEST(CsvReader, IgnoresThePositionOfTheFile) {
  const TextFile file("a\n1\n");
  ASSERT_EQ(::lseek(file.get(), 3, SEEK_SET), 3);
  Kept kept;
  ASSERT_TRUE(read_csv(file.get(), {}, kept));
  ASSERT_TRUE(read_csv(file.get(), {}, kept));
  EXPECT_THAT(kept.rows, ElementsAre("2:|1", "2:|1"));
}

TEST(CsvReader, SaysThatAFileCannotBeRead) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Kept kept;
  const auto outcome = read_csv(ends[0], {}, kept);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io_failed);
  EXPECT_THAT(outcome.error().detail, HasSubstr("reading the file"));
}

}  // namespace
}  // namespace skerry::store
