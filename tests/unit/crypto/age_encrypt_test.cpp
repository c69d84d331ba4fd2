#include <gtest/gtest.h>

#include "crypto/age_stream.hpp"
#include "tests/unit/crypto/age_workbench.hpp"

namespace skerry::crypto {
namespace {

// Around the edges of a chunk.
const std::size_t sizes[] = {0,      1,      15,      16,      17,      65'535,
                             65'536, 65'537, 131'071, 131'072, 131'073, 300'000};

TEST(AgeEncryptor, RoundTripsEverySize) {
  const AgeIdentity identity = identity_of(1);
  const AgeRecipient recipients[] = {identity.recipient()};
  for (const std::size_t size : sizes) {
    const Bytes plain = seeded_bytes(size);
    const auto opened = decrypt(encrypt(plain, recipients), identity);
    ASSERT_TRUE(opened) << size << ": " << opened.error().detail;
    EXPECT_EQ(*opened, plain) << size;
  }
}

TEST(AgeEncryptor, OpensForEveryRecipientAndNobodyElse) {
  std::vector<AgeIdentity> identities;
  std::vector<AgeRecipient> recipients;
  for (std::uint32_t seed = 1; seed <= age_stanzas_max; ++seed) {
    identities.push_back(identity_of(seed));
    recipients.push_back(identities.back().recipient());
  }
  const Bytes plain = seeded_bytes(1000);
  const Bytes file = encrypt(plain, recipients);
  for (const AgeIdentity& identity : identities) EXPECT_EQ(decrypt(file, identity).value(), plain);
  const auto other = decrypt(file, identity_of(99));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::missing_key);
  EXPECT_EQ(decrypt(file, std::span<const AgeIdentity>()).error().code, Errc::missing_key);
}

TEST(AgeEncryptor, WritesTheSameFileWhateverThePieces) {
  const AgeRecipient recipients[] = {identity_of(1).recipient()};
  const Bytes plain = seeded_bytes(140'000);
  const Bytes whole = encrypt(plain, recipients, 5);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{999}, std::size_t{65'536}}) {
    SeededRandom random(5);
    CollectingSink sink;
    AgeEncryptor encryptor(sink, recipients, random);
    for (std::size_t at = 0; at < plain.size(); at += piece)
      ASSERT_TRUE(encryptor.write(ByteView(plain).subspan(at, std::min(piece, plain.size() - at))));
    ASSERT_TRUE(encryptor.finish());
    EXPECT_EQ(sink.bytes(), whole) << piece;
  }
}

TEST(AgeEncryptor, AddsSixteenBytesAChunk) {
  const AgeRecipient recipients[] = {identity_of(1).recipient()};
  const std::size_t empty = encrypt({}, recipients).size();
  EXPECT_EQ(encrypt(Bytes(65'536), recipients).size(), empty + 65'536);
  EXPECT_EQ(encrypt(Bytes(65'537), recipients).size(), empty + 65'537 + 16);
}

TEST(AgeEncryptor, UsesFreshKeysEachTime) {
  const AgeRecipient recipients[] = {identity_of(1).recipient()};
  const Bytes plain = seeded_bytes(100);
  const Bytes first = encrypt(plain, recipients, 1);
  const Bytes second = encrypt(plain, recipients, 2);
  EXPECT_EQ(first.size(), second.size());
  EXPECT_FALSE(std::equal(first.end() - 116, first.end(), second.end() - 116));
}

TEST(AgeEncryptor, HoldsOneChunkAtMost) {
  const AgeRecipient recipients[] = {identity_of(1).recipient()};
  SeededRandom random(1);
  CollectingSink sink;
  AgeEncryptor encryptor(sink, recipients, random);
  const Bytes plain = seeded_bytes(10'000);
  for (std::size_t written = 0; written < 1'000'000; written += plain.size()) {
    ASSERT_TRUE(encryptor.write(plain));
    EXPECT_GE(sink.bytes().size() + age_chunk_bytes, written + plain.size());
  }
}

TEST(AgeEncryptor, RefusesARecipientOfLowOrder) {
  // bech32 of 32 zero bytes: a well-formed text for a key that shares nothing.
  const AgeRecipient none{};
  const AgeRecipient recipients[] = {identity_of(1).recipient(),
                                     AgeRecipient::parse(none.to_text()).value()};
  for (const bool finish_at_once : {false, true}) {
    SeededRandom random(1);
    CollectingSink sink;
    AgeEncryptor encryptor(sink, recipients, random);
    const auto done = finish_at_once ? encryptor.finish() : encryptor.write(as_bytes("x"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::bad_input);
    EXPECT_NE(done.error().detail.find(none.to_text()), std::string::npos);
    EXPECT_TRUE(sink.bytes().empty());
  }
}

TEST(AgeEncryptor, PassesOnTheErrorOfTheNextStage) {
  const AgeRecipient recipients[] = {identity_of(1).recipient()};
  const std::size_t whole = encrypt(seeded_bytes(70'000), recipients).size();
  for (const std::size_t limit :
       {std::size_t{0}, std::size_t{100}, std::size_t{210}, std::size_t{65'000}, whole - 1}) {
    SeededRandom random(1);
    CollectingSink sink(limit);
    AgeEncryptor encryptor(sink, recipients, random);
    auto done = encryptor.write(seeded_bytes(70'000));
    if (done) done = encryptor.finish();
    ASSERT_FALSE(done) << limit;
    EXPECT_EQ(done.error().code, Errc::storage_full) << limit;
    EXPECT_FALSE(sink.is_finished());
  }
}

TEST(AgeEncryptorDeathTest, NeedsOneToEightRecipients) {
  SeededRandom random(1);
  CollectingSink sink;
  const std::vector<AgeRecipient> nine(age_stanzas_max + 1, identity_of(1).recipient());
  EXPECT_DEATH(AgeEncryptor(sink, nine, random), "check failed");
  EXPECT_DEATH(AgeEncryptor(sink, {}, random), "check failed");
}

}  // namespace
}  // namespace skerry::crypto
