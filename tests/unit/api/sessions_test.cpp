#include "api/sessions.hpp"

#include <gtest/gtest.h>

#include "api/roles.hpp"
#include "api/sign_in_limits.hpp"
#include "crypto/secret.hpp"
#include "crypto/token.hpp"
#include "tests/unit/api/machine_fixture.hpp"

namespace skerry::api {
namespace {

class SessionsTest : public testing::Test {
 protected:
  Principal person(const RecordId& account) {
    Principal principal;
    principal.kind = Principal::Kind::user;
    principal.account = account;
    return principal;
  }
  std::string begin(std::optional<UnixMillis> until = std::nullopt) {
    return sessions.begin(person(alice), until, clock, random);
  }
  bool lives(std::string_view secret) { return sessions.find(secret, clock).has_value(); }

  TestClock clock;
  crypto::SystemRandom random;
  Sessions sessions;
  const RecordId alice = new_record_id(1, random), bob = new_record_id(1, random);
};

TEST_F(SessionsTest, AreFoundByTheirSecretAlone) {
  const std::string secret = begin();
  EXPECT_TRUE(crypto::is_well_formed_token(secret));
  EXPECT_TRUE(secret.starts_with("skry_session_"));
  EXPECT_EQ((*sessions.find(secret, clock))->account, alice);
  EXPECT_EQ((*sessions.find(secret, clock))->session, crypto::token_hash(secret));
  EXPECT_FALSE(lives("skry_session_x"));
  EXPECT_FALSE(lives(""));
}

TEST_F(SessionsTest, EndWhenNobodyUsesThem) {
  const std::string secret = begin();
  clock.now += session_idle_ms - 1;
  EXPECT_TRUE(lives(secret));
  clock.now += session_idle_ms - 1;
  EXPECT_TRUE(lives(secret));
  clock.now += session_idle_ms;
  EXPECT_FALSE(lives(secret));
}

TEST_F(SessionsTest, AreNotKeptByBeingLookedAt) {
  const std::string secret = begin();
  clock.now += session_idle_ms - 1;
  EXPECT_TRUE(sessions.find(secret, clock, Use::none));
  clock.now += 1;
  EXPECT_FALSE(sessions.find(secret, clock, Use::none));
}

TEST_F(SessionsTest, EndAfterTwelveHoursInAnyCase) {
  const std::string secret = begin();
  for (std::int64_t used = 0; used + 60'000 < session_ms; used += 60'000) {
    ASSERT_TRUE(lives(secret)) << used;
    clock.now += 60'000;
  }
  clock.now += 60'000;
  EXPECT_FALSE(lives(secret));
}

TEST_F(SessionsTest, EndWithTheAccount) {
  const std::string secret = begin(clock.now + 1000);
  clock.now += 999;
  EXPECT_TRUE(lives(secret));
  clock.now += 1;
  EXPECT_FALSE(lives(secret));
}

TEST_F(SessionsTest, EndOneByOneOrAllOfAnAccount) {
  const std::string first = begin(), second = begin(), third = begin();
  const std::string others = sessions.begin(person(bob), std::nullopt, clock, random);
  sessions.end(crypto::token_hash(first));
  EXPECT_FALSE(lives(first));
  sessions.end_of(alice, crypto::token_hash(third));
  EXPECT_FALSE(lives(second));
  EXPECT_TRUE(lives(third));
  EXPECT_TRUE(lives(others));
}

TEST_F(SessionsTest, OfOneAccountAreFew) {
  std::vector<std::string> secrets;
  for (std::size_t i = 0; i <= sessions_per_account_max; ++i) {
    secrets.push_back(begin());
    clock.now += 1;
  }
  EXPECT_FALSE(lives(secrets.front()));
  for (std::size_t i = 1; i < secrets.size(); ++i) EXPECT_TRUE(lives(secrets[i])) << i;
}

void guess_wrong(SignInLimits& limits, std::string_view name, std::string_view address) {
  EXPECT_TRUE(limits.try_one(name, address, 1000)) << name;
  limits.failed(name, address, 1000);
}

TEST(SignInLimits, CountANameWithItsAddress) {
  SignInLimits limits;
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i)
    guess_wrong(limits, "alice", "10.0.0.1");
  const auto refused = limits.try_one("alice", "10.0.0.1", 1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::too_many_requests);
  EXPECT_EQ(refused.error().quota->window_seconds, sign_in_window_seconds);
  EXPECT_TRUE(limits.try_one("alice", "10.0.0.2", 1000));
  EXPECT_TRUE(limits.try_one("bob", "10.0.0.1", 1000));
  const std::int64_t later = 1000 + std::int64_t{sign_in_window_seconds} * 1000;
  EXPECT_FALSE(limits.try_one("alice", "10.0.0.1", later - 1));
  EXPECT_TRUE(limits.try_one("alice", "10.0.0.1", later));
}

TEST(SignInLimits, CountAnAddressWhateverTheNames) {
  SignInLimits limits;
  for (std::uint32_t i = 0; i < failures_per_address_max; ++i)
    guess_wrong(limits, "name" + std::to_string(i), "10.0.0.1");
  const auto refused = limits.try_one("another", "10.0.0.1", 1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().quota->requests, failures_per_address_max);
  EXPECT_EQ(refused.error().quota->reset_seconds, sign_in_window_seconds);
  EXPECT_TRUE(limits.try_one("another", "10.0.0.2", 1000));
}

TEST(SignInLimits, TakeBackWhatNobodyLookedAt) {
  SignInLimits limits;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(limits.try_one("alice", "10.0.0.1", 1000)) << i;
    limits.take_back("alice", "10.0.0.1", 1000);
  }
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i)
    EXPECT_TRUE(limits.try_one("alice", "10.0.0.1", 1000)) << i;
  limits.take_back("alice", "10.0.0.1", 1000);  // one, and not those before it
  EXPECT_TRUE(limits.try_one("alice", "10.0.0.1", 1000));
  EXPECT_FALSE(limits.try_one("alice", "10.0.0.1", 1000));
}

