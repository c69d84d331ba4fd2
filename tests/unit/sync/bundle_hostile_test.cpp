// What an attacker, a confused tool or a wrong stick may bring (SYNC H15–H17).
#include <algorithm>
#include <gtest/gtest.h>

#include "sync/ustar.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using test::Exchange;
using test::RawMember;

std::vector<RawMember> members_of(ByteView bytes) {
  const FileHandle file = test::file_of(bytes);
  std::vector<RawMember> members;
  const std::vector<UstarMember> found = read_ustar(file.fd(), bytes.size(), 20).value();
  for (const UstarMember& member : found) {
    const ByteView content = bytes.subspan(member.offset, member.size);
    members.push_back({member.name, {content.begin(), content.end()}});
  }
  return members;
}

Errc refusal(const Exchange& exchange, ByteView bytes) {
  const auto read = exchange.read(bytes);
  if (read) {
    ADD_FAILURE() << "was accepted";
    return Errc::internal;
  }
  return read.error().code;
}

Errc refusal(const Exchange& exchange, const std::vector<RawMember>& members) {
  return refusal(exchange, test::raw_archive(members));
}

// The plain text of a payload that fits the exchange's manifest.
std::string plain_text(const Exchange& exchange, std::string_view rest) {
  const PayloadHead head{exchange.manifest.id, exchange.manifest.from.party,
                         exchange.manifest.from.epoch, exchange.manifest.to, Hash{}};
  return encode_payload_head(head) + "\n" + std::string(rest);
}

// Signed by the honest key, with whatever payload: what only a sender with a key can make.
Bytes signed_bundle(const Exchange& exchange, std::string_view plain, ByteView payload) {
  Manifest manifest = exchange.manifest;
  manifest.payload = test::describe(plain, payload);
  return test::raw_bundle(manifest, payload, exchange.site);
}

class BundleHostile : public ::testing::Test {
 protected:
  Exchange exchange_;
  Bytes good_ = exchange_.bundle({R"({"k":"chg","seq":1})"});
  std::vector<RawMember> members_ = members_of(good_);
};

TEST_F(BundleHostile, TheRawMembersMakeTheSameBundle) {
  EXPECT_EQ(test::raw_archive(members_), good_);
  EXPECT_TRUE(exchange_.read(good_));
}

TEST_F(BundleHostile, MembersInAnotherOrder) {
  std::vector<std::size_t> order{0, 1, 2};
  while (std::next_permutation(order.begin(), order.end())) {
    const std::vector<RawMember> other{members_[order[0]], members_[order[1]], members_[order[2]]};
    EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle);
  }
}

TEST_F(BundleHostile, MembersDoubled) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    std::vector<RawMember> other = members_;
    other.insert(other.begin() + static_cast<std::ptrdiff_t>(i), members_[i]);
    EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle) << i;
  }
}

TEST_F(BundleHostile, MembersRenamedOrAdded) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    for (const char* name : {"manifest", "payload2", "sig.", "sig.0123", "sig.0123456789abcdeg",
                             "sig.0123456789abcdef0", "readme"}) {
      std::vector<RawMember> other = members_;
      other[i].name = name;
      EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle) << i << name;
      other = members_;
      other.insert(other.begin() + static_cast<std::ptrdiff_t>(i) + 1, RawMember{name, {}});
      EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle) << i << name;
    }
  }
}

TEST_F(BundleHostile, MembersMissing) {
  EXPECT_EQ(refusal(exchange_, std::vector<RawMember>{}), Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, {members_[1], members_[2]}), Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, {members_[0], members_[2]}), Errc::bad_signature);
  EXPECT_EQ(refusal(exchange_, {members_[0], members_[1]}), Errc::corrupt_bundle);
}

TEST_F(BundleHostile, TooManySignatures) {
  std::vector<RawMember> other{members_[0]};
  for (const char digit : std::string_view("012345678"))
    other.push_back({"sig." + std::string(16, digit), Bytes(64)});
  EXPECT_EQ(refusal(exchange_, other), Errc::limit_exceeded);
}

TEST_F(BundleHostile, AnUnknownSecondSignatureIsRefusedToo) {
  std::vector<RawMember> other = members_;
  other.insert(other.begin() + 2, RawMember{"sig.ffffffffffffffff", Bytes(64)});
  EXPECT_EQ(refusal(exchange_, other), Errc::unknown_signer);
}

TEST_F(BundleHostile, SignatureOfTheWrongLength) {
  for (const std::size_t size : {0U, 63U, 65U}) {
    std::vector<RawMember> other = members_;
    other[1].content.resize(size);
    EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle);
  }
}

TEST_F(BundleHostile, SignatureSwapped) {
  std::vector<RawMember> other = members_;
  other[1] = members_of(exchange_.bundle({R"({"k":"chg","seq":2})"}))[1];
  EXPECT_EQ(refusal(exchange_, other), Errc::bad_signature);
}

