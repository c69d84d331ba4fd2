// Notes become facts: records that are signed with the log, with or without names.
#include "licensing/usage_facts.hpp"

#include <gtest/gtest.h>

#include "store/allocations.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::licensing {
namespace {

class UsageFactsTest : public store::CatalogueTest {
 protected:
  UsageFactsTest() { entitlement = make("entitlement", sold()); }

  void note(const UsageKey& key, std::int64_t amount = 1) {
    write([&](store::Connection& connection) -> Result<void> {
      write_note(connection, key, amount);
      return {};
    });
  }
  UsageKey given(std::string_view machine, std::string_view user, UnixMillis at) {
    const RecordId seat = new_record_id(at, random);
    return {entitlement,          Happened::activation, at, seat,
            std::string(machine), std::string(user),    {}};
  }
  bool make_facts(Redaction redaction = Redaction::none, bool close = false) {
    UsageFacts facts(log, random, redaction);
    const auto more = run([&](store::Connection& connection) {
      return facts.write(connection, clock.wall_ms(), close);
    });
    EXPECT_TRUE(more) << more.error().detail;
    return more && more->more;
  }

  RecordId entitlement;
};

TEST_F(UsageFactsTest, AFactSaysWhatWasNotedAndIsInTheLog) {
  note(given("press-1", "ann", clock.now - 5));
  EXPECT_FALSE(make_facts());
  EXPECT_EQ(text("SELECT what||' '||machine||' '||user||' '||site||' '||amount||' '||at FROM "
                 "usage_fact"),
            "activation press-1 ann central 1 " + std::to_string(clock.now - 5));
  EXPECT_EQ(number("SELECT count(*) FROM change_log WHERE kind='usage_fact'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM usage_note"), 0);
  make_facts();
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), 1);
}

TEST_F(UsageFactsTest, TheOpenHourWaitsUntilItIsClosed) {
  note({entitlement, Happened::high_water, hour_of(clock.now), {}, {}, {}, "threads"}, 7);
  make_facts();
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), 0);
  make_facts(Redaction::none, true);
  EXPECT_EQ(text("SELECT what||' '||feature||' '||amount FROM usage_fact"), "high_water threads 7");
}

TEST_F(UsageFactsTest, OneJobMakesSoManyAndSaysThatThereAreMore) {
  for (std::size_t i = 0; i < UsageFacts::facts_max + 1; ++i)
    note(given("m" + std::to_string(i), "", clock.now));
  EXPECT_TRUE(make_facts());
  EXPECT_FALSE(make_facts());
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), std::int64_t{UsageFacts::facts_max} + 1);
}

