#include "licensing/seat_desk.hpp"

#include "tests/unit/licensing/desk_fixture.hpp"

namespace skerry::licensing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Call = SeatDesk::FeatureCall;

class SeatDeskTest : public DeskTest {};

TEST_F(SeatDeskTest, ASeatIsARowBeforeItsAnswer) {
  const auto state = claim("a");
  ASSERT_TRUE(state);
  EXPECT_EQ(number("SELECT count(*) FROM seat WHERE machine='a' AND hold='lease'"), 1);
  EXPECT_EQ(state->renew_after_ms, lease_ms / 2);
  ASSERT_TRUE(release(holder(*state)));
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 0);
  EXPECT_EQ(refused(release(holder(*state))), Why::no_seat);
}

TEST_F(SeatDeskTest, ACodeOpensItsEntitlementForItsProduct) {
  EXPECT_EQ(refused(claim("a", "1", "WRONG")), Why::not_entitled);
  Claim wanted;
  wanted.machine = "a";
  const auto opened = [&](const Opening& opening) {
    return job([&](store::Connection& connection) {
             return desk->claim(connection, opening, wanted);
           })
        .has_value();
  };
  EXPECT_FALSE(opened({code_of("CODE"), "OTHER", {}}));
  EXPECT_FALSE(opened({code_of("CODE"), "PRESS", "Premium"}));
  EXPECT_TRUE(opened({code_of("CODE"), to_string(id_of(product_number)), "Standard"}));
}

TEST_F(SeatDeskTest, CustomersOpenWhatTheyHave) {
  source.all[0].customer = id_of(7);
  Claim wanted;
  wanted.machine = "a";
  const auto opened = [&](std::vector<RecordId> customers, std::string_view product) {
    Opening opening = opening_of(std::move(customers));
    opening.product = product;
    return job([&](store::Connection& connection) {
             return desk->claim(connection, opening, wanted);
           })
        .has_value();
  };
  EXPECT_FALSE(opened({id_of(8)}, "PRESS"));
  EXPECT_FALSE(opened({id_of(7)}, "OTHER"));
  EXPECT_TRUE(opened({id_of(7)}, "PRESS"));
  EXPECT_TRUE(opened({id_of(8), id_of(7)}, "PRESS"));
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);  // the same machine, the same seat
}

TEST_F(SeatDeskTest, ANextEntitlementGivesWhatTheFirstHasNot) {
  source.all.push_back(allowance_of(1));
  source.all[1].entitlement = id_of(201);
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(claim("c")->seat.entitlement, id_of(201));
  EXPECT_EQ(claim("a", "2")->seat.entitlement, id_of(entitlement_number));
  EXPECT_EQ(refused(claim("d")), Why::seats_exhausted);
}

TEST_F(SeatDeskTest, ADenialIsCountedOnceWhereNothingWasGiven) {
  source.all.push_back(allowance_of(1));
  source.all[1].entitlement = id_of(201);
  const auto denials = [&](std::uint8_t entitlement) {
    return desk->pool(id_of(entitlement))->counts.denials;
  };
  for (const char* machine : {"a", "b", "c"}) ASSERT_TRUE(claim(machine));
  EXPECT_EQ(denials(entitlement_number), 0);  // the third has its seat from the other one
  EXPECT_EQ(denials(201), 0);
  EXPECT_EQ(claim("d").error().numbers->limit, Amount{2});
  EXPECT_EQ(denials(entitlement_number), 1);
  EXPECT_EQ(denials(201), 0);
  source.all[0].status = Status::disabled;  // what is exhausted speaks before what gives nothing
  ++version;
  EXPECT_EQ(refused(claim("e")), Why::seats_exhausted);
  EXPECT_EQ(denials(entitlement_number), 1);
  EXPECT_EQ(denials(201), 1);
}

