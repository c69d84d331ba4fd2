#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/evp.hpp"
#include "crypto/file.hpp"
#include "crypto/signing.hpp"
#include "tests/unit/crypto/seeded_random.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

// RFC 8410, section 10.3: the same key alone, and with an attribute and its public key.
constexpr std::string_view rfc8410_private =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr std::string_view rfc8410_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

TEST(SigningPem, ReadsAndWritesTheKeysOfRfc8410) {
  const SigningKey key = SigningKey::from_pem(rfc8410_private).value();
  EXPECT_EQ(key.to_pem().text(), rfc8410_private);
  EXPECT_EQ(key.verify_key().to_pem(), rfc8410_public);
  EXPECT_EQ(VerifyKey::from_pem(rfc8410_public).value(), key.verify_key());
}

TEST(SigningPem, AcceptsWordsAroundTheBlock) {
  const std::string text = "The key of site 7\n\n" + std::string(rfc8410_public) + "\nend\n";
  EXPECT_TRUE(VerifyKey::from_pem(text));
}

TEST(SigningPem, RefusesOtherBlocks) {
  // A P-256 key, a certificate-like label, an encrypted key, an EC label: all not what is read
  // here.
  const std::string p256 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvmKM1rIMFKNlyPQx\n"
      "i2dqmnqr0N4eEsHFsDu3mVNqF1ihRANCAAQwSmXmkOScHEnGCcLUcRl93XhlvPPU\n"
      "-----END PRIVATE KEY-----\n";
  const std::string x25519 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
      "-----END PRIVATE KEY-----\n";
  std::string relabelled(rfc8410_private);
  for (std::size_t at; (at = relabelled.find("PRIVATE KEY")) != std::string::npos;)
    relabelled.replace(at, 11, "EC KEY");
  std::string with_header(rfc8410_private);
  with_header.insert(with_header.find('\n') + 1,
                     "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
  std::string damaged(rfc8410_private);
  damaged[damaged.find("MC4C") + 3] = 'D';
  const std::string twice = std::string(rfc8410_private) + std::string(rfc8410_private);
  const std::string cut(rfc8410_private.substr(0, rfc8410_private.size() - 30));
  const std::string and_a_half = std::string(rfc8410_private) + cut;
  for (const std::string& pem :
       {p256, x25519, relabelled, with_header, damaged, twice, cut, and_a_half,
        std::string(rfc8410_public), std::string(), std::string("x"),
        std::string(20'000, '\n') + std::string(rfc8410_private)}) {
    const auto key = SigningKey::from_pem(pem);
    ASSERT_FALSE(key) << pem;
    EXPECT_EQ(key.error().code, Errc::bad_input) << pem;
    EXPECT_FALSE(key.error().detail.empty());
  }
  EXPECT_FALSE(VerifyKey::from_pem(rfc8410_private));
  EXPECT_FALSE(VerifyKey::from_pem({}));  // a view that points nowhere
  EXPECT_FALSE(SigningKey::from_pem({}));
  EXPECT_EQ(ERR_peek_error(), 0U) << "errors were left for the next user of OpenSSL";
}

TEST(SigningPem, RefusesBytesBehindTheKey) {
  // The public key's DER with one byte appended.
  EXPECT_FALSE(
      VerifyKey::from_pem("-----BEGIN PUBLIC KEY-----\n"
                          "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuEA\n"
                          "-----END PUBLIC KEY-----\n"));
}

TEST(SigningKeyFile, RoundTripsWithMode0600) {
  const TemporaryFolder folder;
  const SigningKey key = SigningKey::generate();
  ASSERT_TRUE(key.save_new(folder / "key.pem"));
  struct stat status;
  ASSERT_EQ(::stat((folder / "key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(SigningKey::load(folder / "key.pem").value().verify_key(), key.verify_key());
}

TEST(SigningKeyFile, IsNeverReplaced) {
  const TemporaryFolder folder;
  const SigningKey key = SigningKey::generate();
  ASSERT_TRUE(key.save_new(folder / "key.pem"));
  const auto again = SigningKey::generate().save_new(folder / "key.pem");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_EQ(SigningKey::load(folder / "key.pem").value().verify_key(), key.verify_key());
}

TEST(SigningKeyFile, SaysHowToCloseAFileThatOthersMayRead) {
  const TemporaryFolder folder;
  const auto file = folder / "key.pem";
  ASSERT_TRUE(SigningKey::generate().save_new(file));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto key = SigningKey::load(file);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().next, "chmod 600 " + file.string());
}

TEST(SigningKeyFile, NamesTheFileThatHoldsNoKey) {
  const TemporaryFolder folder;
  const auto file = folder / "key.pem";
  ASSERT_TRUE(create_file_atomically(file, as_bytes("not a key"), 0600));
  const auto key = SigningKey::load(file);
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().detail.find(file.string()), std::string::npos) << key.error().detail;
  EXPECT_FALSE(key.error().next.empty());
  EXPECT_EQ(SigningKey::load(folder / "none").error().code, Errc::not_found);
}

}  // namespace
}  // namespace skerry::crypto
