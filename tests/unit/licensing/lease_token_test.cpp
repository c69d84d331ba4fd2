#include "licensing/lease_token.hpp"

#include <fstream>
#include <gmock/gmock.h>

#include "core/timestamp.hpp"
#include "tests/unit/licensing/seats.hpp"

namespace skerry::licensing {
namespace {

constexpr UnixMillis now = 1'780'000'000'000;

// RFC 8032 section 7.1, test 1.
crypto::SigningKey known_key() {
  const auto seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  return crypto::SigningKey::from_seed(*seed).value();
}

std::string token_of(const crypto::SigningKey& key, UnixMillis until = now + 600'999) {
  Allowance allowance = allowance_of(2);
  allowance.attributes = {{"tier", "gold"}};
  return LeaseSigner(key, "central").token(seat_of(1, "press-1", until), allowance, now);
}

TEST(LeaseToken, SaysWhatWasGiven) {
  const auto key = known_key();
  const auto claims = verify_lease_token(key.verify_key(), token_of(key));
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->at("iss").as_string(), "central");
  EXPECT_EQ(claims->at("sub").as_string(), to_string(id_of(1)));
  EXPECT_EQ(claims->at("iat").as_int64(), 1'780'000'000);
  EXPECT_EQ(claims->at("exp").as_int64(), 1'780'000'600);
  EXPECT_TRUE(claims->at("entitlement_expires_at").is_null());
}

TEST(LeaseToken, ItsHeaderNamesTheKey) {
  const auto key = known_key();
  const std::string token = token_of(key);
  const Bytes header = *from_base64url(token.substr(0, token.find('.')));
  EXPECT_EQ(as_text(header), R"({"alg":"EdDSA","typ":"skerry-lease+jwt","kid":")" +
                                 key.verify_key().key_id() +
                                 R"(","jwk":{"kty":"OKP","crv":"Ed25519",)" +
                                 R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}})");
}

TEST(LeaseToken, ABorrowedSeatsAmountsAreInIt) {
  const auto key = known_key();
  Seat seat = seat_of(1, "a", now + 1000);
  seat.held = {{"cores", 4}};
  seat.allotted = {{"prints", 20}};
  const auto amounts = [&] {
    const auto token = LeaseSigner(key, "central").token(seat, allowance_of(1), now);
    const auto claims = verify_lease_token(key.verify_key(), token);
    const json::value* const found = claims->if_contains("amounts");
    return found ? json::serialize(*found) : std::string();
  };
  EXPECT_EQ(amounts(), "");
  seat.hold = Hold::borrowed;
  EXPECT_EQ(amounts(), R"({"cores":4,"prints":20})");
}

// The same lease is the same token: a lost reply can be given again.
TEST(LeaseToken, IsAFunctionOfWhatItSays) {
  EXPECT_EQ(token_of(known_key()), token_of(known_key()));
}

// The text between the first `before` of the page and the next `after`.
std::string between(const std::string& page, std::string_view before, std::string_view after) {
  const std::size_t begin = page.find(before) + before.size();
  return page.substr(begin, page.find(after, begin) - begin);
}

std::string the_page() {
  std::ifstream file(SKERRY_SOURCE_DIR "/docs/formats/lease-token.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(LeaseToken, TheExampleIsAToken) {
  const std::string page = the_page();
  const std::string token = between(page, "```text\n", "\n```");
  Allowance allowance;
  allowance.entitlement = *parse_id<RecordId>("0199c0de-0000-7000-8000-00000000000f");
  allowance.product_sku = "PRESS";
  allowance.expires_at = parse_timestamp("2027-03-01T00:00:00Z");
  allowance.features = {{"cores", FeatureType::element_pool, false, {8}, {0}},
                        {"export", FeatureType::boolean, true, {0}, {0}},
                        {"prints", FeatureType::usage_count, false, {}, {0}}};
  allowance.attributes = {{"tier", "gold"}};
  Seat seat;
  seat.id = *parse_id<RecordId>("0199c0de-0000-7000-8000-00000000000e");
  seat.entitlement = allowance.entitlement;
  seat.machine = "press-07";
  seat.until = now + 600'000;
  EXPECT_EQ(
      LeaseSigner(known_key(), "5f0c2a9e-3d7b-4c1a-9e55-0d4f6a7b8c9d").token(seat, allowance, now),
      token);
  const auto shown = between(page, "```json\n", "\n```");
  const std::size_t line = shown.find('\n');
  const std::size_t dot = token.find('.');
  EXPECT_EQ(as_text(*from_base64url(token.substr(0, dot))), shown.substr(0, line));
  EXPECT_EQ(as_text(*from_base64url(token.substr(dot + 1, token.rfind('.') - dot - 1))),
            shown.substr(line + 1));
}

TEST(LeaseToken, TheVectorsAreRefused) {
  const std::string page = the_page();
  for (const std::string_view what :
       {"| another type, signed by the same key | `", "| one character of the claims changed | `",
        "| without its signature | `"}) {
    const std::string token = between(page, what, "`");
    EXPECT_GT(token.size(), 60u);
    EXPECT_FALSE(verify_lease_token(known_key().verify_key(), token)) << what;
  }
}

TEST(LeaseToken, AnyChangeIsNoticed) {
  const auto key = known_key();
  const std::string token = token_of(key);
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify_lease_token(key.verify_key(), changed)) << at;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), token + ".",
        token.substr(0, token.rfind('.') + 1), "." + token})
    EXPECT_FALSE(verify_lease_token(key.verify_key(), text)) << text;
}

TEST(LeaseToken, AnotherKeyOrTypeIsRefused) {
  const auto key = known_key();
  const auto other = crypto::SigningKey::generate();
  EXPECT_FALSE(verify_lease_token(other.verify_key(), token_of(key)));
  const std::string unsigned_part =
      to_base64url(as_bytes(R"({"alg":"EdDSA","typ":"JWT"})")) + "." + to_base64url(as_bytes("{}"));
  const std::string jwt = unsigned_part + "." + to_base64url(key.sign(as_bytes(unsigned_part)));
  EXPECT_FALSE(verify_lease_token(key.verify_key(), jwt));
}

}  // namespace
}  // namespace skerry::licensing
