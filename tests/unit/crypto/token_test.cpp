#include "crypto/token.hpp"

#include <cctype>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "crypto/sha256.hpp"
#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

TEST(NewToken, HasTheDocumentedForm) {
  SeededRandom random(1);
  for (const char* kind : {"a", "admin", "application", "abcdefghijklmnop"}) {
    const std::string token = new_token(kind, random);
    EXPECT_TRUE(token.starts_with("skry_" + std::string(kind) + "_")) << token;
    EXPECT_EQ(token.size(), 5 + std::string_view(kind).size() + 1 + 30 + 6);
    EXPECT_TRUE(is_well_formed_token(token)) << token;
  }
}

TEST(NewToken, UsesEveryDigitAboutEvenly) {
  SeededRandom random(2);
  std::map<char, int> count;
  std::set<std::string> tokens;
  for (int i = 0; i < 2000; ++i) {
    const std::string token = new_token("t", random);
    tokens.insert(token);
    for (const char c : token.substr(7, 30)) ++count[c];
  }
  EXPECT_EQ(tokens.size(), 2000U);
  EXPECT_EQ(count.size(), 62U);
  // 968 each on average; taking every byte modulo 62 would give eight digits a quarter more.
  for (const auto& [digit, times] : count) EXPECT_NEAR(times, 968, 140) << digit;
}

TEST(NewTokenDeathTest, RefusesAKindThatCannotBeRead) {
  SeededRandom random(3);
  for (const char* kind : {"", "Admin", "a_b", "abcdefghijklmnopq"})
    EXPECT_DEATH(new_token(kind, random), "is_kind") << kind;
}

// The checksum is the CRC-32 of zlib: crc32("skry_t_0…0") computed with Python's zlib.
TEST(IsWellFormedToken, AcceptsAKnownToken) {
  EXPECT_TRUE(is_well_formed_token("skry_t_0000000000000000000000000000004Fccq5"));
}

TEST(IsWellFormedToken, FindsEveryMistypedCharacter) {
  SeededRandom random(4);
  const std::string token = new_token("admin", random);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] = wrong[i] == 'b' ? 'c' : 'b';
    EXPECT_FALSE(is_well_formed_token(wrong)) << wrong;
    std::string cut = token;
    EXPECT_FALSE(is_well_formed_token(cut.erase(i, 1))) << cut;
  }
  std::string swapped = token;
  ASSERT_NE(swapped[15], swapped[16]);
  std::swap(swapped[15], swapped[16]);
  EXPECT_FALSE(is_well_formed_token(swapped));
}

TEST(IsWellFormedToken, RefusesOtherForms) {
  SeededRandom random(5);
  const std::string token = new_token("admin", random);
  for (const std::string& text :
       {std::string(), std::string("skry_"), std::string("skry__"), token + "0", " " + token,
        token + "\n", "SKRY" + token.substr(4), "skry_" + token.substr(11)})
    EXPECT_FALSE(is_well_formed_token(text)) << text;
}

TEST(TokenHash, IsTheDigestOfTheWholeText) {
  EXPECT_EQ(token_hash("skry_x"), sha256(as_bytes("skry_x")));
}

}  // namespace
}  // namespace skerry::crypto
