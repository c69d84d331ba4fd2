#include "crypto/tls_certificates.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/tls_context.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

using testing::HasSubstr;

constexpr UnixMillis now = 1'780'000'000'000;
const std::vector<std::string> names{"box.plant.example", "localhost", "10.0.0.5", "::1"};

TEST(TlsCertificates, AreOfTheirAuthorityAndForTheirNames) {
  const CertificateAndKey authority = make_authority("Skerry on box", names, now);
  const auto leaf = issue_certificate(authority, names, now);
  ASSERT_TRUE(leaf) << leaf.error().detail;
  const auto facts = read_certificate(leaf->certificate);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->subject, "box.plant.example");
  EXPECT_EQ(facts->issuer, "Skerry on box");
  EXPECT_EQ(facts->names, names);
  EXPECT_EQ(facts->not_before, now - certificate_back_ms);
  EXPECT_EQ(facts->not_after, now + certificate_ms);
  EXPECT_LE(facts->not_after - facts->not_before, 825 * day_ms);
  const auto issuer = read_certificate(authority.certificate);
  EXPECT_EQ(issuer->subject, issuer->issuer);
  EXPECT_EQ(issuer->names, names);
  EXPECT_NE(issuer->sha256, facts->sha256);
}

TEST(TlsCertificates, AnAuthorityVouchesForItsNamesAlone) {
  const CertificateAndKey authority = make_authority("Skerry on box", names, now);
  for (const char* stranger : {"bank.example", "plant.example", "10.0.0.6", "::2"}) {
    const std::vector<std::string> wanted{stranger};
    const auto refused = issue_certificate(authority, wanted, now);
    ASSERT_FALSE(refused) << stranger;
    EXPECT_EQ(refused.error().code, Errc::bad_config);
    EXPECT_THAT(refused.error().next, HasSubstr("--new-ca"));
  }
  const std::vector<std::string> below{"api.box.plant.example"};
  EXPECT_TRUE(issue_certificate(authority, below, now));
}

// By a stranger's eyes: the tool of OpenSSL, which knows nothing of us.
TEST(TlsCertificates, OpensslVerifiesThem) {
  const TemporaryFolder folder;
  const CertificateAndKey authority = make_authority("Skerry on box", names, now);
  const auto leaf = issue_certificate(authority, names, now);
  std::ofstream(folder / "ca.pem") << authority.certificate;
  std::ofstream(folder / "leaf.pem") << leaf->certificate;
  const auto verify = [&](std::string_view more) {
    return std::system(fmt::format("openssl verify -x509_strict -purpose sslserver -attime {} "
                                   "-CAfile {} {} {} >/dev/null 2>&1",
                                   now / 1000, (folder / "ca.pem").native(), more,
                                   (folder / "leaf.pem").native())
                           .c_str());
  };
  EXPECT_EQ(verify(""), 0);
  EXPECT_EQ(verify("-verify_hostname box.plant.example"), 0);
  EXPECT_EQ(verify("-verify_ip 10.0.0.5"), 0);
  EXPECT_NE(verify("-verify_hostname bank.example"), 0);
  EXPECT_NE(verify("-verify_ip 10.0.0.6"), 0);
}

TEST(TlsCertificates, RefuseWhatDoesNotFit) {
  const CertificateAndKey one = make_authority("One", names, now);
  const CertificateAndKey two = make_authority("Two", names, now);
  const CertificateAndKey mixed{one.certificate, SecretBytes(two.key.view())};
  EXPECT_EQ(issue_certificate(mixed, names, now).error().code, Errc::bad_config);
  EXPECT_FALSE(read_certificate("nonsense"));
  EXPECT_FALSE(read_certificate(""));
}

TEST(TlsNames, AreNamesOrAddresses) {
  for (const char* good :
       {"box", "box.plant.example", "10.0.0.5", "::1", "fe80::1", "a-b.c", "7up"})
    EXPECT_EQ(tls_name_complaint(good), "") << good;
  for (const char* bad : {"", ".", "a..b", "-a", ".a", "a.", "a_b", "a b", "a,DNS:b", "10.0.0",
                          "10.0.0.256", "*.example", "ä"})
    EXPECT_NE(tls_name_complaint(bad), "") << bad;
}

TEST(ServerTls, TakesACertificateWithItsKey) {
  const CertificateAndKey authority = make_authority("Skerry on box", names, now);
  auto leaf = issue_certificate(authority, names, now);
  auto other = issue_certificate(authority, names, now);
  const auto make = [](std::string_view certificate, const SecretBytes& key,
                       std::string_view clients) {
    return make_server_tls(
        {std::string(certificate), SecretBytes(key.view()), std::string(clients)});
  };
  EXPECT_TRUE(make(leaf->certificate, leaf->key, ""));
  EXPECT_TRUE(make(leaf->certificate + authority.certificate, leaf->key, authority.certificate));
  EXPECT_THAT(make(leaf->certificate, other->key, "").error().detail, HasSubstr("not that of"));
  EXPECT_THAT(make("nonsense", leaf->key, "").error().detail, HasSubstr("none in PEM"));
  EXPECT_THAT(make(leaf->certificate, SecretBytes(), "").error().detail, HasSubstr("key"));
  EXPECT_THAT(make(leaf->certificate, leaf->key, "nonsense").error().detail,
              HasSubstr("client_ca_file"));
}

}  // namespace
}  // namespace skerry::crypto
