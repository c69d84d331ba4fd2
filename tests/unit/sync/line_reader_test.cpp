#include "sync/line_reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace skerry::sync {
namespace {

using namespace std::string_view_literals;

struct Collected {
  Result<void> result;
  std::vector<std::string> lines;
};

Collected read(std::string_view text, std::size_t piece, LineLimits limits = {10, 5}) {
  Collected collected;
  LineReader reader(limits, [&](std::string_view line, std::uint64_t number) -> Result<void> {
    EXPECT_EQ(number, collected.lines.size() + 1);
    collected.lines.emplace_back(line);
    return {};
  });
  for (std::size_t at = 0; at < text.size() && collected.result; at += piece)
    collected.result = reader.write(as_bytes(text.substr(at, piece)));
  if (collected.result) collected.result = reader.finish();
  return collected;
}

TEST(LineReader, LinesAreTheSameHoweverTheyArrive) {
  const std::string_view text = "one\n\xc3\xbc\n0123456789\n \n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Collected collected = read(text, piece);
    ASSERT_TRUE(collected.result) << piece;
    EXPECT_EQ(collected.lines, (std::vector<std::string>{"one", "\xc3\xbc", "0123456789", " "}));
  }
}

TEST(LineReader, LimitsHoldHoweverLinesArrive) {
  for (std::size_t piece = 1; piece <= 24; ++piece) {
    EXPECT_EQ(read("a\n01234567890\n", piece).result.error().code, Errc::limit_exceeded);
    EXPECT_EQ(read("a\n01234567890", piece).result.error().code, Errc::limit_exceeded);
    EXPECT_EQ(read("1\n2\n3\n4\n5\n6\n", piece).result.error().code, Errc::limit_exceeded);
    EXPECT_EQ(read("1\n\n", piece).result.error().code, Errc::corrupt_bundle);
    EXPECT_EQ(read("1\n2", piece).result.error().code, Errc::corrupt_bundle);
  }
}

TEST(LineReader, TheErrorNamesTheLine) {
  EXPECT_NE(read("a\nb\n01234567890\n", 100).result.error().detail.find("line 3"),
            std::string::npos);
}

TEST(LineReader, NothingIsNoLines) {
  EXPECT_TRUE(read("", 1).result);
  EXPECT_TRUE(read("", 1).lines.empty());
}

TEST(LineReader, EmptyLinesWhereTheyMean) {
  const Collected collected = read("data: 1\n\n", 3, {10, 5, true});
  ASSERT_TRUE(collected.result);
  EXPECT_EQ(collected.lines, (std::vector<std::string>{"data: 1", ""}));
}

TEST(LineReader, TheCallbacksErrorEndsIt) {
  int seen = 0;
  LineReader reader({10, 5}, [&](std::string_view, std::uint64_t) -> Result<void> {
    ++seen;
    return fail(Errc::busy);
  });
  EXPECT_EQ(reader.write(as_bytes("1\n2\n")).error().code, Errc::busy);
  EXPECT_EQ(seen, 1);
}

TEST(PayloadLine, StrictAndShallow) {
  EXPECT_TRUE(parse_payload_line(R"({"k":"chg","a":[[1]]})", 2));
  const std::string deep = fmt::format(R"({{"a":{:[<16}{:]<16}}})", "", "");
  for (const std::string_view line :
       {std::string_view(deep), "[1]"sv, "{}{}"sv, R"({"a":1,"a":2})"sv, R"({"a":1.0})"sv,
        "{\"a\":\"\xc3\"}"sv}) {
    const auto parsed = parse_payload_line(line, 17);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().code, Errc::corrupt_bundle);
    EXPECT_NE(parsed.error().detail.find("line 17"), std::string::npos);
  }
}

}  // namespace
}  // namespace skerry::sync