// A digest is the same for the same name, tells users from machines, and another machine's differs.
TEST_F(UsageFactsTest, NamesAreReplacedBeforeTheRowIsWritten) {
  clock.now += 10;
  note(given("press-1", "eve.secret", clock.now));
  note(given("press-2", "eve.secret", clock.now - 1));
  make_facts(Redaction::users);
  EXPECT_EQ(number("SELECT count(*) FROM change_log WHERE line LIKE '%eve%'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact WHERE machine LIKE 'press-_'"), 2);
  EXPECT_EQ(number("SELECT count(DISTINCT user) FROM usage_fact"), 1);
  const std::string digest = text("SELECT user FROM usage_fact");
  EXPECT_EQ(digest.substr(0, 5), "hmac:");
  EXPECT_EQ(digest.size(), 5u + 32u);
  note(given("eve.secret", "eve.secret", clock.now - 2));
  make_facts(Redaction::all);
  EXPECT_EQ(number("SELECT count(*) FROM change_log WHERE line LIKE '%eve%'"), 0);
  EXPECT_EQ(number("SELECT count(DISTINCT user) FROM usage_fact"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact WHERE machine=user"), 0);
  write([&](store::Connection& connection) -> Result<void> {
    connection.execute("DELETE FROM meta WHERE key='usage_digest_key'");
    return {};
  });
  note(given("press-3", "eve.secret", clock.now - 3));
  make_facts(Redaction::users);
  EXPECT_EQ(number("SELECT count(DISTINCT user) FROM usage_fact"), 2);
}

// As in facts, so that both can be held together.
TEST_F(UsageFactsTest, APolicyIsToldWithoutTheNamesThatAreToStay) {
  SeatPolicy policy;
  policy.named_users = {"eve.secret"};
  policy.reservations = {{"press", 2, {"eve.secret", "bob.secret"}}};
  const auto told = [&](Redaction redaction) {
    UsageFacts facts(log, random, redaction);
    return run([&](store::Connection& connection) -> Result<SeatPolicy> {
             return facts.told(connection, policy);
           })
        .value();
  };
  EXPECT_EQ(told(Redaction::none), policy);
  note(given("press-1", "eve.secret", clock.now));
  make_facts(Redaction::users);
  const SeatPolicy kept = told(Redaction::all);
  EXPECT_EQ(kept.named_users.at(0), text("SELECT user FROM usage_fact"));
  EXPECT_EQ(kept.reservations.at(0).users.at(0), kept.named_users.at(0));
  EXPECT_EQ(kept.reservations.at(0).users.at(1).substr(0, 5), "hmac:");
  EXPECT_EQ(kept.reservations.at(0).group, "press");
}

TEST_F(UsageFactsTest, WhatIsNotedAgainIsSaidOnce) {
  const UsageKey key = given("press-1", "", clock.now);
  note(key);
  make_facts();
  note(key);  // as after a machine was put back
  make_facts();
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM usage_note"), 0);
}

TEST_F(UsageFactsTest, OfAnEntitlementThatIsGoneNothingIsSaid) {
  UsageKey key = given("press-1", "", clock.now);
  key.entitlement = new_record_id(clock.now, random);
  note(key);
  make_facts();
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM usage_note"), 0);
}

class FirstActivationTest : public UsageFactsTest {
 protected:
  FirstActivationTest() {
    plan = make("plan", R"({"name":"First","license":"subscription","duration":"P1Y",
                            "starts":"first_activation"})");
    offering = offer("FIRST", R"("seats":3)");
    entitlement = make("entitlement", sold());
  }
  std::string starts_at() { return value("entitlement", entitlement, "starts_at"); }
};

TEST_F(FirstActivationTest, TheFirstThatIsHeardOfBeginsIt) {
  EXPECT_EQ(starts_at(), "null");
  clock.now += 10'000;
  note(given("b", "", clock.now - 2'000));
  note(given("a", "", clock.now - 3'000));
  make_facts();
  EXPECT_EQ(starts_at(), R"("2026-05-28T20:26:47.000Z")");
  EXPECT_EQ(value("entitlement", entitlement, "expires_at"), R"("2027-05-28T20:26:47.000Z")");
  note(given("c", "", clock.now - 5'000));  // heard of later
  make_facts();
  EXPECT_EQ(starts_at(), R"("2026-05-28T20:26:47.000Z")");
  // What was used before anybody knew of its beginning counts on.
  EXPECT_EQ(store::usage_since(read("entitlement", entitlement), clock.now), 0);
}

TEST_F(FirstActivationTest, AWrongClockBeginsItNeitherBeforeItWasSoldNorInTheFuture) {
  note(given("a", "", 1'000));
  make_facts();
  EXPECT_EQ(starts_at(), R"("2026-05-28T20:26:40.000Z")");
  entitlement = make("entitlement", sold());
  note(given("a", "", clock.now + 1'000'000'000));
  clock.now += 5'000;
  make_facts(Redaction::none, true);
  EXPECT_EQ(starts_at(), R"("2026-05-28T20:26:45.000Z")");
}

TEST_F(FirstActivationTest, OnlyASeatBeginsIt) {
  note({entitlement, Happened::denial, hour_of(clock.now), {}, "a", {}, {}});
  make_facts(Redaction::none, true);
  EXPECT_EQ(number("SELECT count(*) FROM usage_fact"), 1);
  EXPECT_EQ(starts_at(), "null");
}

}  // namespace
}  // namespace skerry::licensing
