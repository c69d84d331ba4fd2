#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/age.hpp"
#include "crypto/bech32.hpp"
#include "crypto/file.hpp"
#include "tests/unit/crypto/age_workbench.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

std::string bech32(std::string_view prefix, std::size_t size, Bech32Case letters) {
  return std::string(bech32_encode(prefix, seeded_bytes(size), letters).text());
}

TEST(AgeRecipient, RoundTripsAsText) {
  const AgeRecipient recipient = identity_of(1).recipient();
  const std::string text = recipient.to_text();
  EXPECT_TRUE(text.starts_with("age1"));
  EXPECT_EQ(text.size(), 62U);
  EXPECT_EQ(AgeRecipient::parse(text).value(), recipient);
}

TEST(AgeRecipient, RefusesOtherTexts) {
  const std::string text = identity_of(1).recipient().to_text();
  std::string upper = text;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& wrong :
       {std::string(), std::string("age1"), upper, " " + text, text + "\n", text + "q",
        text.substr(0, 61), bech32("age", 31, Bech32Case::lower),
        bech32("age", 33, Bech32Case::lower), bech32("bge", 32, Bech32Case::lower),
        bech32("age-secret-key-", 32, Bech32Case::lower)})
    EXPECT_FALSE(AgeRecipient::parse(wrong)) << wrong;
}

TEST(AgeIdentity, RoundTripsAsText) {
  const AgeIdentity identity = identity_of(2);
  const SecretBytes text = identity.to_text();
  EXPECT_TRUE(text.text().starts_with("AGE-SECRET-KEY-1"));
  EXPECT_EQ(text.size(), 74U);
  const AgeIdentity back = AgeIdentity::parse(text.text()).value();
  EXPECT_EQ(back.to_text().text(), identity.to_text().text());
  EXPECT_EQ(back.recipient(), identity.recipient());
}

TEST(AgeIdentity, RefusesOtherTextsWithoutRepeatingThem) {
  const std::string text(identity_of(2).to_text().text());
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  std::string mixed = text;
  mixed[20] = static_cast<char>(std::tolower(mixed[20]));
  for (const std::string& wrong :
       {std::string(), lower, mixed == text ? lower : mixed, text + " ", text.substr(1),
        text.substr(0, 73), bech32("age-secret-key-", 31, Bech32Case::upper),
        bech32("age-secret-key-", 33, Bech32Case::upper),
        bech32("age-plugin-x-", 32, Bech32Case::upper)}) {
    const auto identity = AgeIdentity::parse(wrong);
    ASSERT_FALSE(identity) << wrong;
    if (!wrong.empty()) {
      EXPECT_EQ(identity.error().detail.find(wrong), std::string::npos);
    }
  }
}

TEST(AgeIdentityFile, RoundTripsWithMode0600AndItsPublicKey) {
  const TemporaryFolder folder;
  const AgeIdentity identity = identity_of(3);
  ASSERT_TRUE(identity.save_new(folder / "key"));
  struct stat status;
  ASSERT_EQ(::stat((folder / "key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const Bytes text = read_small_file(folder / "key", 1000).value();
  EXPECT_TRUE(as_text(text).starts_with("# public key: " + identity.recipient().to_text() + "\n"));
  EXPECT_EQ(AgeIdentity::load(folder / "key").value().recipient(), identity.recipient());
}

TEST(AgeIdentityFile, IsNeverReplaced) {
  const TemporaryFolder folder;
  ASSERT_TRUE(identity_of(3).save_new(folder / "key"));
  const auto again = identity_of(4).save_new(folder / "key");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_EQ(AgeIdentity::load(folder / "key").value().recipient(), identity_of(3).recipient());
}

TEST(AgeIdentityFile, IsReadAsAgeReadsIt) {
  const TemporaryFolder folder;
  const std::string key(identity_of(5).to_text().text());
  for (const std::string& text :
       {key, key + "\n", "# c\n\n" + key + "\n\n# c", key + "\r\n# c\r\n"}) {
    ASSERT_TRUE(write_file_atomically(folder / "key", as_bytes(text), 0600));
    const auto identity = AgeIdentity::load(folder / "key");
    ASSERT_TRUE(identity) << text;
    EXPECT_EQ(identity->recipient(), identity_of(5).recipient());
  }
}

TEST(AgeIdentityFile, IsRefusedUnlessItHoldsOneKey) {
  const TemporaryFolder folder;
  const std::string key(identity_of(5).to_text().text());
  for (const std::string& text :
       {std::string(), std::string("# only a comment\n"), key + "\n" + key + "\n", " " + key,
        key + "\nx\n", identity_of(5).recipient().to_text()}) {
    ASSERT_TRUE(write_file_atomically(folder / "key", as_bytes(text), 0600));
    const auto identity = AgeIdentity::load(folder / "key");
    ASSERT_FALSE(identity) << text;
    EXPECT_EQ(identity.error().code, Errc::bad_input);
    EXPECT_NE(identity.error().detail.find((folder / "key").string()), std::string::npos);
    EXPECT_EQ(identity.error().detail.find(key), std::string::npos) << "the secret is in the error";
  }
  ASSERT_TRUE(write_file_atomically(folder / "key", as_bytes(key), 0644));
  EXPECT_EQ(AgeIdentity::load(folder / "key").error().next,
            "chmod 600 " + (folder / "key").string());
}

}  // namespace
}  // namespace skerry::crypto
