#include "crypto/password.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

constexpr ScryptCost cheap{.n = 16, .r = 8, .p = 1};

std::string scrypt_hex(std::string_view secret, std::string_view salt, ScryptCost cost) {
  return to_hex(scrypt(secret, as_bytes(salt), cost, 64).view());
}

// RFC 7914, section 12; its fourth vector needs a gibibyte.
TEST(Scrypt, GivesTheKeysOfRfc7914) {
  EXPECT_EQ(
      scrypt_hex("", "", {.n = 16, .r = 1, .p = 1}),
      "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0f"
      "c81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  EXPECT_EQ(
      scrypt_hex("password", "NaCl", {.n = 1024, .r = 8, .p = 16}),
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d"
      "9830dac727afb94a83ee6d8360cbdfa2cc0640");
  EXPECT_EQ(
      scrypt_hex("pleaseletmein", "SodiumChloride", {.n = 16384, .r = 8, .p = 1}),
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a"
      "9af9e61e85dc0d651e40dfcf017b45575887");
}

TEST(Scrypt, HasTheMemoryForItsDefaultCost) {
  EXPECT_EQ(scrypt("x", as_bytes("salt"), {}, 32).size(), 32U);
}

TEST(HashPassword, VerifiesItselfOnly) {
  SeededRandom random(1);
  const std::string hash = hash_password("correct horse battery", random, cheap);
  EXPECT_TRUE(verify_password("correct horse battery", hash));
  for (const char* wrong :
       {"", "correct horse batter", "correct horse battery ", "Correct horse battery"})
    EXPECT_FALSE(verify_password(wrong, hash)) << wrong;
}

TEST(HashPassword, SaltsEachTime) {
  SeededRandom random(1);
  EXPECT_NE(hash_password("x", random, cheap), hash_password("x", random, cheap));
}

TEST(HashPassword, WritesTheDocumentedForm) {
  SeededRandom random(1);
  const std::string hash = hash_password("x", random);
  EXPECT_TRUE(hash.starts_with("$scrypt$n=17,r=8,p=1$")) << hash;
  EXPECT_EQ(hash.size(), 21 + 22 + 1 + 43U);
}

TEST(VerifyPassword, RefusesOtherSpellings) {
  SeededRandom random(1);
  const std::string good = hash_password("x", random, cheap);
  ASSERT_TRUE(good.starts_with("$scrypt$n=4,r=8,p=1$"));
  const std::string tail = good.substr(20);
  EXPECT_TRUE(verify_password("x", "$scrypt$n=4,r=8,p=1$" + tail));
  for (const char* head :
       {"$scrypt$n=04,r=8,p=1$", "$scrypt$n=4,r=8,p=+1$", "$scrypt$n=4, r=8,p=1$",
        "$scrypt$r=8,n=4,p=1$", "$scrypt$n=4,r=8$", "$scrypt$n=4,r=8,p=1,$", "scrypt$n=4,r=8,p=1$",
        "$Scrypt$n=4,r=8,p=1$", "$scrypt$n=-4,r=8,p=1$", "$scrypt$n=,r=8,p=1$",
        "$scrypt$$n=4,r=8,p=1$", "$argon2$n=4,r=8,p=1$"})
    EXPECT_FALSE(verify_password("x", head + tail)) << head;
  for (const std::string& hash : {std::string(), good + "A", good + "=", good + "$", " " + good,
                                  good.substr(0, good.size() - 1), good.substr(0, 30)})
    EXPECT_FALSE(verify_password("x", hash)) << hash;
}

// Each would take gigabytes or minutes if it were run.
TEST(VerifyPassword, RefusesACostThatWouldStopTheServer) {
  SeededRandom random(1);
  const std::string tail = hash_password("x", random, cheap).substr(20);
  for (const char* head :
       {"$scrypt$n=20,r=8,p=1$", "$scrypt$n=31,r=8,p=1$", "$scrypt$n=32,r=8,p=1$",
        "$scrypt$n=64,r=8,p=1$", "$scrypt$n=17,r=8,p=5$", "$scrypt$n=17,r=64,p=1$",
        "$scrypt$n=1,r=1,p=1073741823$", "$scrypt$n=1,r=4294967295,p=1$",
        "$scrypt$n=1,r=65536,p=65536$", "$scrypt$n=4,r=0,p=1$", "$scrypt$n=4,r=8,p=0$",
        "$scrypt$n=0,r=8,p=1$", "$scrypt$n=99999999999,r=8,p=1$"})
    EXPECT_FALSE(verify_password("x", head + tail)) << head;
}

TEST(ScryptDeathTest, RefusesACostThatIsNone) {
  EXPECT_DEATH(scrypt("x", {}, {.n = 15, .r = 8, .p = 1}, 32), "is_affordable");
}

}  // namespace
}  // namespace skerry::crypto
