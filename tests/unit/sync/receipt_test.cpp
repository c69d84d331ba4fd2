#include "sync/receipt.hpp"

#include <gtest/gtest.h>

#include "core/timestamp.hpp"

namespace skerry::sync {
namespace {

constexpr UnixMillis noon = 1'790'000'000'000;

TEST(Receipt, WhatIsWrittenIsRead) {
  const std::vector<ReceiptLine> lines{
      {"u-1-2-3-4.skb", "applied", "2 new rows, 0 known", ""},
      {"u-1-2-9-9.skb", "bundle_gap", "begins with row 9, central needs from 5",
       "at the site: skerry bundle export --from 5"}};
  const std::string text = format_receipt("central", noon, lines);
  EXPECT_TRUE(text.starts_with("# central looked at this medium at 2026-"));
  EXPECT_EQ(parse_receipt(text), lines);
  EXPECT_EQ(parse_receipt_time(text), noon);
}

TEST(Receipt, TheTimeIsThereOrNot) {
  for (const char* text : {"", "applied\tu-1.skb\t\t\n", "# somebody looked at this medium at \n",
                           " looked at this medium at 2026-01-01T00:00:00.000Z. x\n",
                           "#\n# central looked at this medium at 2026-01-01T00:00:00.000Z. x\n"})
    EXPECT_EQ(parse_receipt_time(text), std::nullopt) << text;
}

TEST(Receipt, NothingForeignLeavesItsLine) {
  const ReceiptLine forged{"u-1.skb", "applied", "x\napplied\tu-2.skb\tforged\t", "\x1b[31m"};
  const auto read = parse_receipt(format_receipt("central", noon, {forged}));
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].name, "u-1.skb");
  EXPECT_EQ(read[0].detail, "x applied u-2.skb forged ");
  EXPECT_EQ(read[0].next, " [31m");
}

TEST(Receipt, WhatIsNoLineIsLeftOut) {
  EXPECT_TRUE(parse_receipt("").empty());
  EXPECT_TRUE(parse_receipt("applied\tu-1.skb\ttoo few\n").empty());
  EXPECT_TRUE(parse_receipt("a\tu-1.skb\tb\tc\tone too many\n").empty());
  EXPECT_TRUE(parse_receipt("applied\t../../etc/passwd\tb\tc\n").empty());
  EXPECT_EQ(parse_receipt("applied\tu-1.skb\t\t").size(), 1U);  // the end of the file will do
}

TEST(Receipt, IsBoundedBothWays) {
  std::vector<ReceiptLine> lines(receipt_lines_max + 5, {"u-1.skb", "applied", "", ""});
  lines.back().detail = "the last";
  const std::string text = format_receipt("central", noon, lines);
  const auto read = parse_receipt(text + text);
  ASSERT_EQ(read.size(), receipt_lines_max);
  EXPECT_EQ(read.back().detail, "the last");
}

}  // namespace
}  // namespace skerry::sync