TEST_F(SeatDeskTest, ADenialSaysWhoHasTheSeatsWhereThePolicyAllows) {
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(claim("b"));
  EXPECT_TRUE(claim("c").error().holders.empty());
  write([&](store::Connection& connection) -> Result<void> {
    SeatPolicy policy;
    policy.show_holders = true;
    desk->set_policy(connection, id_of(entitlement_number), policy);
    return {};
  });
  EXPECT_THAT(claim("c").error().holders, ElementsAre("a", "b"));
  EXPECT_EQ(pool().counts.denials, 2);
  EXPECT_EQ(pool().counts.high_water, 2);
}

TEST_F(SeatDeskTest, AnEndedLeaseIsFreeAtTheNextClaim) {
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(claim("b"));
  clocks.pass(lease_ms / 1000);
  EXPECT_TRUE(claim("c"));
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);
}

TEST_F(SeatDeskTest, ARefreshIsWrittenWithTheNextUpkeep) {
  Holder a = holder(*claim("a"));
  clocks.pass(60);
  EXPECT_EQ(refresh(a, "r1")->seat.until, TwoClocks::began + 60'000 + lease_ms);
  EXPECT_EQ(number("SELECT turn FROM seat"), 1);
  upkeep();
  EXPECT_EQ(number("SELECT turn FROM seat"), 2);
  EXPECT_EQ(number("SELECT until FROM seat"), TwoClocks::began + 60'000 + lease_ms);
}

TEST_F(SeatDeskTest, OnlyTheSecretRefreshes) {
  const Holder a = holder(*claim("a"));
  const Holder b = holder(*claim("b"));
  EXPECT_EQ(refused(desk->refresh(a.id, caller({a.id, b.secret, a.nonce}, "r"))), Why::forbidden);
  EXPECT_EQ(refused(desk->refresh(a.id, caller({a.id, "", a.nonce}, "r"))), Why::forbidden);
  EXPECT_EQ(refused(desk->refresh(a.id, caller({a.id, a.secret, b.nonce}, "r"))), Why::bad_request);
  EXPECT_EQ(refused(desk->refresh(a.id, caller({a.id, a.secret, ""}, "r"))), Why::bad_request);
  EXPECT_EQ(refused(desk->refresh(id_of(9), caller(a, "r"))), Why::no_seat);
}

TEST_F(SeatDeskTest, ALostReplyIsGivenAgain) {
  Holder a = holder(*claim("a"));
  const Holder before = a;
  const auto first = refresh(a, "r1");
  clocks.pass(5);
  const auto again = desk->refresh(a.id, caller(before, "r1"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->seat, first->seat);
  EXPECT_TRUE(refresh(a, "r2"));
}

TEST_F(SeatDeskTest, ACloneIsRefusedAndCounted) {
  Holder a = holder(*claim("a"));
  const Holder clone = a;
  ASSERT_TRUE(refresh(a, "original"));
  const auto met = desk->refresh(clone.id, caller(clone, "clone"));
  EXPECT_EQ(refused(met), Why::seat_cloned);
  EXPECT_THAT(met.error().why, HasSubstr("two machines"));
  EXPECT_EQ(refused(release(clone)), Why::seat_cloned);
  EXPECT_EQ(pool().counts.clones, 2);
  EXPECT_TRUE(refresh(a, "goes on"));
}

TEST_F(SeatDeskTest, AnActivationAnewEndsTheOldSecret) {
  const Holder old = holder(*claim("a", "1"));
  Holder now = holder(*claim("a", "2"));
  EXPECT_EQ(old.id, now.id);
  EXPECT_EQ(refused(desk->refresh(old.id, caller(old, "r"))), Why::seat_cloned);
  EXPECT_TRUE(refresh(now, "r"));
}

TEST_F(SeatDeskTest, AnOperatorReleasesWithoutASecretAndTheTurnStays) {
  Holder a = holder(*claim("a"));
  const Caller boss{{}, {}, code_of("boss"), true};
  ASSERT_TRUE(job([&](store::Connection& connection) {
    return desk->feature(connection, a.id, boss, Call::checkout, "cores", 1);
  }));
  EXPECT_TRUE(refresh(a, "r"));
  ASSERT_TRUE(
      job([&](store::Connection& connection) { return desk->release(connection, a.id, boss); }));
  EXPECT_EQ(refused(desk->refresh(a.id, caller(a, "r"))), Why::no_seat);
}

TEST_F(SeatDeskTest, FeaturesAreCountedOnceForALostReply) {
  const Holder a = holder(*claim("a"));
  EXPECT_EQ(feature(a, Call::usage, "prints", 30, "u1")->numbers->in_use, 30);
  const auto again = feature(a, Call::usage, "prints", 30, "u1");
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->numbers->in_use, 30);
  EXPECT_EQ(refused(feature(a, Call::usage, "prints", 30, "u2")), Why::seat_cloned);
  EXPECT_EQ(number("SELECT used FROM feature_use"), 30);
}

TEST_F(SeatDeskTest, OfWhatIsDisabledNothingMoreIsTaken) {
  const Holder app = holder(*feature(holder(*claim("a")), Call::checkout, "cores", 3, "c"));
  source.all[0].status = Status::disabled;
  ++version;
  EXPECT_EQ(refused(feature(app, Call::checkout, "cores", 1, "more")), Why::not_entitled);
  EXPECT_EQ(refused(feature(app, Call::usage, "prints", 1, "used")), Why::not_entitled);
  EXPECT_TRUE(feature(app, Call::give_back, "cores", 3, "back"));
}

TEST_F(SeatDeskTest, ADeniedCallLeavesTheTurn) {
  const Holder a = holder(*claim("a"));
  EXPECT_EQ(refused(feature(a, Call::checkout, "cores", 9, "c1")), Why::feature_exhausted);
  const auto held = feature(a, Call::checkout, "cores", 8, "c2");
  ASSERT_TRUE(held);
  const Holder next = holder(*held);
  EXPECT_EQ(refused(feature(next, Call::give_back, "cores", 9, "c3")), Why::validation_failed);
  EXPECT_EQ(pool().counts.denials, 1);  // who returns wrongly was denied nothing
}

TEST_F(SeatDeskTest, ABorrowedSeatIsARow) {
  const Holder a = holder(*claim("a"));
  const UnixMillis until = TwoClocks::began + 3'600'000;
  ASSERT_TRUE(job([&](store::Connection& connection) {
    return desk->borrow(connection, a.id, caller(a, "b"), until);
  }));
  EXPECT_EQ(number("SELECT until FROM seat WHERE hold='borrowed'"), until);
}

TEST_F(SeatDeskTest, TheSurplusIsFreeOnceItHasHeard) {
  Holder a = holder(*claim("a"));
  Holder b = holder(*claim("b"));
  source.all[0].seats = {1};
  ++version;
  EXPECT_EQ(refused(refresh(b, "r")), Why::seats_exhausted);
  upkeep();
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);
  EXPECT_TRUE(refresh(a, "r"));
}

TEST_F(SeatDeskTest, OfABurstOfRefreshesOnlyTheSurplusEnds) {
  source.all[0].seats = {10};
  ++version;
  std::vector<Holder> holders;
  for (int i = 0; i < 10; ++i) holders.push_back(holder(*claim(std::to_string(i))));
  source.all[0].seats = {9};
  ++version;
  int ended = 0;
  for (Holder& each : holders)
    if (!refresh(each, "r")) ++ended;
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(pool().numbers.in_use, 9);
  EXPECT_TRUE(desk->wants_upkeep());
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 10);
  upkeep();
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 9);
}

