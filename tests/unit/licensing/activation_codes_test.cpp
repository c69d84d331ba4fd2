#include "licensing/activation_codes.hpp"

#include <gtest/gtest.h>
#include <set>

#include "crypto/secret.hpp"

namespace skerry::licensing {
namespace {

TEST(ActivationCodes, AreFiveGroupsOfFiveLetters) {
  crypto::SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string code = make_activation_code(random);
    ASSERT_EQ(code.size(), 29u);
    for (std::size_t at = 0; at < code.size(); ++at)
      EXPECT_EQ(code[at] == '-', at % 6 == 5) << code;
    EXPECT_EQ(code.find_first_of("ILOUilou"), std::string::npos) << code;
    EXPECT_TRUE(seen.insert(code).second);
  }
}

TEST(ActivationCodes, AreTheSameHoweverTheyAreTyped) {
  EXPECT_EQ(canonical_code("k7qf2-9xwmc 4tb0h"), "K7QF29XWMC4TB0H");
  EXPECT_EQ(canonical_code("K7QF29XWMC4TB0H"), "K7QF29XWMC4TB0H");
  EXPECT_EQ(canonical_code("acme/2026#1"), "ACME/2026#1");
}

TEST(ActivationCodes, OfOnesOwnMustBeOfUse) {
  EXPECT_EQ(canonical_code("1234-567"), std::nullopt);
  EXPECT_TRUE(canonical_code("1234-5678"));
  EXPECT_EQ(canonical_code(""), std::nullopt);
  EXPECT_EQ(canonical_code("- - - - - -"), std::nullopt);
  EXPECT_EQ(canonical_code("schl\xC3\xBCssel-1"), std::nullopt);
  EXPECT_EQ(canonical_code("tab\tbed-code"), std::nullopt);
  EXPECT_TRUE(canonical_code(std::string(100, 'x')));
  EXPECT_EQ(canonical_code(std::string(101, 'x')), std::nullopt);
}

TEST(ActivationCodes, AreKnownAgainByTheirDigest) {
  EXPECT_EQ(to_hex(digest_of("ABCDEFGH")),  // printf ABCDEFGH | sha256sum
            "9ac2197d9258257b1ae8463e4214e4cd0a578bc1517f2415928b91be4283fc48");
  EXPECT_EQ(hint_of("ABCDEFGH"), "EFGH");
}

}  // namespace
}  // namespace skerry::licensing
