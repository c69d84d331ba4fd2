#include "crypto/age_armor.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crypto/age_workbench.hpp"

namespace skerry::crypto {
namespace {

TEST(AgeArmor, BytesComeBackAtEveryLength) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const Bytes file = seeded_bytes(size);
    const std::string text = age_armor(file);
    const auto back = age_dearmor(text);
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(*back, file) << size;
  }
}

TEST(AgeArmor, LinesHaveSixtyFourDigits) {
  const std::string text = age_armor(Bytes(49, 0));  // 65 digits and three of padding
  EXPECT_EQ(text, "-----BEGIN AGE ENCRYPTED FILE-----\n" + std::string(64, 'A') +
                      "\nAA==\n-----END AGE ENCRYPTED FILE-----\n");
}

TEST(AgeArmor, AnotherSpellingIsRefused) {
  const std::string text = age_armor(seeded_bytes(100));
  const auto refused = [](std::string changed) {
    const auto back = age_dearmor(changed);
    return !back && back.error().code == Errc::bad_input;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed.erase(i, 1);
    EXPECT_TRUE(refused(changed)) << "without byte " << i;
    changed = text;
    changed.insert(i, " ");
    EXPECT_TRUE(refused(changed)) << "with a blank at " << i;
    EXPECT_TRUE(refused(text.substr(0, i))) << "cut at " << i;
  }
  EXPECT_TRUE(refused(text + "\n"));
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("-----BEGIN AGE ENCRYPTED FILE-----\n"));
  // One line instead of two, CRLF, and bits behind the end of the last digit.
  std::string joined = text;
  joined.erase(joined.find('\n', 40), 1);
  EXPECT_TRUE(refused(joined));
  std::string crlf = text;
  crlf.insert(crlf.find('\n'), "\r");
  EXPECT_TRUE(refused(crlf));
  EXPECT_TRUE(
      refused("-----BEGIN AGE ENCRYPTED FILE-----\nAB==\n-----END AGE ENCRYPTED FILE-----\n"));
}

}  // namespace
}  // namespace skerry::crypto
