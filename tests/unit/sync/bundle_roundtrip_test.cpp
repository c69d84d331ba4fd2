#include <gtest/gtest.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using test::Exchange;

const std::vector<std::string> three_lines{
    R"({"k":"chg","seq":1})", R"({"k":"chg","seq":2,"n":"ü€🪨"})", R"({"k":"chg","seq":3})"};

TEST(BundleRoundTrip, EncryptedLinesComeBack) {
  Exchange exchange;
  const Bytes bytes = exchange.bundle(three_lines);
  const auto read = exchange.read(bytes);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, three_lines);
  EXPECT_EQ(as_text(bytes).find("seq"), std::string_view::npos);
}

TEST(BundleRoundTrip, PlainLinesComeBack) {
  Exchange exchange;
  const auto read = exchange.read(exchange.plain_bundle(three_lines));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, three_lines);
}

TEST(BundleRoundTrip, TheManifestComesBackWithThePayloadDescribed) {
  Exchange exchange;
  const BundleReader reader = exchange.open(exchange.bundle(three_lines)).value();
  Manifest read = reader.manifest();
  ASSERT_TRUE(read.payload);
  EXPECT_EQ(read.payload->lines, 4U);
  EXPECT_EQ(read.payload->encryption, PayloadEncryption::age_v1);
  read.payload.reset();
  EXPECT_EQ(read, exchange.manifest);
  EXPECT_EQ(reader.signers(), std::vector{exchange.manifest.from.key});
}

TEST(BundleRoundTrip, NoLinesAtAll) {
  Exchange exchange;
  const auto read = exchange.read(exchange.bundle({}));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(read->empty());
}

TEST(BundleRoundTrip, NoPayloadAtAll) {
  Exchange exchange;
  const BundleFile file =
      write_bundle(exchange.folder.path(), exchange.manifest, exchange.keys()).value();
  const Bytes bytes = test::bytes_of(file.file);
  EXPECT_EQ(bytes.size() % 512, 0U);
  const auto read = exchange.read(bytes);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(read->empty());
}

TEST(BundleRoundTrip, SeveralSignaturesAndRecipients) {
  Exchange exchange;
  const std::vector<crypto::SigningKey> keys{exchange.site, test::signing_key(2),
                                             test::signing_key(3)};
  std::vector<crypto::AgeRecipient> recipients;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    test::SeededRandom random(seed);
    recipients.push_back(crypto::AgeIdentity::generate(random).recipient());
  }
  recipients.push_back(exchange.central[0].recipient());
  BundleWriter writer =
      BundleWriter::create(exchange.folder.path(), exchange.random, recipients, exchange.route())
          .value();
  ASSERT_TRUE(writer.add_line("{}"));
  const BundleFile file = writer.finish(exchange.manifest, keys).value();
  const KeyLookup lookup =
      [&](const Manifest&, const crypto::KeyId& id) -> Result<std::optional<crypto::VerifyKey>> {
    for (const auto& key : keys)
      if (key.verify_key().key_id() == id) return key.verify_key();
    return std::nullopt;
  };
  BundleReader reader =
      BundleReader::open(test::file_of(test::bytes_of(file.file)), lookup).value();
  EXPECT_EQ(reader.signers().size(), 3U);
  EXPECT_TRUE(reader.stage(exchange.central, exchange.folder.path()));
}

TEST(BundleRoundTrip, LongLinesAcrossEveryBuffer) {
  Exchange exchange;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < 300; ++i) {
    std::string line(1 + (i * 7919) % (64 * 1024), ' ');
    test::SeededRandom(i).fill({reinterpret_cast<std::uint8_t*>(line.data()), line.size()});
    std::replace(line.begin(), line.end(), '\n', 'n');
    lines.push_back(std::move(line));
  }
  const auto read = exchange.read(exchange.bundle(lines));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, lines);
}

TEST(BundleRoundTrip, LinesMayBeReadAgainAndReadingStopsAtTheFirstError) {
  Exchange exchange;
  BundleReader reader = exchange.open(exchange.bundle(three_lines)).value();
  ASSERT_TRUE(reader.stage(exchange.central, exchange.folder.path()));
  for (int round = 0; round < 2; ++round) {
    int seen = 0;
    const auto stopped = reader.for_each_line([&](std::string_view, std::uint64_t) -> Result<void> {
      if (++seen == 2) return fail(Errc::busy);
      return {};
    });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Errc::busy);
    EXPECT_EQ(seen, 2);
  }
}

TEST(BundleRoundTrip, InspectAndVerifyNeedNoKeyToOpen) {
  Exchange exchange;
  const FileHandle file = test::file_of(exchange.bundle(three_lines));
  const auto inspected = inspect_bundle(file.fd());
  ASSERT_TRUE(inspected) << inspected.error().detail;
  EXPECT_EQ(inspected->signature_keys, std::vector{exchange.manifest.from.key});

  const std::vector good{exchange.site.verify_key()};
  const std::vector other{test::signing_key(9).verify_key()};
  EXPECT_TRUE(verify_bundle(file.fd(), good));
  EXPECT_EQ(verify_bundle(file.fd(), other).error().code, Errc::unknown_signer);
}

}  // namespace
}  // namespace skerry::sync