TEST_F(SeatDeskTest, TheSurplusStaysEndedWhenTheRowsAreReadAnew) {
  Holder a = holder(*claim("a"));
  ASSERT_TRUE(claim("b"));
  source.all[0].seats = {1};
  ++version;
  EXPECT_EQ(refused(refresh(a, "r")), Why::seats_exhausted);
  desk->commit_failed();
  EXPECT_EQ(refused(claim("c")), Why::seats_exhausted);
  EXPECT_EQ(pool().numbers.in_use, 1);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);
}

TEST_F(SeatDeskTest, ALeaseThatRunsOutDoesNotEvadeTheMinimumHold) {
  SeatPolicy policy;
  policy.minimum_hold_seconds = 2 * lease_ms / 1000;
  set_policy(policy);
  for (const char* machine : {"a", "b"}) ASSERT_TRUE(claim(machine));
  EXPECT_EQ(claim("c").error().numbers->next_free_ms, 2 * lease_ms);
  clocks.pass(lease_ms / 1000);
  const auto within = claim("c");
  EXPECT_EQ(refused(within), Why::seats_exhausted);
  EXPECT_EQ(within.error().numbers->next_free_ms, lease_ms);
  EXPECT_TRUE(claim("a", "again"));  // its own machine may have it back
  clocks.pass(lease_ms / 1000);
  EXPECT_TRUE(claim("c"));
}

