#include "core/kinds/amounts.hpp"

#include <gtest/gtest.h>

namespace skerry {
namespace {

using Beyond = Overdraft::Kind;

TEST(AmountTest, IsAWholeNumberOrUnlimited) {
  EXPECT_EQ(read_amount(0), Amount{0});
  EXPECT_EQ(read_amount(1'000'000'000'000), Amount{1'000'000'000'000});
  EXPECT_EQ(read_amount("unlimited"), Amount{});
  for (const json::value& bad : {json::value(-1), json::value(1'000'000'000'001), json::value(1.5),
                                 json::value(true), json::value("5"), json::value()})
    EXPECT_EQ(read_amount(bad), std::nullopt) << json::serialize(bad);
  for (const Amount amount : {Amount{7}, Amount{}}) EXPECT_EQ(read_amount(to_json(amount)), amount);
}

TEST(OverdraftTest, Reads) {
  EXPECT_EQ(parse_overdraft(nullptr), Overdraft{});
  EXPECT_EQ(parse_overdraft("none"), Overdraft{});
  EXPECT_EQ(parse_overdraft("unlimited"), (Overdraft{Beyond::unlimited, 0}));
  EXPECT_EQ(parse_overdraft("5"), (Overdraft{Beyond::absolute, 5}));
  EXPECT_EQ(parse_overdraft(5), (Overdraft{Beyond::absolute, 5}));
  EXPECT_EQ(parse_overdraft("1000%"), (Overdraft{Beyond::percentage, 1000}));
  for (const json::value& bad :
       {json::value("1001%"), json::value("-1"), json::value("%"), json::value(""),
        json::value("5 "), json::value(1.5), json::value(false), json::value("1000000000001")})
    EXPECT_EQ(parse_overdraft(bad), std::nullopt) << json::serialize(bad);
}

TEST(OverdraftTest, AddsToALimit) {
  EXPECT_EQ(Overdraft{}.above({10}), Amount{10});
  EXPECT_EQ((Overdraft{Beyond::absolute, 5}.above({10})), Amount{15});
  EXPECT_EQ((Overdraft{Beyond::percentage, 25}.above({10})), Amount{12});
  EXPECT_EQ((Overdraft{Beyond::percentage, 1000}.above({1'000'000'000'000})),
            Amount{11'000'000'000'000});
  EXPECT_EQ((Overdraft{Beyond::unlimited, 0}.above({10})), Amount{});
  EXPECT_EQ((Overdraft{Beyond::absolute, 5}.above({})), Amount{});
}

TEST(AttributeTest, IsOfItsType) {
  EXPECT_TRUE(is_attribute("number", "", 5));
  EXPECT_TRUE(is_attribute("number", "", 0.5));
  EXPECT_TRUE(is_attribute("number", "", "-12.50"));
  EXPECT_TRUE(is_attribute("date", "", "2026-02-28"));
  EXPECT_TRUE(is_attribute("string", "", "anything"));
  for (const char* bad : {"", "-", "1.", ".5", "1e5", "five", "1.2.3"})
    EXPECT_FALSE(is_attribute("number", "", bad)) << bad;
  EXPECT_FALSE(is_attribute("date", "", "2026-02-29"));
  EXPECT_FALSE(is_attribute("string", "", 5));
  EXPECT_FALSE(is_attribute("date", "", true));
}

TEST(AttributeTest, AStringFitsItsPattern) {
  EXPECT_TRUE(is_attribute("string", "email", "a@b.example"));
  EXPECT_FALSE(is_attribute("string", "email", "a"));
  EXPECT_TRUE(is_attribute("string", "[A-Z]{2}\\d+", "AB12"));
  EXPECT_FALSE(is_attribute("string", "[A-Z]{2}\\d+", "AB12x"));
}

}  // namespace
}  // namespace skerry
