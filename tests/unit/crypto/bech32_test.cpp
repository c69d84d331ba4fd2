#include "crypto/bech32.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

constexpr auto lower = Bech32Case::lower;
constexpr auto upper = Bech32Case::upper;

// BIP 173, "Test vectors": those whose data are whole bytes, or none.
TEST(Bech32, ReadsTheVectorsOfBip173) {
  EXPECT_TRUE(bech32_decode("a", "A12UEL5L", upper).value().empty());
  EXPECT_TRUE(bech32_decode("a", "a12uel5l", lower).value().empty());
  EXPECT_TRUE(bech32_decode("an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcluded"
                            "charactersbio",
                            "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcluded"
                            "charactersbio1tt5tgs",
                            lower)
                  .value()
                  .empty());
  const auto bytes =
      bech32_decode("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", lower);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(to_hex(bytes->view()), "00443214c74254b635cf84653a56d7c675be77df");
  EXPECT_EQ(bech32_encode("abcdef", bytes->view(), lower).text(),
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
}

// The same document's invalid checksums, separators and characters.
TEST(Bech32, RefusesTheInvalidVectorsOfBip173) {
  EXPECT_FALSE(bech32_decode("a", "A1G7SGD8", upper));
  EXPECT_FALSE(bech32_decode("", "1qzzfhee", lower));
  EXPECT_FALSE(bech32_decode("a", "10a06t8", lower));
  EXPECT_FALSE(bech32_decode("pzry9x0s0muk", "pzry9x0s0muk", lower));
  EXPECT_FALSE(bech32_decode("x", "x1b4n0q5v", lower));
  EXPECT_FALSE(bech32_decode("li", "li1dgmt3", lower));
}

TEST(Bech32, RoundTripsEveryLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes bytes = seeded_bytes(size, static_cast<std::uint32_t>(size));
    for (const Bech32Case letters : {lower, upper}) {
      const SecretBytes text = bech32_encode("age-secret-key-", bytes, letters);
      const auto back = bech32_decode("age-secret-key-", text.text(), letters);
      ASSERT_TRUE(back) << text.text();
      EXPECT_TRUE(equal_constant_time(back->view(), bytes)) << text.text();
      EXPECT_FALSE(bech32_decode("age-secret-key-", text.text(), letters == lower ? upper : lower));
      EXPECT_FALSE(bech32_decode("age", text.text(), letters));
    }
  }
}

TEST(Bech32, FindsEveryWrongCharacter) {
  const SecretBytes encoded = bech32_encode("age", seeded_bytes(32), lower);
  const std::string text(encoded.text());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'q', 'p', 'l', '1', 'b', ' ', '-', '\0', '\x7f', '\xc3'}) {
      if (text[i] == c) continue;
      std::string wrong = text;
      wrong[i] = c;
      EXPECT_FALSE(bech32_decode("age", wrong, lower)) << wrong;
    }
    std::string mixed = text;
    if (mixed[i] < 'a') continue;
    mixed[i] = static_cast<char>(mixed[i] - 'a' + 'A');
    EXPECT_FALSE(bech32_decode("age", mixed, lower)) << mixed;
    std::string cut = text;
    EXPECT_FALSE(bech32_decode("age", cut.erase(i, 1), lower)) << cut;
  }
}

// Texts with a right checksum over a wrong number or value of padding bits.
TEST(Bech32, RefusesASecondSpellingByPadding) {
  // One byte 0x00 is two groups: "qq". Right: padding 0 in its three bits.
  EXPECT_EQ(bech32_encode("a", Bytes{0}, lower).text(), "a1qqqd87cq");
  EXPECT_TRUE(bech32_decode("a", "a1qqqd87cq", lower));
  EXPECT_FALSE(bech32_decode("a", "a1qpamnt9j", lower));   // padding bits 001
  EXPECT_FALSE(bech32_decode("a", "a1qqqd87cpp", lower));  // seven bits of padding
  EXPECT_FALSE(bech32_decode("a", "a1q3g6mn3", lower));    // five bits of padding and no byte
}

}  // namespace
}  // namespace skerry::crypto
