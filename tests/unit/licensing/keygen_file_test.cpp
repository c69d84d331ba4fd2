#include "licensing/keygen_file.hpp"

#include <gmock/gmock.h>

#include "core/strict_json.hpp"
#include "core/timestamp.hpp"
#include "crypto/base64.hpp"

namespace skerry::licensing {
namespace {

using ::testing::HasSubstr;

crypto::SigningKey account() { return crypto::SigningKey::from_seed(Bytes(32, 7)).value(); }

std::string padded(std::string_view bytes) {
  std::string text = crypto::to_base64(as_bytes(bytes));
  return text.append((4 - text.size() % 4) % 4, '=');
}

// Signed, not encrypted; what is encrypted is made and opened by integration_relay.
std::string file_of(const std::string& content, const std::string& alg = "base64+ed25519") {
  const std::string enc = padded(content);
  const crypto::Signature signature = account().sign(as_bytes(std::string("license/").append(enc)));
  const json::object inside{{"enc", enc}, {"sig", padded(as_text(signature))}, {"alg", alg}};
  std::string file("-----BEGIN LICENSE FILE-----\n");
  return file.append(padded(json::serialize(inside))).append("\n-----END LICENSE FILE-----\n");
}

std::string licence(const std::string& expiry, const std::string& file_expiry) {
  std::string text(R"({"data":{"id":"L-1","type":"licenses","attributes":{"key":"K","expiry":)");
  return text.append(expiry)
      .append(R"(,"metadata":{"share":0.5}}},"meta":{"expiry":)")
      .append(file_expiry)
      .append("}}");
}

Result<KeygenLicence> opened(const std::string& file, const std::string& key = "K") {
  return open_keygen_file(file, key, account().verify_key());
}

TEST(KeygenFile, SaysWhatTheLicenceIs) {
  for (const std::string& key : {std::string("K"), std::string()}) {
    const auto found = opened(file_of(licence("null", "null")), key);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->id, "L-1");
    EXPECT_EQ(found->key, "K");
    EXPECT_FALSE(found->expires_at);
  }
}

TEST(KeygenFile, EndsWithTheEarlierOfBothExpiries) {
  const std::string early = R"("2026-03-01T00:00:00.000Z")";
  const std::string late = R"("2027-03-01T00:00:00Z")";
  const auto march = parse_timestamp("2026-03-01T00:00:00Z");
  EXPECT_EQ(opened(file_of(licence(early, late)))->expires_at, march);
  EXPECT_EQ(opened(file_of(licence(late, early)))->expires_at, march);
  EXPECT_EQ(opened(file_of(licence("null", early)))->expires_at, march);
  EXPECT_EQ(opened(file_of(licence(early, "null")))->expires_at, march);
  EXPECT_FALSE(opened(file_of(licence("5", "null"))));
}

TEST(KeygenFile, IsOfThisAccountAndOfThisKey) {
  const std::string file = file_of(licence("null", "null"));
  const auto other = crypto::SigningKey::generate().verify_key();
  EXPECT_EQ(open_keygen_file(file, "K", other).error().code, Errc::bad_signature);
  EXPECT_EQ(opened(file, "L").error().code, Errc::bad_signature);
}

TEST(KeygenFile, EveryChangedCharacterIsRefused) {
  const std::string file = file_of(licence("null", "null"));
  const std::size_t begin = file.find('\n') + 1;
  const std::size_t end = file.rfind("\n-----END");
  for (std::size_t at = begin; at < end; ++at) {
    std::string changed = file;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(opened(changed)) << at;
  }
}

TEST(KeygenFile, AnythingElseIsRefusedByName) {
  EXPECT_THAT(opened("").error().detail, HasSubstr("BEGIN LICENSE FILE"));
  EXPECT_THAT(opened("-----END LICENSE FILE----------BEGIN LICENSE FILE-----").error().detail,
              HasSubstr("no licence file"));
  EXPECT_THAT(opened(file_of("{}")).error().detail, HasSubstr("no licence"));
  EXPECT_THAT(opened(file_of("[]")).error().detail, HasSubstr("no JSON object"));
  EXPECT_THAT(opened(file_of(licence("null", "null"), "rsa-sha256")).error().detail,
              HasSubstr("'rsa-sha256'"));
  // Signed, but neither three parts nor opened by any key.
  EXPECT_EQ(opened(file_of("x", "aes-256-gcm+ed25519")).error().code, Errc::bad_signature);
  EXPECT_THAT(opened(file_of("x", "aes-256-gcm+ed25519"), "").error().detail,
              HasSubstr("encrypted"));
  EXPECT_FALSE(opened(file_of(std::string(1000, '['))));
  EXPECT_FALSE(opened(std::string(keygen_file_bytes_max + 1, ' ')));
}

TEST(KeygenFile, KeysOfAccountsAreHexadecimal) {
  const std::string digits = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  EXPECT_TRUE(read_keygen_public_key(digits));
  EXPECT_TRUE(
      read_keygen_public_key("D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A"));
  for (const std::string& wrong :
       {std::string(), digits.substr(2), digits + "00", std::string(64, 'z'), std::string(64, '0')})
    EXPECT_EQ(read_keygen_public_key(wrong).error().code, Errc::validation_failed) << wrong;
}

}  // namespace
}  // namespace skerry::licensing