// S + L is the same signature to a careless verifier (RFC 8032, 5.1.7).
TEST_F(BundleHostile, SignatureWithAnEquivalentScalar) {
  constexpr std::array<std::uint8_t, 32> order{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                               0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                               0,    0,    0,    0,    0,    0,    0,    0,
                                               0,    0,    0,    0,    0,    0,    0,    0x10};
  std::vector<RawMember> other = members_;
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const unsigned sum = other[1].content[32 + i] + order[i] + carry;
    other[1].content[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  EXPECT_EQ(refusal(exchange_, other), Errc::bad_signature);
}

TEST_F(BundleHostile, PayloadSwapped) {
  std::vector<RawMember> other = members_;
  other[2] = members_of(exchange_.bundle({R"({"k":"chg","seq":2})"}))[2];
  EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle);
}

TEST_F(BundleHostile, SignedByAKeyNobodyKnows) {
  const crypto::SigningKey stranger = test::signing_key(7);
  const Bytes bytes =
      test::raw_bundle(exchange_.open(good_)->manifest(), members_[2].content, stranger);
  EXPECT_EQ(refusal(exchange_, bytes), Errc::unknown_signer);
}

TEST_F(BundleHostile, TheLookupsRefusalIsPassedOn) {
  const KeyLookup revoked = [](const Manifest&,
                               const crypto::KeyId&) -> Result<std::optional<crypto::VerifyKey>> {
    return fail(Errc::revoked_signer, "revoked");
  };
  EXPECT_EQ(BundleReader::open(test::file_of(good_), revoked).error().code, Errc::revoked_signer);
}

TEST_F(BundleHostile, AKeyOfAnotherNameIsNotTaken) {
  const KeyLookup careless = [&](const Manifest&,
                                 const crypto::KeyId&) -> Result<std::optional<crypto::VerifyKey>> {
    return exchange_.site.verify_key();
  };
  std::vector<RawMember> other = members_;
  other.insert(other.begin() + 1, other[1]);
  other[1].name = "sig." + std::string(16, '0');
  const auto opened = BundleReader::open(test::file_of(test::raw_archive(other)), careless);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::bad_signature);
}

// A thief who may send takes somebody's payload, which he cannot open, and signs it as his own.
TEST_F(BundleHostile, H17_PayloadSignedAgainByAnotherSender) {
  const crypto::SigningKey thief = test::signing_key(7);
  Manifest manifest = exchange_.open(good_)->manifest();
  manifest.from.party = Party::site(new_id<SiteId>(exchange_.random));
  const KeyLookup lookup = [&](const Manifest&,
                               const crypto::KeyId&) -> Result<std::optional<crypto::VerifyKey>> {
    return thief.verify_key();
  };
  BundleReader reader =
      BundleReader::open(test::file_of(test::raw_bundle(manifest, members_[2].content, thief)),
                         lookup)
          .value();
  const Result<void> staged = reader.stage(exchange_.central, exchange_.folder.path());
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, Errc::bad_signature);
}

TEST_F(BundleHostile, PayloadOfAnotherEpochRecipientOrBundle) {
  const Manifest honest = exchange_.open(good_)->manifest();
  Manifest epoch = honest;
  epoch.from.epoch = new_id<EpochId>(exchange_.random);
  Manifest recipient = honest;
  recipient.to = Party::site(new_id<SiteId>(exchange_.random));
  Manifest bundle = honest;
  bundle.id = new_id<BundleId>(exchange_.random);
  for (const Manifest& manifest : {epoch, recipient, bundle})
    EXPECT_EQ(refusal(exchange_, test::raw_bundle(manifest, members_[2].content, exchange_.site)),
              Errc::bad_signature);
}

TEST_F(BundleHostile, AnotherRecipientsKeyDoesNotOpenIt) {
  BundleReader reader = exchange_.open(good_).value();
  const std::array<crypto::AgeIdentity, 1> other{crypto::AgeIdentity::generate(exchange_.random)};
  EXPECT_EQ(reader.stage(other, exchange_.folder.path()).error().code, Errc::missing_key);
  EXPECT_EQ(reader.stage({}, exchange_.folder.path()).error().code, Errc::missing_key);
}

TEST_F(BundleHostile, ManifestAndArchiveDisagreeAboutThePayload) {
  Manifest without = exchange_.manifest;
  EXPECT_EQ(refusal(exchange_, test::raw_bundle(without, Bytes(100), exchange_.site)),
            Errc::corrupt_bundle);
}

TEST_F(BundleHostile, AManifestOverItsLimit) {
  std::vector<RawMember> other = members_;
  other[0].content.resize(256 * 1024 + 1, ' ');
  EXPECT_EQ(refusal(exchange_, other), Errc::limit_exceeded);
}

TEST_F(BundleHostile, NestingBombs) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string text = R"({"_type":"skerry/bundle/v1","x":)" + deep + "}";
  std::vector<RawMember> other = members_;
  other[0].content.assign(text.begin(), text.end());
  EXPECT_EQ(refusal(exchange_, other), Errc::corrupt_bundle);
}

