// From a lease token of a site to central's key.
#include "licensing/site_certificate.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "core/json_text.hpp"
#include "licensing/jws.hpp"
#include "licensing/lease_token.hpp"
#include "tests/unit/licensing/seats.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::licensing {
namespace {

constexpr UnixMillis signed_at = 1'780'000'000'000;
constexpr std::string_view site_text = "5f0c2a9e-3d7b-4c1a-9e55-0d4f6a7b8c9d";

// RFC 8032 section 7.1, tests 1 and 2.
crypto::SigningKey site_key_of(std::string_view seed) {
  return crypto::SigningKey::from_seed(*from_hex(seed)).value();
}
crypto::SigningKey site_key() {
  return site_key_of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
}
crypto::SigningKey central_key() {
  return site_key_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
}
SiteId the_site() { return *parse_id<SiteId>(site_text); }

std::string chained_token_of(std::string_view issuer, std::string_view certificate) {
  return LeaseSigner(site_key(), std::string(issuer), certificate)
      .token(seat_of(1, "press-1", signed_at + 600'000), allowance_of(2), signed_at);
}

TEST(SiteCertificate, LeadsFromATokenToCentral) {
  const std::string certificate =
      site_certificate(central_key(), the_site(), site_key().verify_key());
  const std::string token = chained_token_of(site_text, certificate);
  EXPECT_EQ(chain_of(token), certificate);
  const auto claims = verify_lease_token_of(central_key().verify_key(), token);
  ASSERT_TRUE(claims) << claims.error().detail;
  EXPECT_EQ(claims->at("iss").as_string(), site_text);
  EXPECT_TRUE(verify_lease_token(site_key().verify_key(), token));
  EXPECT_TRUE(verify_lease_token_of(site_key().verify_key(), token));  // the site's key will do
  EXPECT_EQ(signer_of(token), site_key().verify_key());
  for (const char* const text : {"", ".", "a.b.c", "e30.e30.", "eyJqd2siOnsieCI6IkFBIn19.."})
    EXPECT_FALSE(signer_of(text)) << text;
}

TEST(SiteCertificate, CentralsOwnTokensNeedNone) {
  const std::string token =
      LeaseSigner(central_key(), "central")
          .token(seat_of(1, "a", signed_at + 1000), allowance_of(1), signed_at);
  EXPECT_EQ(chain_of(token), "");
  EXPECT_TRUE(verify_lease_token_of(central_key().verify_key(), token));
  EXPECT_FALSE(verify_lease_token_of(site_key().verify_key(), token));
}

TEST(SiteCertificate, WhatDoesNotLeadThereIsRefused) {
  const auto pinned = central_key().verify_key();
  const auto sites = site_key().verify_key();
  const auto refused = [&](std::string_view issuer, const std::string& certificate) {
    return !verify_lease_token_of(pinned, chained_token_of(issuer, certificate));
  };
  const std::string good = site_certificate(central_key(), the_site(), sites);
  EXPECT_FALSE(refused(site_text, good));
  EXPECT_TRUE(refused("central", good));  // a site that calls itself central
  EXPECT_TRUE(refused(site_text, ""));
  EXPECT_TRUE(refused(site_text, site_certificate(site_key(), the_site(), sites)));
  EXPECT_TRUE(refused(site_text, site_certificate(central_key(), the_site(), pinned)));
  EXPECT_TRUE(refused(site_text, good.substr(0, good.size() - 1)));
  // Another text of central's is no certificate, whatever it says.
  const std::string lease =
      sign_jws(central_key(), jws_part(jws_header(central_key(), lease_token_type)),
               {{"iss", "central"}, {"sub", site_text}, {"jwk", to_jwk(sites)}});
  EXPECT_TRUE(refused(site_text, lease));
  for (const char* text : {"", ".", "a.b.c", "..", "e30.e30.e30"})
    EXPECT_FALSE(verify_site_certificate(pinned, text)) << text;
}

std::string between_them(const std::string& page, std::string_view before, std::string_view after) {
  const std::size_t begin = page.find(before) + before.size();
  return page.substr(begin, page.find(after, begin) - begin);
}

TEST(SiteCertificate, ThePageIsTrue) {
  std::ifstream file(SKERRY_SOURCE_DIR "/docs/formats/lease-token.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string shown = between_them(page, "```chain\n", "\n```");
  const std::size_t line = shown.find('\n');
  const std::string certificate =
      site_certificate(central_key(), the_site(), site_key().verify_key());
  EXPECT_EQ(certificate, shown.substr(line + 1));
  const std::size_t dot = certificate.find('.');
  const std::string claims = certificate.substr(dot + 1, certificate.rfind('.') - dot - 1);
  EXPECT_EQ(as_text(*from_base64url(claims)), shown.substr(0, line));
  const auto verified = [&](std::string_view row) {
    const std::string token = between_them(page, row, "`");
    EXPECT_GT(token.size(), 60u) << row;
    return verify_lease_token_of(central_key().verify_key(), token).has_value();
  };
  EXPECT_TRUE(verified("| the token with its chain | `"));
  EXPECT_FALSE(verified("| a certificate of another site | `"));
  EXPECT_FALSE(verified("| a certificate that the site made itself | `"));
}

class KeptCertificateTest : public store::MachineStoreTest {
 protected:
  KeptCertificateTest() : MachineStoreTest(Role::site) {
    write([&](store::Connection& connection) -> Result<void> {
      store::write_identity(connection, {Role::site, the_site(), "plant"});
      const std::string key = site_key().verify_key().to_text();
      store::write_meta(connection, "sign_key", key);
      return {};
    });
  }
  std::string kept_of(const std::string& certificate) {
    write([&](store::Connection& connection) -> Result<void> {
      keep_site_certificate(connection, central_key().verify_key(), certificate);
      return {};
    });
    const store::Reader reader = database->read();
    return read_site_certificate(*reader);
  }
};

TEST_F(KeptCertificateTest, OnlyItsOwnForTheKeyItHas) {
  const auto mine = site_key().verify_key();
  EXPECT_EQ(kept_of("x"), "");
  EXPECT_EQ(kept_of(site_certificate(site_key(), the_site(), mine)), "");
  SiteId other = the_site();
  other.bytes[0] ^= 1;
  EXPECT_EQ(kept_of(site_certificate(central_key(), other, mine)), "");
  EXPECT_EQ(kept_of(site_certificate(central_key(), the_site(), central_key().verify_key())), "");
  const std::string good = site_certificate(central_key(), the_site(), mine);
  EXPECT_EQ(kept_of(good), good);
  EXPECT_EQ(kept_of("x"), good);
  write([&](store::Connection& connection) -> Result<void> {
    const std::string next = crypto::SigningKey::generate().verify_key().to_text();
    store::write_meta(connection, "sign_key", next);
    return {};
  });
  EXPECT_EQ(kept_of("x"), "");
}

}  // namespace
}  // namespace skerry::licensing
