// What a restart, a crash and a clock may do to seats: nothing that their holders notice.
#include "tests/unit/licensing/desk_fixture.hpp"

namespace skerry::licensing {
namespace {

class SeatRestartTest : public DeskTest {};

TEST_F(SeatRestartTest, SeatsSecretsAndNoncesAreThereAfterIt) {
  Holder a = holder(*claim("a"));
  open();
  EXPECT_TRUE(refresh(a, "r"));
  EXPECT_EQ(pool().numbers.in_use, 1);
}

TEST_F(SeatRestartTest, RefreshesThatWereNotWrittenAreHonoured) {
  Holder a = holder(*claim("a"));
  for (const char* call : {"r1", "r2", "r3"}) ASSERT_TRUE(refresh(a, call));
  open();  // without an upkeep: as after a power cut
  const auto state = refresh(a, "r4");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->seat.turn, 5);
}

TEST_F(SeatRestartTest, ACloneFromBeforeItIsFoundOut) {
  Holder a = holder(*claim("a"));
  Holder clone = a;
  ASSERT_TRUE(refresh(a, "r1"));
  ASSERT_TRUE(refresh(a, "r2"));
  open();                                // the table knows of neither
  EXPECT_TRUE(refresh(clone, "clone"));  // nothing tells it from the original yet
  EXPECT_TRUE(refresh(a, "r3"));         // a nonce that only this machine can have given
  EXPECT_EQ(refused(desk->refresh(clone.id, caller(clone, "clone again"))), Why::seat_cloned);
}

TEST_F(SeatRestartTest, EveryLeaseIsGivenItsPeriodAgain) {
  Holder a = holder(*claim("a"));
  clocks.pass(24 * 3600);  // stopped for a day
  open();
  EXPECT_EQ(pool().seats.at(0).until, clocks.wall + lease_ms);
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(refused(claim("c")), Why::seats_exhausted);
  EXPECT_TRUE(refresh(a, "r"));
}

TEST_F(SeatRestartTest, NoLeaseOutlivesItsEntitlementByOne) {
  source.all[0].expires_at = TwoClocks::began + 1'000'000;
  ++version;
  ASSERT_TRUE(claim("a"));
  clocks.pass(900);
  open();
  EXPECT_EQ(pool().seats.at(0).until, TwoClocks::began + 1'000'000);
}

TEST_F(SeatRestartTest, AWallClockThatJumpsChangesNothingWithinARun) {
  Holder a = holder(*claim("a"));
  clocks.wall += 365ll * 24 * 3600 * 1000;
  EXPECT_EQ(refresh(a, "r1")->seat.until, TwoClocks::began + lease_ms);
  clocks.wall -= 2 * 365ll * 24 * 3600 * 1000;
  EXPECT_EQ(refresh(a, "r2")->seat.until, TwoClocks::began + lease_ms);
  EXPECT_TRUE(desk->wants_upkeep());
  upkeep();
  EXPECT_FALSE(desk->wants_upkeep());
  EXPECT_EQ(number("SELECT count(*) FROM clock_jump"), 1);
}

TEST_F(SeatRestartTest, WhatIsSoldByAWallClockThatWasSetForwardHasBegun) {
  clocks.wall += 8 * 24 * 3'600'000;
  source.all[0].status = Status::created;
  source.all[0].starts_at = clocks.wall + 1;
  EXPECT_EQ(refused(claim("a")), Why::not_entitled);
  source.all[0].starts_at = clocks.wall;
  ++version;
  EXPECT_TRUE(claim("a", "2"));
}

TEST_F(SeatRestartTest, AWallClockSetBackExtendsNothing) {
  source.all[0].expires_at = TwoClocks::began + 1'000'000;
  ++version;
  ASSERT_TRUE(claim("a"));
  clocks.pass(2'000);
  upkeep();  // keeps the floor
  clocks.wall = TwoClocks::began;
  open();
  EXPECT_EQ(refused(claim("b")), Why::not_entitled);
  EXPECT_GE(desk->clock().now, TwoClocks::began + 2'000'000);
}

TEST_F(SeatRestartTest, WhatABundleToldOfTheTimeIsKept) {
  write([&](store::Connection& connection) -> Result<void> {
    log.observe(connection, HlcStamp::at(TwoClocks::began + 5'000'000));
    return {};
  });
  upkeep();
  EXPECT_EQ(desk->clock().now, TwoClocks::began);  // no lease ends early within a run
  EXPECT_EQ(desk->clock().floor, TwoClocks::began + 5'000'000);
  open();
  EXPECT_EQ(desk->clock().now, TwoClocks::began + 5'000'000);
}

TEST_F(SeatRestartTest, UpkeepIsWantedWhenThereIsSomethingToWrite) {
  EXPECT_TRUE(desk->wants_upkeep());  // the floor was never written
  upkeep();
  EXPECT_FALSE(desk->wants_upkeep());
  Holder a = holder(*claim("a"));
  upkeep();  // the high-water mark
  EXPECT_FALSE(desk->wants_upkeep());
  ASSERT_TRUE(refresh(a, "r"));
  EXPECT_TRUE(desk->wants_upkeep());
  upkeep();
  clocks.wall += 3'600'000;
  EXPECT_TRUE(desk->wants_upkeep());
  upkeep();
  EXPECT_FALSE(desk->wants_upkeep());
  clocks.pass(lease_ms / 1000);
  EXPECT_TRUE(desk->wants_upkeep());
  upkeep();
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 0);
}

TEST_F(SeatRestartTest, ACommitThatFailedLeavesNoSeat) {
  const auto failed = run([&](store::Connection& connection) -> Result<int> {
    Claim wanted;
    wanted.machine = "a";
    const auto state = desk->claim(connection, {code_of("CODE"), "PRESS", {}}, wanted);
    EXPECT_TRUE(state.has_value());
    return fail(Errc::io_failed, "as when the disk is full");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(pool().numbers.in_use, 1);  // ahead of the rows
  desk->commit_failed();
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(pool().numbers.in_use, 1);
  ASSERT_TRUE(claim("c"));
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 2);
}

TEST_F(SeatRestartTest, CountsAndUsageComeBack) {
  const Holder a = holder(*claim("a"));
  ASSERT_TRUE(feature(a, SeatDesk::FeatureCall::usage, "prints", 100, "u"));
  ASSERT_TRUE(claim("b"));
  EXPECT_EQ(refused(claim("c")), Why::seats_exhausted);
  upkeep();
  open();
  EXPECT_EQ(pool().counts, (SeatCounts{1, 0, 0, 2}));
  const Holder again = holder(*claim("a", "2"));
  EXPECT_EQ(refused(feature(again, SeatDesk::FeatureCall::usage, "prints", 11, "u2")),
            Why::feature_exhausted);
}

}  // namespace
}  // namespace skerry::licensing
