#include "crypto/hkdf.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

// RFC 5869, appendix A: the three cases with SHA-256.
TEST(Hkdf, GivesTheKeysOfRfc5869) {
  const Bytes secret(22, 0x0b);
  EXPECT_EQ(to_hex(hkdf_sha256(secret, counting(0, 13), as_text(counting(0xf0, 10)), 42).view()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(
      to_hex(
          hkdf_sha256(counting(0, 80), counting(0x60, 80), as_text(counting(0xb0, 80)), 82).view()),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41"
      "c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf_sha256(secret, {}, {}, 42).view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The definition, by hand: extract with a zero salt, one block of expand.
TEST(Hkdf, AgreesWithItsDefinition) {
  const Bytes secret = counting(7, 16);
  const Hash extracted = hmac_sha256(Bytes(32), secret);
  EXPECT_TRUE(equal_constant_time(hkdf_sha256(secret, {}, "header", 32).view(),
                                  hmac_sha256(extracted, as_bytes("header\x01"))));
}

TEST(HkdfDeathTest, RefusesWhatTheStandardExcludes) {
  EXPECT_DEATH(hkdf_sha256({}, {}, {}, 32), "check failed");
  EXPECT_DEATH(hkdf_sha256(Bytes(1), {}, {}, 255 * 32 + 1), "check failed");
  EXPECT_EQ(hkdf_sha256(Bytes(1), {}, {}, 255 * 32).size(), 255 * 32U);
}

}  // namespace
}  // namespace skerry::crypto
