#include "daemon/support/redact.hpp"

#include <gtest/gtest.h>

#include "core/json_text.hpp"

namespace skerry::daemon {
namespace {

std::string cleaned(std::string_view text, const std::vector<std::string>& names = {}) {
  return Redactor(names).clean(text);
}

TEST(Redactor, Tokens) {
  EXPECT_EQ(cleaned("token skry_app_0123456789abcdefghijABCDEFGHIJ12345678 refused"),
            "token [token] refused");
  EXPECT_EQ(cleaned("Authorization: Bearer abc.def-ghi"), "Authorization: [token]");
  EXPECT_EQ(cleaned(R"("bearer x")"), R"("[token]")");
  EXPECT_EQ(cleaned("askry_x, the bearer"), "askry_x, the bearer");
}

TEST(Redactor, PrivateKeys) {
  EXPECT_EQ(cleaned("key AGE-SECRET-KEY-1QQQQ-9 here"), "key [key] here");
  EXPECT_EQ(cleaned("a\n-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\nb"),
            "a\n[key]\nb");
  EXPECT_EQ(cleaned("-----BEGIN EC PRIVATE KEY-----\nMC4C"), "[key]") << "without an end";
  const std::string open = "-----BEGIN PUBLIC KEY-----\nMC\n-----END PUBLIC KEY-----\n";
  EXPECT_EQ(cleaned(open), open);
}

TEST(Redactor, Addresses) {
  EXPECT_EQ(cleaned("proxy http://ann:secret@proxy:3128/x"), "proxy http://[login]@proxy:3128/x");
  EXPECT_EQ(cleaned("http://proxy:3128/a@b"), "http://proxy:3128/a@b");
  EXPECT_EQ(cleaned("<ann.bee+x@mail.example.org>"), "<[address]>");
  EXPECT_EQ(cleaned("ann@localhost"), "ann@localhost") << "no domain";
  EXPECT_EQ(cleaned("10.1.2.3:7070 and 127.0.0.1:7070 and 0.0.0.0:1"),
            "[address]:7070 and 127.0.0.1:7070 and 0.0.0.0:1");
  EXPECT_EQ(cleaned("SQLite 3.40.1, 1.2.3.4.5x"), "SQLite 3.40.1, [address].5x");
}

TEST(Redactor, AddressesOfVersion6) {
  EXPECT_EQ(cleaned("[2001:db8::17]:7443, fe80::1%eth0 and ::1"),
            "[[address]]:7443, [address] and ::1");
  EXPECT_EQ(cleaned("from 2001:DB8:0:0:8:800:200C:417A: refused"), "from [address]: refused");
  EXPECT_EQ(cleaned("::ffff:10.1.2.3."), "[address].");
  for (const char* none : {"at 10:11:12.345Z", "std::string", "skerry::api", "ab:cd:ef", "a: b",
                           "01:23:45:67:89:ab:cd:ef:01:23", "x ::"})
    EXPECT_EQ(cleaned(none), none);
}

TEST(Redactor, Passwords) {
  EXPECT_EQ(cleaned("GET /x?password=kelp&a=b"), "GET /x?[password]&a=b");
  EXPECT_EQ(cleaned(R"({"name":"a","Password": "kelp-forest"})"), R"({"name":"a","[password]"})");
  EXPECT_EQ(cleaned("passphrase = kälp, secret:x\ttoken=1"), "[password], [password]\t[password]");
  for (const char* none : {"password_at=5", "the password is wrong", "passwords: 2", "secret=\"\""})
    EXPECT_EQ(cleaned(none), none);
}

TEST(Redactor, PasswordsUnderLongerNames) {
  EXPECT_EQ(cleaned("GET /x?client_secret=kelp&a=b"), "GET /x?[password]&a=b");
  EXPECT_EQ(cleaned("--db-password=kelp accessToken: kelp SMTP_PASSWD:kelp"), "--db-[password]")
      << "a password may have blanks";
  EXPECT_EQ(cleaned("accessToken: kelp API_KEY=kelp refused"), "[password] [password] refused");
}

TEST(Redactor, PasswordsWithBlanks) {
  EXPECT_EQ(cleaned("passphrase = two words \nnext"), "[password] \nnext");
  EXPECT_EQ(cleaned(R"({"password": "two words, three", "a":1})"), R"({"[password]", "a":1})");
  EXPECT_EQ(cleaned("password='two words' refused"), "[password]' refused");
  EXPECT_EQ(cleaned("password=\"no end\nnext"), "[password]\nnext");
}

TEST(Redactor, PasswordsInAJsonTextWithinJson) {
  EXPECT_EQ(cleaned(R"(body "{\"password\": \"two words\", \"a\":1}")"),
            R"(body "{\"[password]\", \"a\":1}")");
  EXPECT_EQ(cleaned(R"("{\"secret\":\"a\\\"b\",\"a\":1}")"), R"("{\"[password]\",\"a\":1}")")
      << "with a mark in it";
  EXPECT_EQ(cleaned(R"("said \"token=kelp\" to")"), R"("said \"[password]\" to")");
}

TEST(Redactor, ActivationCodes) {
  EXPECT_EQ(cleaned("K7QF2-9XWMC-4TB0H-RGN5E-8PVJD."), "[code].");
  EXPECT_EQ(cleaned("K7QF2-9XWMC-4TB0H-RGN5E"), "K7QF2-9XWMC-4TB0H-RGN5E");
  EXPECT_EQ(cleaned("xK7QF2-9XWMC-4TB0H-RGN5E-8PVJD"), "xK7QF2-9XWMC-4TB0H-RGN5E-8PVJD");
}

TEST(Redactor, NamesAsWholeWordsTheLongestFirst) {
  const std::vector<std::string> names{"North", "North Mill", "Müller", "x"};
  EXPECT_EQ(cleaned("site North Mill, North; Northern x", names),
            "site [name], [name]; Northern x");
  EXPECT_EQ(cleaned("Müller Müllers", names), "[name] Müllers");
}

TEST(Redactor, CountsWhatItReplaced) {
  Redactor redactor({"mine"});
  redactor.clean("mine and 10.0.0.1");
  redactor.clean("nothing");
  EXPECT_EQ(redactor.replaced(), 2U);
}

TEST(Redactor, InJsonTheTextsAndNotTheMembers) {
  json::value value = json::parse(R"({"mine":[1,null,"at mine",{"a \"b\"":"a \"b\""}]})");
  Redactor redactor({"mine", "a \"b\""});
  redactor.clean(value);
  EXPECT_EQ(to_json_text(value), R"({"mine":[1,null,"at [name]",{"a \"b\"":"[name]"}]})");
}

TEST(Redactor, AnyBytesPass) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(cleaned(all), all);
  EXPECT_EQ(cleaned(""), "");
}

}  // namespace
}  // namespace skerry::daemon
