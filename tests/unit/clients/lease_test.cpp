// The C++ client reads lease tokens as docs/formats/lease-token.md says.
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <skerry/lease.hpp>

namespace skerry::client {
namespace {

const std::string key = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";  // RFC 8032, test 1
const std::string pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";

std::string the_page() {
  std::ifstream file(SKERRY_SOURCE_DIR "/docs/formats/lease-token.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string between(const std::string& page, std::string_view before, std::string_view after) {
  const std::size_t begin = page.find(before) + before.size();
  return page.substr(begin, page.find(after, begin) - begin);
}

std::string the_token() { return between(the_page(), "```text\n", "\n```"); }

// Whether verify() throws bad_lease.
bool is_refused(const std::string& token, const std::string& trusted = key,
                std::string_view product = "PRESS", std::string_view seat = "press-07") {
  try {
    verify(token, trusted, product, seat);
    return false;
  } catch (const Failure& failure) {
    return failure.trouble == Trouble::bad_lease;
  }
}

TEST(ClientLease, TheExampleHolds) {
  for (const std::string& trusted : {key, pem, key + "\n", " " + key + "\r\n"}) {
    const json::object claims = verify(the_token(), trusted, "PRESS", "press-07");
    EXPECT_EQ(claims.at("iat"), 1'780'000'000);
    EXPECT_EQ(claims.at("exp"), 1'780'000'600);
  }
}

TEST(ClientLease, TheVectorsAreRefused) {
  const std::string page = the_page();
  for (const std::string_view what :
       {"| another type, signed by the same key | `", "| one character of the claims changed | `",
        "| without its signature | `"}) {
    const std::string token = between(page, what, "`");
    EXPECT_GT(token.size(), 60u);
    EXPECT_TRUE(is_refused(token)) << what;
  }
}

TEST(ClientLease, AnotherProductSeatOrKeyIsRefused) {
  const std::string other = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";  // RFC 8032, test 2
  EXPECT_FALSE(is_refused(the_token()));
  EXPECT_TRUE(is_refused(the_token(), other));
  EXPECT_TRUE(is_refused(the_token(), key, "OTHER"));
  EXPECT_TRUE(is_refused(the_token(), key, "PRESS", "press-08"));
}

TEST(ClientLease, TheVendorsKeyLeadsToTheSite) {
  const std::string page = the_page();
  const std::string vendor = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";  // RFC 8032, test 2
  const auto row = [&](std::string_view what) {
    return between(page, "| " + std::string(what) + " | `", "`");
  };
  const std::string token = row("the token with its chain");
  EXPECT_FALSE(is_refused(token, vendor));
  EXPECT_FALSE(is_refused(token, key));  // that of the site itself, too
  EXPECT_TRUE(is_refused(token, vendor, "PRESS", "press-08"));
  EXPECT_TRUE(is_refused(the_token(), vendor));  // without its chain
  for (const char* const what :
       {"a certificate of another site", "a certificate that the site made itself"})
    EXPECT_TRUE(is_refused(row(what), vendor)) << what;
}

TEST(ClientLease, AnyChangeIsNoticed) {
  const std::string token = the_token();
  for (std::size_t at = 0; at < token.size(); at += 5) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(is_refused(changed)) << at;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"),
        std::string("a.b.c"), token + ".", "=" + token, token.substr(0, token.size() - 1)})
    EXPECT_TRUE(is_refused(text)) << text;
}

TEST(ClientLease, WhatIsNoKeyIsTheCallersMistake) {
  for (const std::string& wrong :
       {std::string(), std::string(" "), std::string("AAAA"), key + "=", pem.substr(0, 60)})
    EXPECT_THROW(verify(the_token(), wrong, "PRESS", "press-07"), std::invalid_argument) << wrong;
}

TEST(ClientLease, FeaturesAreAskedByName) {
  Lease lease{verify(the_token(), key, "PRESS", "press-07")};
  EXPECT_TRUE(lease.allows("export"));
  EXPECT_TRUE(lease.allows("cores"));
  EXPECT_TRUE(lease.allows("prints"));  // any number
  EXPECT_FALSE(lease.allows("nothing"));
  lease.claims["features"].as_object()["cores"].as_object()["amount"] = 0;
  EXPECT_FALSE(lease.allows("cores"));
}

}  // namespace
}  // namespace skerry::client