TEST(SignInLimits, ForgetWhatSucceeded) {
  SignInLimits limits;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(limits.try_one("alice", "10.0.0.1", 1000)) << i;
    limits.succeeded("alice", "10.0.0.1", 1000);
  }
}

// Of many at the same time none may be wrong.
TEST(SignInLimits, WaitAMomentForWhatIsBeingLookedAt) {
  SignInLimits limits;
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i)
    ASSERT_TRUE(limits.try_one("alice", "10.0.0.1", 1000));
  const Error refused = limits.try_one("alice", "10.0.0.1", 1000).error();
  EXPECT_EQ(refused.code, Errc::too_many_requests);
  EXPECT_EQ(refused.quota->reset_seconds, 1U);
  limits.succeeded("alice", "10.0.0.1", 1000);
  EXPECT_TRUE(limits.try_one("alice", "10.0.0.1", 1000));
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i)
    limits.failed("alice", "10.0.0.1", 1000);
  for (std::uint32_t i = 1; i < failures_per_name_max; ++i)
    guess_wrong(limits, "alice", "10.0.0.1");
  EXPECT_EQ(limits.try_one("alice", "10.0.0.1", 1000).error().quota->reset_seconds,
            sign_in_window_seconds);
}

TEST(SignInLimits, SayHowLong) {
  SignInLimits limits;
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i)
    guess_wrong(limits, "alice", "10.0.0.1");
  const Error refused = limits.try_one("alice", "10.0.0.1", 1000 + 600'000).error();
  EXPECT_EQ(refused.quota->reset_seconds, 300U);
  EXPECT_TRUE(refused.next.starts_with("wait 5 minutes")) << refused.next;
}

TEST(SignInLimits, ForgetWhereANameWasTried) {
  SignInLimits limits;
  for (std::uint32_t i = 0; i < failures_per_name_max; ++i) {
    ASSERT_TRUE(limits.try_one("alice", "10.0.0.1", 1000));
    ASSERT_TRUE(limits.try_one(sign_in_by_code, "10.0.0.1", 1000));
    ASSERT_TRUE(limits.try_one("bob", "10.0.0.2", 1000));
  }
  limits.forget("alice");
  EXPECT_TRUE(limits.try_one("alice", "10.0.0.1", 1000));
  EXPECT_TRUE(limits.try_one(sign_in_by_code, "10.0.0.1", 1000));
  EXPECT_FALSE(limits.try_one("bob", "10.0.0.2", 1000)) << "another address";
}

TEST(SignInLimits, RememberABoundedNumber) {
  SignInLimits limits;
  for (std::size_t i = 0; i < 2 * sign_in_counts_max; ++i)
    EXPECT_TRUE(limits.try_one("alice", "address" + std::to_string(i), 1000));
}

// The right of each role, written out once more by hand.
TEST(Roles, GiveTheseRights) {
  struct Row {
    std::string_view role;
    std::string_view rights;
  };
  const Row rows[] = {{"admin", "read log move write seats exchange admin"},
                      {"operator", "read log move write"},
                      {"mover", "read move"},
                      {"viewer", "read"},
                      {"auditor", "read log"},
                      {"application", "seats"}};
  ASSERT_EQ(std::size(rows), all_roles().size());
  for (const Row& row : rows) {
    Principal principal;
    principal.kind = Principal::Kind::user;
    grant_role(principal, row.role);
    std::string rights;
    for (const Access access : {Access::read, Access::log, Access::move, Access::write,
                                Access::seats, Access::exchange, Access::admin})
      if (principal.may(access)) rights.append(rights.empty() ? "" : " ").append(to_string(access));
    EXPECT_EQ(rights, row.rights) << row.role;
    EXPECT_EQ(principal.role, row.role);
    EXPECT_TRUE(principal.may(Access::any));
  }
  Principal nobody;
  nobody.kind = Principal::Kind::user;
  grant_role(nobody, "root");
  EXPECT_FALSE(nobody.may(Access::read));
}

}  // namespace
}  // namespace skerry::api
