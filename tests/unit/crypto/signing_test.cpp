#include "crypto/signing.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

#include "crypto/sha256.hpp"
#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

Bytes unhex(std::string_view text) { return from_hex(text).value(); }

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1: tests 1 to 3 and SHA(abc).
constexpr Vector vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

TEST(SigningKey, GivesTheSignaturesOfRfc8032) {
  for (const Vector& v : vectors) {
    const SigningKey key = SigningKey::from_seed(unhex(v.seed)).value();
    EXPECT_EQ(to_hex(key.verify_key().raw()), v.public_key);
    EXPECT_EQ(to_hex(key.sign(unhex(v.message))), v.signature);
    const VerifyKey verify_key = VerifyKey::from_raw(unhex(v.public_key)).value();
    EXPECT_TRUE(verify_key.verify(unhex(v.message), unhex(v.signature)));
  }
}

TEST(VerifyKey, RefusesEveryFlippedBit) {
  const SigningKey key = SigningKey::from_seed(seeded_bytes(32)).value();
  const VerifyKey verify_key = key.verify_key();
  const Bytes message = seeded_bytes(40, 2);
  const Signature signature = key.sign(message);
  ASSERT_TRUE(verify_key.verify(message, signature));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature wrong = signature;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verify_key.verify(message, wrong)) << bit;
  }
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    Bytes wrong = message;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verify_key.verify(wrong, signature)) << bit;
  }
}

TEST(VerifyKey, RefusesOtherLengthsAndKeys) {
  const SigningKey key = SigningKey::generate();
  const Signature signature = key.sign(as_bytes("m"));
  Bytes longer(signature.begin(), signature.end());
  longer.push_back(0);
  EXPECT_FALSE(key.verify_key().verify(as_bytes("m"), longer));
  EXPECT_FALSE(key.verify_key().verify(as_bytes("m"), ByteView(signature).first(63)));
  EXPECT_FALSE(key.verify_key().verify(as_bytes("m"), {}));
  EXPECT_FALSE(SigningKey::generate().verify_key().verify(as_bytes("m"), signature));
}

// S + L is the same number modulo the group's order L: a second spelling of one signature.
TEST(VerifyKey, RefusesASecondSpellingOfASignature) {
  static constexpr std::array<std::uint8_t, 32> order{
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  const SigningKey key = SigningKey::from_seed(seeded_bytes(32)).value();
  Signature signature = key.sign(as_bytes("m"));
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_FALSE(key.verify_key().verify(as_bytes("m"), signature));
}

TEST(VerifyKey, RefusesPointsOfLowOrder) {
  const std::string ff(60, 'f');
  for (std::string text :
       {std::string(64, '0'), "01" + std::string(62, '0'), "ec" + ff + "7f", "ed" + ff + "7f",
        "ee" + ff + "7f",
        std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}) {
    Bytes raw = unhex(text);
    EXPECT_FALSE(VerifyKey::from_raw(raw)) << text;
    raw.back() |= 0x80;  // the sign of x
    EXPECT_FALSE(VerifyKey::from_raw(raw)) << text;
  }
  for (const std::size_t size : {0U, 31U, 33U, 64U})
    EXPECT_FALSE(VerifyKey::from_raw(Bytes(size, 9))) << size;
}

TEST(VerifyKey, RoundTripsAsText) {
  const VerifyKey key = SigningKey::generate().verify_key();
  EXPECT_EQ(key.to_text().size(), 43U);
  EXPECT_EQ(VerifyKey::from_text(key.to_text()).value(), key);
  EXPECT_FALSE(VerifyKey::from_text(""));
  EXPECT_FALSE(VerifyKey::from_text(key.to_text() + "="));
  EXPECT_FALSE(VerifyKey::from_text(key.to_text().substr(1)));
}

TEST(VerifyKey, IsNamedByTheDigestOfItsDer) {
  const VerifyKey key = VerifyKey::from_raw(unhex(vectors[0].public_key)).value();
  const Bytes der = unhex("302a300506032b6570032100" + std::string(vectors[0].public_key));
  EXPECT_EQ(key.key_id(), to_hex(sha256(der)).substr(0, 16));
}

TEST(SigningKey, RefusesASeedOfAnotherLength) {
  for (const std::size_t size : {0U, 31U, 33U}) EXPECT_FALSE(SigningKey::from_seed(Bytes(size)));
}

TEST(SigningKey, GeneratesADifferentKeyEachTime) {
  EXPECT_NE(SigningKey::generate().verify_key().raw(), SigningKey::generate().verify_key().raw());
}

TEST(SigningKey, WorksFromSeveralThreads) {
  const SigningKey key = SigningKey::generate();
  const VerifyKey verify_key = key.verify_key();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string message = std::to_string(t * 1000 + i);
          if (verify_key.verify(as_bytes(message), key.sign(as_bytes(message)))) ++good;
        }
      });
  }
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace skerry::crypto
