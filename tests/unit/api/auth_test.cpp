#include "api/auth.hpp"

#include <gtest/gtest.h>

namespace skerry::api {
namespace {

TEST(BearerToken, IsTakenFromItsHeader) {
  EXPECT_EQ(*bearer_token(""), "");
  EXPECT_EQ(*bearer_token("Bearer skry_a_B9"), "skry_a_B9");
  EXPECT_EQ(*bearer_token("BEARER a-._~+/="), "a-._~+/=");
  for (const char* wrong : {"Bearer", "Bearer ", "Bearer  a", "Bearer a b", "Basic a", "a",
                            " Bearer a", "Bearer \"a\"", "Bearer ä", "BearerX a"}) {
    const Result<std::string_view> token = bearer_token(wrong);
    ASSERT_FALSE(token) << wrong;
    EXPECT_EQ(token.error().code, Errc::unauthorized);
    EXPECT_NE(token.error().next, "") << wrong;
  }
}

TEST(CookieValue, IsFoundAmongOthers) {
  EXPECT_EQ(cookie_value("__Host-skerry=abc", session_cookie), "abc");
  EXPECT_EQ(cookie_value("a=b; __Host-skerry=abc; c=d", session_cookie), "abc");
  EXPECT_EQ(cookie_value("a=b;__Host-skerry=abc", session_cookie), "abc");
  EXPECT_EQ(cookie_value("__Host-skerry=", session_cookie), "");
  for (const char* other : {"", ";", "a", "a=b", "x__Host-skerry=abc", "__Host-skerryx=abc",
                            "__Host-skerry", "a=__Host-skerry=abc", "   "})
    EXPECT_EQ(cookie_value(other, session_cookie), "") << other;
}

Limits few() {
  Limits limits;
  limits.failed_tokens_per_second_max = 2;
  limits.failed_token_addresses_max = 3;
  return limits;
}

TEST(FailedTokens, CountPerAddressAndSecond) {
  FailedTokens failed(few());
  EXPECT_TRUE(failed.may_try("a", 1000));
  failed.failed("a", 1000);
  EXPECT_TRUE(failed.may_try("a", 1500));
  failed.failed("a", 1500);
  EXPECT_FALSE(failed.may_try("a", 1999));
  EXPECT_TRUE(failed.may_try("b", 1999));
  EXPECT_TRUE(failed.may_try("a", 2000));
  failed.failed("b", 2000);
  EXPECT_TRUE(failed.may_try("a", 2001));
  failed.failed("a", 2001);
  EXPECT_TRUE(failed.may_try("a", 2001));
}

TEST(FailedTokens, SayWhatIsLeft) {
  FailedTokens failed(few());
  EXPECT_EQ(failed.quota("a", 1000).requests, 2u);
  EXPECT_EQ(failed.quota("a", 1000).remaining, 2u);
  failed.failed("a", 1000);
  EXPECT_EQ(failed.quota("a", 1000).remaining, 1u);
  EXPECT_EQ(failed.quota("b", 1000).remaining, 2u);
  failed.failed("a", 1000);
  failed.failed("a", 1000);  // two connections at once
  EXPECT_EQ(failed.quota("a", 1999).remaining, 0u);
  EXPECT_EQ(failed.quota("a", 2000).remaining, 2u);
}

TEST(FailedTokens, RememberABoundedNumberOfAddresses) {
  FailedTokens failed(few());
  for (const char* address : {"a", "b", "c", "d", "e", "f"})
    for (int i = 0; i < 2; ++i) failed.failed(address, 1000);
  EXPECT_FALSE(failed.may_try("f", 1000));
}

TEST(Principal, MayWhatItWasGranted) {
  Principal principal;
  EXPECT_TRUE(principal.may(Access::open));
  EXPECT_FALSE(principal.may(Access::any));
  principal.kind = Principal::Kind::token;
  EXPECT_TRUE(principal.may(Access::any));
  EXPECT_FALSE(principal.may(Access::read));
  principal.grant(Access::read);
  EXPECT_TRUE(principal.may(Access::read));
  EXPECT_FALSE(principal.may(Access::write));
  EXPECT_FALSE(principal.may(Access::admin));
  EXPECT_FALSE(principal.may(Access::exchange));
  principal.grant(Access::admin);
  for (const Access access : {Access::any, Access::read, Access::log, Access::move, Access::write,
                              Access::admin, Access::exchange})
    EXPECT_TRUE(principal.may(access)) << to_string(access);
}

TEST(Principal, WhoWritesMayMove) {
  Principal principal;
  principal.kind = Principal::Kind::user;
  principal.grant(Access::write);
  EXPECT_TRUE(principal.may(Access::move));
  Principal mover;
  mover.kind = Principal::Kind::user;
  mover.grant(Access::move);
  EXPECT_FALSE(mover.may(Access::write));
}

TEST(Access, NamesRoundTrip) {
  for (const Access access : {Access::open, Access::any, Access::read, Access::log, Access::move,
                              Access::write, Access::seats, Access::exchange, Access::admin})
    EXPECT_EQ(parse_access(to_string(access)), access);
  EXPECT_EQ(parse_access("everything"), std::nullopt);
}

}  // namespace
}  // namespace skerry::api
