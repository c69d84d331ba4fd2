#include "crypto/certificate.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

// openssl req -x509 -newkey ed25519 -nodes -subj /CN=test -days 36500
constexpr std::string_view certificate = R"(-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhRkVNrYcho8DuQKLcwBcU813X+ghjAFBgMrZXAwDzENMAsG
A1UEAwwEdGVzdDAgFw0yNjExMjgxNjAxMjRaGA8yMTI2MTEwNDE2MDEyNFowDzEN
MAsGA1UEAwwEdGVzdDAqMAUGAytlcAMhACdezIPDkV9Nu4OfpwBStRv/n5CjE8ET
dB3Fob0vugWgo1MwUTAdBgNVHQ4EFgQUrH0l0qWSWos6X9G0Fn7KCvbpcNMwHwYD
VR0jBBgwFoAUrH0l0qWSWos6X9G0Fn7KCvbpcNMwDwYDVR0TAQH/BAUwAwEB/zAF
BgMrZXADQQBDA3mh42I87+SMe9B1JVbggC3HinQ+BVuVnScTLPZqDPeleIfRoqll
fiqqb8QlZ2PCEIFqIerrLtGxT3TUEwIK
-----END CERTIFICATE-----
)";

class Certificates : public ::testing::Test {
 protected:
  std::filesystem::path write(std::string_view text) {
    const auto file = folder_.path() / "ca.pem";
    std::ofstream(file) << text;
    return file;
  }
  TemporaryFolder folder_;
};

TEST_F(Certificates, AreTaken) {
  EXPECT_TRUE(check_certificates(write(certificate)));
  EXPECT_TRUE(check_certificates(write("The authority of the plant\n" + std::string(certificate))));
}

TEST_F(Certificates, AnythingElseIsNamed) {
  const std::string cut(certificate.substr(0, certificate.size() / 2));
  for (const std::string& text : {std::string(), std::string("root:x:0:0\n"), cut}) {
    const auto file = write(text);
    const auto refused = check_certificates(file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_config);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr(file.string()));
  }
  EXPECT_THAT(check_certificates(folder_.path() / "none.pem").error().detail,
              testing::HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace skerry::crypto
