// What the desk notes of what happens to seats, and when it is ready to become facts.
#include <fmt/format.h>

#include "tests/unit/licensing/desk_fixture.hpp"

namespace skerry::licensing {
namespace {

class UsageNotesTest : public DeskTest {
 protected:
  // All that is noted by now, in words: what, machine or feature, amount.
  std::string noted(bool all = true) {
    upkeep();
    std::vector<std::string> words;
    for (const UsageNote& note : take(all)) {
      const UsageKey& noted_key = note.key;
      words.push_back(fmt::format("{} {} {}", to_text(noted_key.what),
                                  noted_key.machine.empty() ? noted_key.feature : noted_key.machine,
                                  note.amount));
    }
    std::sort(words.begin(), words.end());
    return fmt::format("{}", fmt::join(words, "; "));
  }
  // By an operator, who needs no nonce.
  Decision<SeatState> call(const Holder& seat, SeatDesk::FeatureCall what, std::string_view name,
                           std::int64_t amount, std::string_view request) {
    return job([&](store::Connection& connection) {
      Caller operators;
      operators.is_operator = true;
      operators.request = code_of(request);
      return desk->feature(connection, seat.id, operators, what, name, amount);
    });
  }
  // What is used of prints once so many more are.
  std::int64_t print(const Holder& seat, std::int64_t amount) {
    const auto state =
        call(seat, SeatDesk::FeatureCall::usage, "prints", amount, std::to_string(++prints));
    return state ? state->numbers->in_use : -1;
  }
  std::vector<UsageNote> take(bool all) {
    return job([&](store::Connection& connection) {
      return take_notes(connection, desk->clock().now, all, 1000);
    });
  }

  int prints = 0;
};

TEST_F(UsageNotesTest, ASeatThatIsGivenAndGivenBack) {
  const SeatState first = *claim("a");
  const Holder a = holder(first);
  const auto given = take(false);
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].key, (UsageKey{id_of(entitlement_number), Happened::activation,
                                    TwoClocks::began, a.id, "a", "", ""}));
  ASSERT_TRUE(release(a));
  EXPECT_EQ(noted(), "high_water  1; release a 1");
  EXPECT_EQ(noted(), "");
}

TEST_F(UsageNotesTest, TheSameSeatAgainIsNoSecondActivation) {
  ASSERT_TRUE(claim("a", "1"));
  ASSERT_TRUE(claim("a", "1"));  // a retry
  ASSERT_TRUE(claim("a", "2"));  // a new secret
  EXPECT_EQ(noted(), "activation a 1; high_water  1");
}

TEST_F(UsageNotesTest, ALeaseThatRunsOutReleases) {
  ASSERT_TRUE(claim("a"));
  noted();
  clocks.pass(lease_ms / 1000);
  EXPECT_EQ(noted(), "release a 1");
}

TEST_F(UsageNotesTest, AHeldSeatIsReleasedOnceAndGivenAgain) {
  write([&](store::Connection& connection) -> Result<void> {
    SeatPolicy policy;
    policy.minimum_hold_seconds = 60;
    desk->set_policy(connection, id_of(entitlement_number), policy);
    return {};
  });
  ASSERT_TRUE(release(holder(*claim("a"))));
  EXPECT_EQ(noted(), "activation a 1; high_water  1; release a 1");
  ASSERT_TRUE(claim("a", "2"));
  EXPECT_EQ(noted(), "activation a 1; high_water  1");
  ASSERT_TRUE(release(holder(*claim("a", "3")), "again"));
  clocks.pass(60);
  EXPECT_EQ(noted(), "high_water  1; release a 1");
}

TEST_F(UsageNotesTest, DenialsAndClonesAreCountedByTheHour) {
  Holder a = holder(*claim("a"));
  ASSERT_TRUE(claim("b"));
  for (const char* call : {"1", "2", "3"})
    EXPECT_EQ(refused(claim("c", call)), Why::seats_exhausted);
  const Holder clone = a;
  ASSERT_TRUE(refresh(a, "r"));
  EXPECT_EQ(refused(desk->refresh(clone.id, caller(clone, "x"))), Why::seat_cloned);
  EXPECT_EQ(noted(false), "activation a 1; activation b 1");
  EXPECT_EQ(noted(), "clone a 1; denial c 3; high_water  2");
  EXPECT_EQ(refused(claim("c", "4")), Why::seats_exhausted);
  upkeep();
  clocks.pass(500);
  EXPECT_EQ(refused(claim("c", "5")), Why::seats_exhausted);
  EXPECT_EQ(noted(), "denial c 2");
}

