#include "crypto/x25519.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

Bytes unhex32(std::string_view text) { return from_hex(text).value(); }

X25519Key key_of(std::string_view text) {
  X25519Key key;
  std::ranges::copy(unhex32(text), key.begin());
  return key;
}

// RFC 7748, section 5.2: the two products (the second has the unused high bit of u set).
TEST(X25519, GivesTheProductsOfRfc7748) {
  EXPECT_EQ(
      to_hex(
          X25519Secret(unhex32("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"))
              .shared(key_of("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
              .value()
              .view()),
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(
      to_hex(
          X25519Secret(unhex32("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"))
              .shared(key_of("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))
              .value()
              .view()),
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// Section 5.2, the iteration, a thousand times.
TEST(X25519, GivesTheIterationOfRfc7748) {
  Bytes k(32);
  k[0] = 9;
  X25519Key u{9};
  for (int i = 0; i < 1000; ++i) {
    const SecretBytes next = X25519Secret(k).shared(u).value();
    std::ranges::copy(k, u.begin());
    k.assign(next.view().begin(), next.view().end());
    if (i == 0) {
      EXPECT_EQ(to_hex(k), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(to_hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

// Section 6.1.
TEST(X25519, AgreesOnTheSecretOfRfc7748) {
  const X25519Secret a(unhex32("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const X25519Secret b(unhex32("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(a.public_key()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(b.public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const char* const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(a.shared(b.public_key()).value().view()), shared);
  EXPECT_EQ(to_hex(b.shared(a.public_key()).value().view()), shared);
}

TEST(X25519, RefusesEveryPointOfLowOrder) {
  // Orders 1, 2, 4 and 8 and their second spellings modulo 2^255-19.
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    for (const int high_bit : {0x00, 0x80}) {
      X25519Key key = key_of(point);
      key.back() = static_cast<std::uint8_t>(key.back() | high_bit);
      const auto shared = X25519Secret(Bytes(32, 0x42)).shared(key);
      ASSERT_FALSE(shared) << point;
      EXPECT_EQ(shared.error().code, Errc::corrupt_bundle);
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0U) << "errors were left for the next user of OpenSSL";
}

}  // namespace
}  // namespace skerry::crypto