TEST_F(BundleHostile, CompressionBombs) {
  // Honest about its size: over the ratio. A frame of 100 MiB of one line's worth of bytes.
  const std::string large = plain_text(exchange_, std::string(100 << 20, 'x') + "\n");
  const Bytes small = test::compressed(large);
  ASSERT_LT(small.size(), 64U * 1024);
  EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, large, small)), Errc::limit_exceeded);
  // Lies about its size: more comes out than declared.
  const std::string declared = plain_text(exchange_, "{}\n");
  EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, declared, small)), Errc::limit_exceeded);
}

TEST_F(BundleHostile, DeclaredSizesThatAreNotSo) {
  const std::string plain = plain_text(exchange_, "{\"a\":1}\n{\"b\":2}\n");
  const Bytes payload = test::compressed(plain);
  const auto with = [&](auto change) {
    Manifest manifest = exchange_.manifest;
    manifest.payload = test::describe(plain, payload);
    change(*manifest.payload);
    return test::raw_bundle(manifest, payload, exchange_.site);
  };
  EXPECT_TRUE(exchange_.read(with([](PayloadInfo&) {})));
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { ++p.plain_size; })), Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { --p.plain_size; })), Errc::limit_exceeded);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { ++p.lines; })), Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { --p.lines; })), Errc::limit_exceeded);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { ++p.size; })), Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { p.sha256[0] ^= 1; })),
            Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { p.plain_sha256[0] ^= 1; })),
            Errc::corrupt_bundle);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { p.lines = 100'001; })),
            Errc::limit_exceeded);
  EXPECT_EQ(refusal(exchange_, with([](PayloadInfo& p) { p.plain_size = 1ULL << 40; })),
            Errc::limit_exceeded);
  EXPECT_EQ(
      refusal(exchange_, with([](PayloadInfo& p) { p.encryption = PayloadEncryption::age_v1; })),
      Errc::corrupt_bundle);
}

TEST_F(BundleHostile, PayloadsThatAreNotOneFrame) {
  const std::string plain = plain_text(exchange_, "{}\n");
  const Bytes frame = test::compressed(plain);
  const auto joined = [](Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  const Bytes skippable{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'};
  Bytes no_checksum = frame;
  no_checksum[4] = static_cast<std::uint8_t>(no_checksum[4] & ~0x04U);
  Bytes dictionary = frame;
  dictionary[4] |= 0x01;
  const struct {
    const char* what;
    Bytes payload;
  } cases[] = {
      {"skippable frame first", joined(skippable, frame)},
      {"skippable frame last", joined(frame, skippable)},
      {"two frames", joined(frame, test::compressed("{}\n"))},
      {"a byte after the frame", joined(frame, {0})},
      {"cut short", {frame.begin(), frame.end() - 1}},
      {"only a magic number", {frame.begin(), frame.begin() + 4}},
      {"no checksum", no_checksum},
      {"dictionary", dictionary},
      {"not zstd", {plain.begin(), plain.end()}},
      {"legacy frame", {0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0}},
  };
  for (const auto& c : cases)
    EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, plain, c.payload)), Errc::corrupt_bundle)
        << c.what;
}

TEST_F(BundleHostile, AWindowOverEightMebibytes) {
  // Frame header (RFC 8878, 3.1.1.1): window 2^24; an empty last raw block; a checksum.
  const Bytes frame{0x28, 0xb5, 0x2f, 0xfd, 0x04, (24 - 10) << 3, 0x01, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, plain_text(exchange_, ""), frame)),
            Errc::limit_exceeded);
}

TEST_F(BundleHostile, LinesThatAreNotLines) {
  const auto refused = [&](std::string_view rest) {
    const std::string plain = plain_text(exchange_, rest);
    return refusal(exchange_, signed_bundle(exchange_, plain, test::compressed(plain)));
  };
  EXPECT_EQ(refused("{}\n\n{}\n"), Errc::corrupt_bundle);
  EXPECT_EQ(refused("{}"), Errc::corrupt_bundle);  // no newline at the end
  EXPECT_EQ(refused(std::string(64 * 1024 + 1, 'x') + "\n"), Errc::limit_exceeded);
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "{}\n";
  EXPECT_EQ(refused(many), Errc::limit_exceeded);
}

TEST_F(BundleHostile, TheFirstLineMustBeAHead) {
  for (const std::string_view plain : {"{}\n", "{\"k\":\"chg\"}\n", "not json\n", "[]\n",
                                       "{\"k\":\"head\",\"_type\":\"skerry/payload/v1\"}\n"}) {
    EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, plain, test::compressed(plain))),
              Errc::corrupt_bundle)
        << plain;
  }
  const std::string newer = "{\"k\":\"head\",\"_type\":\"skerry/payload/v2\"}\n";
  EXPECT_EQ(refusal(exchange_, signed_bundle(exchange_, newer, test::compressed(newer))),
            Errc::unsupported_version);
}

}  // namespace
}  // namespace skerry::sync
