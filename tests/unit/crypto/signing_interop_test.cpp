// Keys and signatures between Skerry and the openssl program.
#include <gtest/gtest.h>

#include "crypto/signing.hpp"
#include "tests/unit/crypto/program.hpp"
#include "tests/unit/crypto/seeded_random.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

class OpensslProgram : public testing::Test {
 protected:
  void SetUp() override { SKERRY_NEED_PROGRAM("openssl"); }

  std::string at(const std::string& name) const { return quoted(folder_ / name); }

  TemporaryFolder folder_;
};

TEST_F(OpensslProgram, VerifiesOurSignatures) {
  const SigningKey key = SigningKey::generate();
  const std::string pem = key.verify_key().to_pem();
  write_bytes(folder_ / "pub.pem", as_bytes(pem));
  for (const std::size_t size : {1U, 100U, 100'000U}) {
    const Bytes message = seeded_bytes(size);
    write_bytes(folder_ / "message", message);
    Signature signature = key.sign(message);
    const std::string command = "openssl pkeyutl -verify -pubin -rawin -inkey " + at("pub.pem") +
                                " -in " + at("message") + " -sigfile " + at("sig") + " >/dev/null";
    write_bytes(folder_ / "sig", signature);
    EXPECT_EQ(run(command), 0) << size;
    signature[5] ^= 1;
    write_bytes(folder_ / "sig", signature);
    EXPECT_NE(run(command), 0) << size;
  }
}

TEST_F(OpensslProgram, SignsWithOurKeysAsWeDo) {
  const SigningKey key = SigningKey::generate();
  ASSERT_TRUE(key.save_new(folder_ / "key.pem"));
  const Bytes message = seeded_bytes(1000);
  write_bytes(folder_ / "message", message);
  ASSERT_EQ(run("openssl pkeyutl -sign -rawin -inkey " + at("key.pem") + " -in " + at("message") +
                " -out " + at("sig")),
            0);
  const std::string signature = read_text(folder_ / "sig");
  EXPECT_TRUE(key.verify_key().verify(message, as_bytes(signature)));
  const Signature ours = key.sign(message);  // Ed25519 has one signature per key and message
  EXPECT_EQ(signature, as_text(ours));
}

TEST_F(OpensslProgram, MakesKeysWeLoad) {
  ASSERT_EQ(run("umask 077; openssl genpkey -algorithm ed25519 -out " + at("key.pem") +
                " && openssl pkey -in " + at("key.pem") + " -pubout -out " + at("pub.pem")),
            0);
  const auto key = SigningKey::load(folder_ / "key.pem");
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_EQ(key->to_pem().text(), read_text(folder_ / "key.pem"));
  const auto verify_key = VerifyKey::from_pem(read_text(folder_ / "pub.pem"));
  ASSERT_TRUE(verify_key) << verify_key.error().detail;
  EXPECT_EQ(*verify_key, key->verify_key());
  EXPECT_EQ(verify_key->to_pem(), read_text(folder_ / "pub.pem"));
}

TEST_F(OpensslProgram, NamesAKeyAsWeDo) {
  const VerifyKey key = SigningKey::generate().verify_key();
  write_bytes(folder_ / "pub.pem", as_bytes(key.to_pem()));
  ASSERT_EQ(run("openssl pkey -pubin -in " + at("pub.pem") +
                " -outform DER | sha256sum | cut -c1-16 >" + at("id")),
            0);
  EXPECT_EQ(read_text(folder_ / "id"), key.key_id() + "\n");
}

TEST_F(OpensslProgram, MakesOtherKeysWeRefuse) {
  for (const char* options :
       {"-algorithm x25519", "-algorithm ed448", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm ed25519 -aes256 -pass pass:secret"}) {
    ASSERT_EQ(run("umask 077; openssl genpkey " + std::string(options) + " -out " + at("key.pem")),
              0)
        << options;
    const auto key = SigningKey::load(folder_ / "key.pem");
    ASSERT_FALSE(key) << options;
    EXPECT_EQ(key.error().code, Errc::bad_input) << options;
  }
}

}  // namespace
}  // namespace skerry::crypto
