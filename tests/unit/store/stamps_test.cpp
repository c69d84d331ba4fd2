#include "store/stamps.hpp"

#include <gtest/gtest.h>

namespace skerry::store {
namespace {

FieldStamp stamp(std::int64_t n, std::int64_t site = 0) {
  return {{1'780'000'000, n}, site, HlcStamp::at(1'780'000'000'000 + n, 3)};
}

TEST(StampsTest, OneStampStandsForEveryField) {
  Stamps stamps(stamp(7, 2));
  EXPECT_EQ(stamps.of("name"), stamp(7, 2));
  EXPECT_EQ(stamps.of("anything"), stamp(7, 2));
  stamps.set("name", stamp(9));
  EXPECT_EQ(stamps.of("name"), stamp(9));
  EXPECT_EQ(stamps.of("email"), stamp(7, 2));
  stamps.set("name", stamp(10));
  EXPECT_EQ(stamps.of("name"), stamp(10));
}

TEST(StampsTest, TheTextIsReadBack) {
  Stamps stamps(stamp(1));
  for (int fields = 0; fields < 4; ++fields) {
    const auto read = Stamps::parse(stamps.to_text());
    ASSERT_TRUE(read) << stamps.to_text();
    EXPECT_EQ(read->to_text(), stamps.to_text());
    for (const char* name : {"f0", "f1", "f2", "f3"}) EXPECT_EQ(read->of(name), stamps.of(name));
    stamps.set("f" + std::to_string(fields), stamp(fields + 2, fields));
  }
}

TEST(StampsTest, NothingIsAtCentralAtFirst) {
  const Stamps stamps;
  EXPECT_FALSE(stamps.at_central());
  EXPECT_TRUE(Stamps(stamp(1)).at_central());
  const auto read = Stamps::parse(stamps.to_text());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->at_central());
}

TEST(StampsTest, RefusesOtherText) {
  for (const char* text : {"", "1", "1.2", "1.2.3", "1.2.3.", "x.2.3.4", "1.2.3.4;", "1.2.3.4;name",
                           "1.2.3.4;name=", "1.2.3.4;name=1.2.3", "1.2.3.4;=1.2.3.4", "1.2.3.4.5",
                           " 1.2.3.4", "1.2.3.4 ", "-1.2.3.4", "1.2.3.g"})
    EXPECT_FALSE(Stamps::parse(text)) << text;
}

}  // namespace
}  // namespace skerry::store
