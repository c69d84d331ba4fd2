#include "crypto/aes_gcm.hpp"

#include <gtest/gtest.h>

namespace skerry::crypto {
namespace {

// Test case 14 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B.
const Bytes key(32);
const Bytes nonce(12);
const Bytes sealed = *from_hex("cea7403d4d606b6e074ec5d3baf39d18");
const Bytes tag = *from_hex("d0d1c8a799996bf0265b98b5d48ab919");

TEST(AesGcm, OpensTheVectors) {
  EXPECT_EQ(open_aes_256_gcm(key, nonce, sealed, tag), Bytes(16));
  // Test case 13: nothing at all.
  EXPECT_EQ(open_aes_256_gcm(key, nonce, {}, *from_hex("530f8afbc74536b9a963b4f1c4cb738b")),
            Bytes());
}

TEST(AesGcm, AnyChangeIsNoticed) {
  for (std::size_t at = 0; at < 16; ++at) {
    Bytes other_text = sealed, other_tag = tag, other_nonce = nonce, other_key = key;
    other_text[at] ^= 1;
    other_tag[at] ^= 0x80;
    other_nonce[at % 12] ^= 1;
    other_key[at * 2] ^= 1;
    EXPECT_FALSE(open_aes_256_gcm(key, nonce, other_text, tag));
    EXPECT_FALSE(open_aes_256_gcm(key, nonce, sealed, other_tag));
    EXPECT_FALSE(open_aes_256_gcm(key, other_nonce, sealed, tag));
    EXPECT_FALSE(open_aes_256_gcm(other_key, nonce, sealed, tag));
  }
}

TEST(AesGcm, OtherLengthsAreRefused) {
  EXPECT_FALSE(open_aes_256_gcm(key, nonce, sealed, ByteView(tag).first(15)));
  EXPECT_FALSE(open_aes_256_gcm(key, ByteView(nonce).first(8), sealed, tag));
  EXPECT_FALSE(open_aes_256_gcm(key, nonce, ByteView(sealed).first(15), tag));
}

}  // namespace
}  // namespace skerry::crypto
