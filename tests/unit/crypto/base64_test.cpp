#include "crypto/base64.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

// RFC 4648, section 10, without the padding.
TEST(Base64, GivesTheTextsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64(as_bytes(bytes)), text);
    const auto back = from_base64(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(as_text(*back), bytes);
  }
}

TEST(Base64, UsesTheStandardAlphabet) {
  const Bytes bytes{0xfb, 0xef, 0xff};
  EXPECT_EQ(to_base64(bytes), "++//");
  EXPECT_EQ(from_base64("++//"), bytes);
  EXPECT_FALSE(from_base64("--__"));
}

TEST(Base64, RoundTripsEveryLength) {
  for (std::size_t size = 0; size < 100; ++size) {
    const Bytes bytes = seeded_bytes(size, static_cast<std::uint32_t>(size));
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes) << size;
  }
}

TEST(Base64, RefusesOtherSpellings) {
  for (const char* text : {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "Zm 9v", "Zm9v\n",
                           "Zm9v=", "Zm\r9", "Zm9-", "Zm9_", "Zm9\x80"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace skerry::crypto
