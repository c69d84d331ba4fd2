// The header as the decryptor judges it: files with a right MAC and one thing wrong.
#include <algorithm>
#include <gtest/gtest.h>

#include "crypto/base64.hpp"
#include "tests/unit/crypto/age_workbench.hpp"

namespace skerry::crypto {
namespace {

const AgeIdentity& me() {
  static const AgeIdentity identity = identity_of(1);
  return identity;
}

Bytes payload() { return bench_payload({{seeded_bytes(50), true}}); }

Bytes file_with(const std::vector<AgeStanza>& stanzas) {
  return join(with_mac(format_age_stanzas(stanzas)), payload());
}

AgeStanza mine() { return bench_stanza(me().recipient()); }
AgeStanza foreign() { return bench_stanza(identity_of(2).recipient()); }
AgeStanza grease() { return {"xyz-grease", {"a", "b"}, seeded_bytes(100)}; }

template <class Edit>
AgeStanza edited(AgeStanza stanza, Edit edit) {
  edit(stanza);
  return stanza;
}

TEST(AgeDecryptor, OpensFilesMadeByHand) {
  for (const auto& stanzas : std::vector<std::vector<AgeStanza>>{
           {mine()},
           {foreign(), mine()},
           {mine(), foreign()},
           {grease(), mine(), grease()},
           {mine(), mine()},
           {{"scryptic", {}, {}}, mine()},
           {grease(), grease(), grease(), grease(), grease(), grease(), foreign(), mine()}}) {
    const auto plain = decrypt(file_with(stanzas), me());
    ASSERT_TRUE(plain) << plain.error().detail;
    EXPECT_EQ(*plain, seeded_bytes(50));
  }
}

TEST(AgeDecryptor, TriesEveryIdentity) {
  std::vector<AgeIdentity> identities;
  identities.push_back(identity_of(8));
  identities.push_back(identity_of(1));
  identities.push_back(identity_of(9));
  EXPECT_TRUE(decrypt(file_with({foreign(), grease(), mine()}), identities));
}

struct Refused {
  const char* what;
  std::vector<AgeStanza> stanzas;
  Errc code = Errc::corrupt_bundle;
};

TEST(AgeDecryptor, JudgesStanzas) {
  const auto no_argument = [](AgeStanza& s) { s.arguments.clear(); };
  const auto two_arguments = [](AgeStanza& s) { s.arguments.push_back("x"); };
  const auto cut_share = [](AgeStanza& s) {
    s.arguments[0] = to_base64(ByteView(*from_base64(s.arguments[0])).first(31));
  };
  const auto long_share = [](AgeStanza& s) {
    Bytes share = *from_base64(s.arguments[0]);
    share.push_back(0);
    s.arguments[0] = to_base64(share);
  };
  const auto padded_share = [](AgeStanza& s) { s.arguments[0] += '='; };
  const auto stray_bits = [](AgeStanza& s) { s.arguments[0].back() = 'B'; };
  const auto low_order = [](AgeStanza& s) { s.arguments[0] = to_base64(Bytes(32)); };
  const auto low_order_again = [](AgeStanza& s) {
    Bytes point(32, 0xff);
    point[0] = 0xee;
    point[31] = 0x7f;
    s.arguments[0] = to_base64(point);
  };
  const auto cut_body = [](AgeStanza& s) { s.body.pop_back(); };
  const auto long_body = [](AgeStanza& s) { s.body.push_back(0); };
  const auto empty_body = [](AgeStanza& s) { s.body.clear(); };
  const auto wrong_body = [](AgeStanza& s) { s.body[3] ^= 1; };
  const auto lower_case = [](AgeStanza& s) { s.type = "x25519"; };
  const AgeStanza scrypt{"scrypt", {to_base64(seeded_bytes(16)), "10"}, seeded_bytes(32)};

  const Refused cases[] = {
      {"no argument", {edited(mine(), no_argument)}},
      {"two arguments", {edited(mine(), two_arguments)}},
      {"a share of 31 bytes", {edited(mine(), cut_share)}},
      {"a share of 33 bytes", {edited(mine(), long_share)}},
      {"a share with padding", {edited(mine(), padded_share)}},
      {"a share with stray bits", {edited(mine(), stray_bits)}},
      {"a share of low order", {edited(mine(), low_order)}},
      {"another share of low order", {edited(mine(), low_order_again)}},
      {"a body of 31 bytes", {edited(mine(), cut_body)}},
      {"a body of 33 bytes", {edited(mine(), long_body)}},
      {"an empty body", {edited(mine(), empty_body)}},
      {"a malformed stanza of somebody else behind ours", {mine(), edited(foreign(), long_body)}},
      {"a malformed stanza of somebody else before ours", {edited(foreign(), no_argument), mine()}},
      {"a pass phrase behind ours", {mine(), scrypt}},
      {"a pass phrase before ours", {scrypt, mine()}},
      {"two pass phrases", {scrypt, scrypt}},
      {"a pass phrase alone", {scrypt}, Errc::missing_key},
      {"a body of ours that does not open", {edited(mine(), wrong_body)}, Errc::missing_key},
      {"a type in another case", {edited(mine(), lower_case)}, Errc::missing_key},
      {"somebody else's only", {foreign()}, Errc::missing_key},
      {"unknown types only", {grease(), grease()}, Errc::missing_key},
      {"nine stanzas", std::vector<AgeStanza>(9, mine()), Errc::limit_exceeded},
  };
  for (const Refused& c : cases) {
    const auto plain = decrypt(file_with(c.stanzas), me());
    ASSERT_FALSE(plain) << c.what;
    EXPECT_EQ(plain.error().code, c.code) << c.what << ": " << plain.error().detail;
  }
}

TEST(AgeDecryptor, ChecksTheMac) {
  const std::string covered = format_age_stanzas({mine(), grease()});
  std::string changed = covered;
  changed[changed.find("grease")] = 'G';
  const std::string mac = with_mac(covered).substr(covered.size());
  ASSERT_TRUE(decrypt(join(covered + mac, payload()), me()));
  const auto plain = decrypt(join(changed + mac, payload()), me());
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, Errc::corrupt_bundle);
  EXPECT_EQ(plain.error().detail, "the MAC of the age header does not fit");
}

TEST(AgeDecryptor, RefusesTextThatOnlyLooksLikeAHeader) {
  const std::string good = with_mac(format_age_stanzas({mine()}));
  for (const std::string& covered :
       {std::string("age-encryption.org/v1\n---"), "\n" + format_age_stanzas({mine()}),
        format_age_stanzas({mine()}) + "-"}) {
    const auto plain = decrypt(join(with_mac(covered), payload()), me());
    ASSERT_FALSE(plain) << covered;
    EXPECT_EQ(plain.error().code, Errc::corrupt_bundle) << covered;
  }
  EXPECT_EQ(decrypt(as_bytes("-----BEGIN AGE ENCRYPTED FILE-----\n"), me()).error().detail,
            "this is not an age v1 file");
}

TEST(AgeDecryptor, LimitsTheHeader) {
  const AgeStanza large{"large", {}, Bytes(age_header_bytes_max)};
  for (const std::size_t piece : {std::size_t{1000}, SIZE_MAX}) {
    const auto plain = decrypt(file_with({large, mine()}), me(), piece);
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().code, Errc::limit_exceeded);
  }
  // Endless headers stop at the limit, too.
  const std::string endless = "age-encryption.org/v1\n" + std::string(200'000, 'x');
  EXPECT_EQ(decrypt(as_bytes(endless), me()).error().code, Errc::limit_exceeded);
}

TEST(AgeDecryptor, ReadsAHeaderOfExactlyTheLimit) {
  AgeStanza filler{"filler", {"x"}, Bytes(40'000)};
  const std::size_t size = with_mac(format_age_stanzas({filler, mine()})).size();
  filler.arguments[0].append(age_header_bytes_max - size, 'x');
  EXPECT_TRUE(decrypt(file_with({filler, mine()}), me()));
  filler.arguments[0] += 'x';
  EXPECT_EQ(decrypt(file_with({filler, mine()}), me()).error().code, Errc::limit_exceeded);
}

TEST(AgeDecryptor, SaysAtOnceThatAFileIsNotAge) {
  CollectingSink sink;
  AgeDecryptor decryptor(sink, std::span(&me(), 1));
  EXPECT_FALSE(decryptor.write(as_bytes("PK")));
}

}  // namespace
}  // namespace skerry::crypto
