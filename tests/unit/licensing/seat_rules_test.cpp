#include "licensing/seat_rules.hpp"

#include <gmock/gmock.h>

#include "tests/unit/licensing/seats.hpp"

namespace skerry::licensing {
namespace {

using testing::HasSubstr;

constexpr UnixMillis rules_now = 1'780'000'000'000;
constexpr std::int64_t rules_hour_ms = 3'600'000;

class SeatRules : public testing::Test {
 protected:
  Decision<Grant> claim(std::string_view machine, std::string_view user = {},
                        std::string_view key = {}) {
    Claim wanted;
    wanted.machine = machine;
    wanted.user = user;
    wanted.request = code_of(std::string(machine).append("/").append(key));
    auto grant = decide_claim(index, allowance, policy, wanted, id_of(next_id), at);
    if (grant && !grant->repeated) index.put(grant->seat);
    if (grant && grant->is_new) ++next_id;
    return grant;
  }
  Why refused(const Decision<Grant>& grant) {
    EXPECT_FALSE(grant.has_value());
    return grant ? Why::bad_request : grant.error().code;
  }

  SeatIndex index;
  Allowance allowance = allowance_of(2);
  SeatPolicy policy;
  Instants at{rules_now, rules_now};
  std::uint8_t next_id = 1;
};

TEST_F(SeatRules, GivesAsManyAsWereSold) {
  const auto first = claim("a");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ(first->seat.until, rules_now + lease_ms);
  EXPECT_EQ(first->seat.turn, 1);
  ASSERT_TRUE(claim("b"));
  const auto none = claim("c");
  ASSERT_EQ(refused(none), Why::seats_exhausted);
  EXPECT_EQ(none.error().numbers->limit, Amount{2});
  EXPECT_EQ(none.error().numbers->in_use, 2);
  EXPECT_EQ(none.error().numbers->next_free_ms, lease_ms);
  EXPECT_THAT(none.error().why, HasSubstr("all 2 seats"));
  index.erase(first->seat.id);
  EXPECT_TRUE(claim("c"));
  allowance.seats = {1};
  EXPECT_THAT(claim("d").error().why, HasSubstr("the one seat is in use"));
}

TEST_F(SeatRules, TheSameMachineHasTheSameSeat) {
  const auto first = claim("a", {}, "1");
  const auto retry = claim("a", {}, "1");
  EXPECT_TRUE(retry->repeated);
  EXPECT_EQ(retry->seat, first->seat);
  at.now += 1000;
  const auto anew = claim("a", {}, "2");
  EXPECT_FALSE(anew->is_new || anew->repeated);
  EXPECT_EQ(anew->seat.id, first->seat.id);
  EXPECT_EQ(anew->seat.generation, 2);
  EXPECT_EQ(anew->seat.turn, 2);
  EXPECT_EQ(anew->seat.until, at.now + lease_ms);
  EXPECT_EQ(index.size(), 1u);
}

TEST_F(SeatRules, AnActivationAnewKeepsTheNamesThatItDoesNotSay) {
  policy.named_users = {"ann", "bob"};
  Claim wanted;
  wanted.machine = "a";
  wanted.name = "Hall 7";
  wanted.user = "ann";
  index.put(decide_claim(index, allowance, policy, wanted, id_of(1), at)->seat);
  const auto anew = claim("a", {}, "2");  // nobody named: still Ann's
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->seat.name, "Hall 7");
  EXPECT_EQ(anew->seat.user, "ann");
  EXPECT_EQ(claim("a", "bob", "3")->seat.user, "bob");
  EXPECT_EQ(refused(claim("a", "eve", "4")), Why::not_entitled);
}

TEST_F(SeatRules, OverdraftIsGivenAndCounted) {
  allowance.overdraft = {1};
  EXPECT_FALSE(claim("a")->overdrawn);
  EXPECT_FALSE(claim("b")->overdrawn);
  EXPECT_TRUE(claim("c")->overdrawn);
  EXPECT_EQ(refused(claim("d")), Why::seats_exhausted);
  allowance.overdraft = {};
  EXPECT_TRUE(claim("d")->overdrawn);
  allowance.seats = {};
  allowance.overdraft = {0};
  EXPECT_FALSE(claim("e")->overdrawn);
}

TEST_F(SeatRules, NoLeaseOutlivesItsEntitlement) {
  allowance.expires_at = rules_now + 60'000;
  EXPECT_EQ(claim("a")->seat.until, rules_now + 60'000);
  allowance.grace_seconds = 30;
  EXPECT_EQ(claim("b")->seat.until, rules_now + 90'000);
  allowance.allocated_until = rules_now + 10'000;
  EXPECT_EQ(decide_refresh(index, allowance, *index.find(id_of(1)), at)->until, rules_now + 10'000);
}

TEST_F(SeatRules, WhatHasEndedGivesNothing) {
  allowance.expires_at = rules_now;
  EXPECT_EQ(refused(claim("a")), Why::not_entitled);
  allowance.grace_seconds = 1;
  EXPECT_TRUE(claim("a"));
  at.floor = rules_now + 1000;  // a bundle told it
  EXPECT_EQ(refused(claim("b")), Why::not_entitled);
  EXPECT_EQ(decide_refresh(index, allowance, *index.find(id_of(1)), at).error().code,
            Why::not_entitled);
  allowance.expires_at = std::nullopt;
  for (const auto status : {Status::disabled, Status::customer_disabled}) {
    allowance.status = status;
    EXPECT_EQ(refused(claim("b")), Why::not_entitled);
  }
  allowance.status = Status::grace;
  EXPECT_TRUE(claim("b"));
}

TEST_F(SeatRules, WhatHasNotBegunGivesNothingButToAFirstActivation) {
  allowance.status = Status::created;
  EXPECT_EQ(refused(claim("a")), Why::not_entitled);
  allowance.starts_at = rules_now + 1000;
  EXPECT_THAT(claim("a").error().why, HasSubstr("begins at"));
  at.floor = rules_now + 1000;
  EXPECT_TRUE(claim("a"));
  allowance.starts_at = std::nullopt;
  EXPECT_EQ(refused(claim("b")), Why::not_entitled);
  allowance.starts_with_activation = true;
  EXPECT_TRUE(claim("b"));
}

TEST_F(SeatRules, ANodeLockedSeatStaysItsMachines) {
  allowance.concurrency = Concurrency::node_lock;
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(claim("b"));
  at.now += 100 * rules_hour_ms;
  EXPECT_EQ(index.due(at.now, 10).size(), 0u);
  EXPECT_EQ(refused(claim("c")), Why::seats_exhausted);
  EXPECT_EQ(claim("c").error().numbers->next_free_ms, std::nullopt);
  EXPECT_EQ(claim("a", {}, "anew")->seat.until, at.now + lease_ms);
}

TEST_F(SeatRules, SeatsAreKeptForAGroup) {
  policy.reservations = {{"press", 1, {"ann", "bob"}}};
  ASSERT_TRUE(claim("a", "eve"));
  const auto kept = claim("b", "eve");
  ASSERT_EQ(refused(kept), Why::seats_exhausted);
  EXPECT_THAT(kept.error().why, HasSubstr("kept for groups"));
  EXPECT_EQ(claim("c", "ann")->seat.group, "press");
  EXPECT_EQ(refused(claim("d", "bob")), Why::seats_exhausted);
}

TEST_F(SeatRules, WhereFewerAreFreeThanAreKeptTheGroupGetsWhatIsFree) {
  allowance.seats = {4};
  ASSERT_TRUE(claim("x1", "eve"));
  ASSERT_TRUE(claim("x2", "eve"));
  policy.reservations = {{"press", 3, {"ann"}}, {"office", 1, {"bob"}}};
  EXPECT_EQ(refused(claim("y", "eve")), Why::seats_exhausted);
  EXPECT_TRUE(claim("p1", "ann"));
  EXPECT_TRUE(claim("o1", "bob"));
  EXPECT_EQ(refused(claim("p2", "ann")), Why::seats_exhausted);
}

TEST_F(SeatRules, WhatIsNotHereIsSaid) {
  allowance.seats = {0};
  EXPECT_THAT(claim("a").error().why, HasSubstr("allocated to sites"));
  EXPECT_THAT(claim("a").error().next, HasSubstr("/v1/allocations"));
  allowance.allocated_until = rules_now + 1000;
  EXPECT_THAT(claim("a").error().why, HasSubstr("allocated to this site"));
  allowance.seats = {1};
  at.floor = rules_now + 1000;
  const Denial ended = claim("a").error();
  EXPECT_THAT(ended.why, HasSubstr("allocated to this site ended"));
  EXPECT_THAT(ended.next, HasSubstr("allocation"));
  allowance.expires_at = rules_now;
  EXPECT_THAT(claim("a").error().why, HasSubstr("the entitlement ended"));
}

TEST_F(SeatRules, AGroupMayHaveMoreThanIsKeptForIt) {
  policy.reservations = {{"press", 1, {"ann", "bob"}}};
  EXPECT_TRUE(claim("a", "ann"));
  EXPECT_TRUE(claim("b", "bob"));
  EXPECT_EQ(index.use(allowance.entitlement).groups.at("press"), 2);
}

TEST_F(SeatRules, NoMoreIsKeptForGroupsThanThereIs) {
  allowance.overdraft = {1};
  const auto decide = [&](const SeatPolicy& wanted) {
    return decide_policy(policy, wanted, numbers_of(index, allowance, at.now));
  };
  SeatPolicy wanted;
  wanted.reservations = {{"press", 2, {"ann"}}, {"office", 1, {"bob"}}};
  EXPECT_TRUE(decide(wanted));
  wanted.reservations[1].seats = 2;
  const auto refused_policy = decide(wanted);
  ASSERT_FALSE(refused_policy);
  EXPECT_EQ(refused_policy.error().code, Why::validation_failed);
  EXPECT_EQ(refused_policy.error().member, "reservations/1/seats");
  EXPECT_THAT(refused_policy.error().why, HasSubstr("4 seats would be kept"));
  policy = wanted;  // it fitted once: seats were taken away since
  wanted.show_holders = true;
  EXPECT_TRUE(decide(wanted));
  allowance.seats = {};
  wanted.reservations[0].seats = 200;
  EXPECT_TRUE(decide(wanted));
}

TEST_F(SeatRules, NamedUsersOnly) {
  policy.named_users = {"ann"};
  EXPECT_EQ(refused(claim("a", "eve")), Why::not_entitled);
  EXPECT_EQ(refused(claim("a")), Why::not_entitled);
  EXPECT_TRUE(claim("a", "ann"));
}

TEST_F(SeatRules, ASeatIsHeldForItsMinimum) {
  policy.minimum_hold_seconds = 3600;
  const Seat seat = claim("a")->seat;
  const auto held = decide_release(policy, seat, rules_now + 1000);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->until, rules_now + rules_hour_ms);
  EXPECT_EQ(held->hold, Hold::ended);
  EXPECT_EQ(decide_release(policy, seat, rules_now + rules_hour_ms), std::nullopt);
  index.put(*held);
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(claim("c").error().numbers->next_free_ms, rules_hour_ms);  // b's lease ends within it
  EXPECT_EQ(claim("a", {}, "again")->seat.hold, Hold::lease);  // its own machine may have it back
}

TEST_F(SeatRules, TheSurplusEndsAtItsNextRefresh) {
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(claim("b"));
  allowance.seats = {1};
  const auto surplus = decide_refresh(index, allowance, *index.find(id_of(2)), at);
  ASSERT_FALSE(surplus);
  EXPECT_EQ(surplus.error().code, Why::seats_exhausted);
  index.erase(id_of(2));
  EXPECT_TRUE(decide_refresh(index, allowance, *index.find(id_of(1)), at));
}

TEST_F(SeatRules, WhatIsOnItsWayOutIsNoReasonToEndAnother) {
  allowance.seats = {3};
  for (const char* machine : {"a", "b", "c"}) ASSERT_TRUE(claim(machine));
  Seat ended = *index.find(id_of(1));
  ended.hold = Hold::ended;
  index.put(ended);
  Seat lapsed = *index.find(id_of(2));
  lapsed.until = at.now;
  index.put(lapsed);
  allowance.seats = {1};
  EXPECT_TRUE(decide_refresh(index, allowance, *index.find(id_of(3)), at));
  EXPECT_FALSE(decide_refresh(index, allowance, *index.find(id_of(2)), at));
}

TEST_F(SeatRules, ASeatIsBorrowedWithinItsPeriod) {
  const Seat seat = claim("a")->seat;
  const auto borrowed = decide_borrow(allowance, seat, rules_now + rules_hour_ms, at);
  ASSERT_TRUE(borrowed);
  EXPECT_EQ(borrowed->until, rules_now + rules_hour_ms);
  EXPECT_EQ(borrowed->hold, Hold::borrowed);
  EXPECT_EQ(decide_borrow(allowance, seat, rules_now + rules_hour_ms + 1, at).error().code,
            Why::validation_failed);
  const Denial past = decide_borrow(allowance, seat, rules_now, at).error();
  EXPECT_EQ(past.code, Why::validation_failed);
  EXPECT_EQ(past.member, "until");
  EXPECT_THAT(past.why, HasSubstr("is past"));
  allowance.expires_at = rules_now + 1000;
  EXPECT_FALSE(decide_borrow(allowance, seat, rules_now + rules_hour_ms, at));
  allowance.expires_at = std::nullopt;
  allowance.offline_lease_seconds = 0;
  EXPECT_THAT(decide_borrow(allowance, seat, rules_now + 1, at).error().why,
              HasSubstr("no seat leave"));
}

TEST_F(SeatRules, ABorrowedSeatIsNotShortenedByARefresh) {
  const Seat seat = claim("a")->seat;
  const Seat borrowed = decide_borrow(allowance, seat, rules_now + rules_hour_ms, at).value();
  index.put(borrowed);
  EXPECT_EQ(decide_refresh(index, allowance, borrowed, at)->until, rules_now + rules_hour_ms);
  at.now = rules_now + rules_hour_ms - 1000;
  const auto back = decide_refresh(index, allowance, borrowed, at);
  EXPECT_EQ(back->hold, Hold::lease);
  EXPECT_EQ(back->until, at.now + lease_ms);
}

TEST(SeatTurns, TheNextTheSameAndAnyOther) {
  Seat seat = seat_of(1, "a", rules_now);
  seat.turn = 5;
  seat.last_request = code_of("call");
  EXPECT_EQ(judge_turn(seat, 5, code_of("another")), Turn::next);
  EXPECT_EQ(judge_turn(seat, 4, code_of("call")), Turn::repeated);
  EXPECT_EQ(judge_turn(seat, 4, code_of("another")), Turn::cloned);
  EXPECT_EQ(judge_turn(seat, 3, code_of("call")), Turn::cloned);
  EXPECT_EQ(judge_turn(seat, 9, code_of("call")), Turn::next);  // given before memory was lost
  const Seat after = after_turn(seat, 9, code_of("new"));
  EXPECT_EQ(after.turn, 10);
  EXPECT_EQ(judge_turn(after, 5, code_of("another")), Turn::cloned);
}

TEST(SeatTurns, AKeyIsOfOneCall) {
  Seat seat = seat_of(1, "a", rules_now);
  seat.turn = 5;
  seat.last_request = call_hash("key", code_of("body"));
  EXPECT_EQ(judge_turn(seat, 4, call_hash("key", code_of("body"))), Turn::repeated);
  EXPECT_EQ(judge_turn(seat, 4, call_hash("key", code_of("other"))), Turn::other);
  EXPECT_EQ(judge_turn(seat, 5, call_hash("key", code_of("other"))), Turn::other);
  EXPECT_EQ(judge_turn(seat, 5, call_hash("next", code_of("body"))), Turn::next);
  EXPECT_EQ(judge_turn(seat, 4, call_hash("next", code_of("body"))), Turn::cloned);
}

}  // namespace
}  // namespace skerry::licensing