TEST_F(SeatDeskTest, AnActivationThatComesTwiceIsDoneOnce) {
  const auto first = claim_once("a", "key");
  Holder a = holder(*first);
  EXPECT_EQ(claim_once("a", "key")->seat, first->seat);
  EXPECT_EQ(refused(claim_once("b", "key")), Why::id_used);
  ASSERT_TRUE(refresh(a, "r"));
  EXPECT_EQ(refused(claim_once("a", "key")), Why::already_exists);  // it came late
  EXPECT_TRUE(refresh(a, "goes on"));
  ASSERT_TRUE(claim_once("a", "anew"));
  EXPECT_EQ(refused(claim_once("a", "key")), Why::already_exists);
}

TEST_F(SeatDeskTest, AnActivationOfASeatThatWasGivenBackIsNotDoneAgain) {
  ASSERT_TRUE(release(holder(*claim_once("a", "key"))));
  open();
  EXPECT_EQ(refused(claim_once("a", "key")), Why::already_exists);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM idempotency WHERE key='key' AND headers='' AND "
                   "length(body)=36"),
            1);
  EXPECT_TRUE(claim_once("a", "another"));
}

TEST_F(SeatDeskTest, AKeyWhoseActivationWasDeniedIsFree) {
  ASSERT_TRUE(claim("a"));
  const Holder b = holder(*claim("b"));
  EXPECT_EQ(refused(claim_once("c", "key")), Why::seats_exhausted);
  ASSERT_TRUE(release(b));
  EXPECT_TRUE(claim_once("c", "key"));
}

TEST_F(SeatDeskTest, AKeyIsKeptBySevenDaysOfRunTimeOverAllRuns) {
  constexpr std::int64_t day = 24 * 3600;
  ASSERT_TRUE(release(holder(*claim_once("a", "key"))));
  for (const std::int64_t years : {1, -2}) {  // a wall clock that is set, and a restart
    clocks.wall += years * 365 * day * 1000;
    EXPECT_EQ(refused(claim_once("a", "key")), Why::already_exists) << years;
    clocks.pass(3 * day);
    upkeep();
    clocks.monotonic = 5'000;
    open();
    EXPECT_EQ(refused(claim_once("a", "key")), Why::already_exists) << years;
  }
  clocks.pass(day);
  EXPECT_TRUE(claim_once("a", "key"));
}

TEST_F(SeatDeskTest, TheCatalogueIsReadOnceForEachChangeOfIt) {
  Holder a = holder(*claim("a"));
  const int reads = source.reads;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(refresh(a, std::to_string(i)));
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(source.reads, reads);
  ++version;
  ASSERT_TRUE(refresh(a, "x"));
  EXPECT_EQ(source.reads, reads + 1);
}

TEST_F(SeatDeskTest, AFirstActivationBeginsTheEntitlement) {
  source.all[0].status = Status::created;
  source.all[0].starts_with_activation = true;
  source.all[0].duration = Period{1, 0};
  ++version;
  ASSERT_TRUE(claim("a"));
  const UnixMillis end = add_period(TwoClocks::began, {1, 0});
  EXPECT_EQ(claim("a", "2")->allowance->expires_at, end);
  clocks.pass(40 * 24 * 3600);
  ++version;
  EXPECT_EQ(refused(claim("b")), Why::not_entitled);
}

}  // namespace
}  // namespace skerry::licensing
