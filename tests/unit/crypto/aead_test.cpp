#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

Bytes seal(ByteView key, const AeadNonce& nonce, ByteView plain) {
  Bytes sealed(plain.size() + aead_tag_bytes);
  ChaCha20Poly1305(key).seal(nonce, plain, sealed);
  return sealed;
}

// RFC 8439, section 2.8.2. Its tag covers associated data, which age does not use: the tag without
// them was computed with another implementation (Python's cryptography).
TEST(ChaCha20Poly1305, SealsAsRfc8439) {
  Bytes key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
  const AeadNonce nonce{0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
  const std::string plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const std::string cipher_text =
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
      "72"
      "8b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b48"
      "31d"
      "7bc3ff4def08e4b7a9de576d26586cec64b6116";
  EXPECT_EQ(to_hex(seal(key, nonce, as_bytes(plain))),
            cipher_text + "6a23a4681fd59456aea1d29f82477216");
}

TEST(ChaCha20Poly1305, RoundTripsEveryLength) {
  const Bytes key = seeded_bytes(32);
  ChaCha20Poly1305 cipher(key);
  for (std::size_t size = 0; size < 200; ++size) {
    const AeadNonce nonce{static_cast<std::uint8_t>(size)};
    const Bytes plain = seeded_bytes(size, 7);
    Bytes sealed(size + aead_tag_bytes);
    cipher.seal(nonce, plain, sealed);
    EXPECT_EQ(sealed, seal(key, nonce, plain)) << "the object carries something over";
    Bytes opened(size);
    ASSERT_TRUE(cipher.open(nonce, sealed, opened)) << size;
    EXPECT_EQ(opened, plain);
  }
}

TEST(ChaCha20Poly1305, RefusesEveryFlippedBitAndWipes) {
  const Bytes key = seeded_bytes(32);
  const AeadNonce nonce{1};
  const Bytes plain = seeded_bytes(20, 7);
  const Bytes sealed = seal(key, nonce, plain);
  ChaCha20Poly1305 cipher(key);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes wrong = sealed;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    Bytes opened(plain.size(), 0xee);
    EXPECT_FALSE(cipher.open(nonce, wrong, opened)) << bit;
    EXPECT_EQ(opened, Bytes(plain.size()));
  }
  Bytes opened(plain.size());
  EXPECT_FALSE(cipher.open(AeadNonce{2}, sealed, opened));
  EXPECT_FALSE(ChaCha20Poly1305(seeded_bytes(32, 2)).open(nonce, sealed, opened));
  EXPECT_TRUE(cipher.open(nonce, sealed, opened)) << "a failure must not stick";
}

}  // namespace
}  // namespace skerry::crypto