TEST_F(UsageNotesTest, PoolsHaveMarksAndCountsHaveSums) {
  const Holder a = holder(*claim("a"));
  ASSERT_TRUE(call(a, SeatDesk::FeatureCall::checkout, "cores", 6, "1"));
  ASSERT_TRUE(call(a, SeatDesk::FeatureCall::give_back, "cores", 4, "2"));
  ASSERT_TRUE(call(a, SeatDesk::FeatureCall::usage, "prints", 30, "3"));
  ASSERT_TRUE(call(a, SeatDesk::FeatureCall::usage, "prints", 12, "4"));
  EXPECT_EQ(refused(call(a, SeatDesk::FeatureCall::checkout, "cores", 7, "5")),
            Why::feature_exhausted);
  EXPECT_EQ(noted(),
            "activation a 1; denial a 1; high_water  1; high_water cores 6; "
            "usage prints 42");
}

// A site hears of a renewal with a bundle, long behind it.
TEST_F(UsageNotesTest, WhatWasUsedBetweenAResetAndTheWordOfItCountsOn) {
  const Holder a = holder(*claim("a"));
  EXPECT_EQ(print(a, 30), 30);
  clocks.pass(7200);
  EXPECT_EQ(print(a, 20), 50);
  source.all[0].usage_since = TwoClocks::began + 5'400'000;  // an hour and a half
  source.all[0].usage_told_since = hour_of(source.all[0].usage_since);
  ++version;
  EXPECT_EQ(print(a, 5), 25);
  EXPECT_EQ(number("SELECT used FROM feature_use"), 25);
  open();
  EXPECT_EQ(print(a, 1), 26);
}

TEST_F(UsageNotesTest, AnHourOfAResetIsNotedInTwo) {
  const Holder a = holder(*claim("a"));
  EXPECT_EQ(print(a, 30), 30);
  clocks.pass(60);
  const UnixMillis reset = clocks.wall - 1;
  source.all[0].usage_since = source.all[0].usage_told_since = reset;
  ++version;
  EXPECT_EQ(print(a, 7), 7);
  const auto noted_at = [&](UnixMillis at) {
    return number(fmt::format(
        "SELECT coalesce(sum(amount),0) FROM usage_note WHERE what='usage' AND at={}", at));
  };
  EXPECT_EQ(noted_at(hour_of(reset)), 30);
  EXPECT_EQ(noted_at(reset), 7);
}

TEST_F(UsageNotesTest, EachHourHasTheMarkOfWhatStands) {
  source.all[0].lease_seconds = 100'000;
  ++version;
  ASSERT_TRUE(claim("a"));
  noted();
  for (int hour = 0; hour < 3; ++hour) {
    clocks.pass(3600);
    EXPECT_EQ(noted(), "high_water  1") << hour;
  }
}

TEST_F(UsageNotesTest, AnHourIsReadyWhenItIsOver) {
  ASSERT_TRUE(claim("a"));
  EXPECT_EQ(noted(false), "activation a 1");
  clocks.pass(3600);
  EXPECT_EQ(noted(false), "high_water  1; release a 1");
}

TEST_F(UsageNotesTest, ASeatBeyondThoseSoldIsAnOverdraft) {
  source.all[0].overdraft = {1};
  ++version;
  for (const char* machine : {"a", "b", "c"}) ASSERT_TRUE(claim(machine));
  EXPECT_EQ(noted(),
            "activation a 1; activation b 1; activation c 1; high_water  3; overdraft c 1");
}

TEST_F(UsageNotesTest, AClockThatWasAheadHoldsNoSeatBack) {
  clocks.wall += 1'000'000'000;
  open();
  ASSERT_TRUE(claim("a"));
  clocks.wall -= 1'000'000'000;
  open();
  EXPECT_EQ(take(false).size(), 1u);
}

TEST_F(UsageNotesTest, WhatIsNotedOutlivesTheRun) {
  ASSERT_TRUE(claim("a"));
  open();
  EXPECT_EQ(noted(), "activation a 1; high_water  1");
}

TEST_F(UsageNotesTest, WhatACommitUndidIsNotNoted) {
  const auto failed = run([&](store::Connection& connection) -> Result<int> {
    Claim wanted;
    wanted.machine = "a";
    EXPECT_TRUE(desk->claim(connection, {code_of("CODE"), "PRESS", {}}, wanted).has_value());
    return fail(Errc::io_failed, "as when the disk is full");
  });
  EXPECT_FALSE(failed);
  desk->commit_failed();
  EXPECT_EQ(noted(), "");
}

TEST_F(UsageNotesTest, FarTooManyWhoAreDeniedAreCountedTogether) {
  UsageTally tally;
  for (std::size_t i = 0; i < UsageTally::keys_max + 50; ++i)
    tally.add({id_of(1), Happened::denial, 0, {}, fmt::format("m{}", i), {}, {}}, 1);
  write([&](store::Connection& connection) -> Result<void> {
    tally.write(connection);
    return {};
  });
  EXPECT_EQ(number("SELECT count(*) FROM usage_note"), std::int64_t{UsageTally::keys_max} + 1);
  EXPECT_EQ(number("SELECT amount FROM usage_note WHERE machine=''"), 50);
  EXPECT_TRUE(tally.empty());
}

}  // namespace
}  // namespace skerry::licensing
