#include "crypto/sha256.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

std::string hex_of(std::string_view text) { return to_hex(sha256(as_bytes(text))); }

// FIPS 180-4, the examples of its appendix and NIST's long message.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DigestsPartsAsTheWhole) {
  const Bytes bytes = seeded_bytes(300);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Sha256 hasher;
    hasher.update(ByteView(bytes).first(cut));
    hasher.update(ByteView(bytes).subspan(cut));
    EXPECT_EQ(hasher.finish(), sha256(bytes)) << cut;
  }
}

TEST(Sha256, StartsAnewAfterFinish) {
  Sha256 hasher;
  hasher.update(as_bytes("something else"));
  hasher.finish();
  hasher.update(as_bytes("abc"));
  EXPECT_EQ(hasher.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(hasher.finish(), sha256({}));
}

TEST(Sha256, CarriesItsStateWhenMoved) {
  Sha256 first;
  first.update(as_bytes("ab"));
  Sha256 second(std::move(first));
  Sha256 third;
  third = std::move(second);
  third.update(as_bytes("c"));
  EXPECT_EQ(third.finish(), sha256(as_bytes("abc")));
}

// RFC 4231, section 4: test cases 1 to 4, 6 and 7.
TEST(HmacSha256, GivesTheDigestsOfRfc4231) {
  struct Case {
    Bytes key;
    std::string message;
    const char* digest;
  };
  Bytes counting(25);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::uint8_t>(i + 1);
  const Case cases[] = {
      {Bytes(20, 0x0b), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {Bytes{'J', 'e', 'f', 'e'}, "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(20, 0xaa), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counting, std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {Bytes(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {Bytes(131, 0xaa),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(to_hex(hmac_sha256(c.key, as_bytes(c.message))), c.digest) << c.message;
    const HmacKey key(c.key);
    for (int turn = 0; turn < 2; ++turn)
      EXPECT_EQ(to_hex(key.of(as_bytes(c.message))), c.digest) << c.message;
  }
}

TEST(HmacSha256, TakesAnEmptyKeyAndMessage) {
  EXPECT_EQ(to_hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ChainHash, IsTheDigestOfPreviousAndLine) {
  const Hash zero{};
  const std::string line = R"({"k":"chg","v":1,"seq":1})";
  Bytes joined(zero.begin(), zero.end());
  joined.insert(joined.end(), line.begin(), line.end());
  const Hash first = chain_hash(zero, line);
  EXPECT_EQ(first, sha256(joined));
  EXPECT_NE(chain_hash(first, line), first);
  EXPECT_NE(chain_hash(zero, line + "\n"), first);
}

TEST(ChainHash, IsIndependentOfOtherThreads) {
  const auto chain_of = [](std::size_t length) {
    Hash hash{};
    for (std::size_t i = 0; i < length; ++i) hash = chain_hash(hash, std::to_string(i));
    return hash;
  };
  const Hash expected = chain_of(2000);
  std::vector<Hash> seen(4);
  std::vector<std::jthread> threads;
  for (Hash& hash : seen) threads.emplace_back([&hash, &chain_of] { hash = chain_of(2000); });
  threads.clear();
  for (const Hash& hash : seen) EXPECT_EQ(hash, expected);
}

}  // namespace
}  // namespace skerry::crypto
