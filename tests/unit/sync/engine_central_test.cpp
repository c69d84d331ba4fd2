#include <gtest/gtest.h>

#include "sync/engine.hpp"
#include "tests/unit/sync/engine_fixture.hpp"

namespace skerry::sync {
namespace {

// Central's life 7 with 20 rows, which took in rows 1–4 of the site's active epoch.
class JudgeChanges : public testing::Test {
 protected:
  JudgeChanges() {
    central.life = life_of_ord(7);
    central.n = 20;
    central.epoch = EpochKnowledge{Standing::active, false, 4};
    central.hash_before = hash_of(4);
    body.first = 5;
    body.last = 6;
    body.head = 6;
    body.prev_hash = hash_of(4);
    body.last_hash = hash_of(6);
  }
  ChangesVerdict judge() const { return judge_changes(central, body); }
  Errc refused() const {
    const ChangesVerdict verdict = judge();
    EXPECT_EQ(verdict.action, Action::refuse);
    return verdict.refusal ? verdict.refusal->code : Errc::internal;
  }
  // An epoch that central has not heard of, which goes on behind row 4 of the active one.
  void begin_epoch() {
    central.epoch.reset();
    central.previous = central.parent = EpochKnowledge{Standing::active, false, 4};
    central.hash_at_parent = hash_of(4);
    central.hash_before = Hash{};
    body.first = 1;
    body.prev_hash = Hash{};
    body.previous = epoch_of(1);
    body.parent = LogPlace{epoch_of(1), 4, hash_of(4)};
  }

  CentralKnowledge central;
  ChangesBody body;
};

TEST_F(JudgeChanges, AppliesWhatFollows) {
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_TRUE(judge().report);
  EXPECT_FALSE(judge().life_after);
  EXPECT_FALSE(judge().copy);
}

TEST_F(JudgeChanges, KnowsWhatItHas) {
  body.first = 3;
  body.last = 4;
  body.last_hash = central.hash_before.emplace(hash_of(2));
  body.prev_hash = hash_of(2);
  central.hash_at_last = body.last_hash;
  EXPECT_EQ(judge().action, Action::duplicate);
}

TEST_F(JudgeChanges, ABundleWithoutRowsIsOnlyAReport) {
  body.last = body.head = 4;
  body.last_hash = hash_of(4);
  EXPECT_EQ(judge().action, Action::duplicate);
  EXPECT_TRUE(judge().report);
}

TEST_F(JudgeChanges, H14_AnOlderBundleIsNoReport) {
  body.first = 3;
  body.last = body.head = 3;
  body.prev_hash = body.last_hash = hash_of(2);
  central.hash_before = central.hash_at_last = hash_of(2);
  EXPECT_EQ(judge().action, Action::duplicate);
  EXPECT_FALSE(judge().report);
}

TEST_F(JudgeChanges, H2_WhoseLogEndsBeforeWhatWeHaveOfItMayHaveLostMemory) {
  EXPECT_FALSE(judge().behind);
  body.first = 4;
  body.last = body.head = 3;
  body.prev_hash = body.last_hash = hash_of(3);
  central.hash_before = central.hash_at_last = hash_of(3);
  EXPECT_TRUE(judge().behind);
  body.current = epoch_of(2);  // the epoch is over: it ended there
  central.current = EpochKnowledge{Standing::active, false, 0};
  EXPECT_FALSE(judge().behind);
}

TEST_F(JudgeChanges, AGapNamesTheRowThatIsNeeded) {
  body.first = 6;
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_NE(judge().refusal->next.find("--from 5"), std::string::npos);
}

TEST_F(JudgeChanges, H2_KnownRowsWithAnotherEndAreLookedAt) {
  body.first = 3;
  body.last = 4;
  central.hash_before = body.prev_hash = hash_of(2);
  body.last_hash = hash_of(44);
  central.hash_at_last = hash_of(4);
  EXPECT_EQ(judge().action, Action::apply);
}

TEST_F(JudgeChanges, RowsBehindAnotherRowWaitForTheBundleWithTheFork) {
  body.prev_hash = hash_of(44);
  EXPECT_EQ(refused(), Errc::bundle_gap);
}

TEST_F(JudgeChanges, RowsBehindAKnownForkAreKeptAsItsFirstOnesWere) {
  central.hash_before = hash_of(99);
  central.epoch->fork_at = 3;
  EXPECT_EQ(judge().action, Action::quarantine);
  central.epoch->fork_at = 4;  // they begin at the fork itself: another one
  EXPECT_EQ(refused(), Errc::bundle_gap);
}

TEST_F(JudgeChanges, H4_AReportOfCentralsFutureBeginsALife) {
  body.down = DownPosition{central.life, 21, hash_of(21)};
  EXPECT_EQ(judge().life_after, 7);
  EXPECT_EQ(judge().action, Action::apply);
  body.down = DownPosition{life_of_ord(8), 1, hash_of(1)};
  EXPECT_EQ(judge().life_after, 8);
}

// It knows more of the site as well: the rows cannot be used, the life begins all the same.
TEST_F(JudgeChanges, H4_AGapDoesNotHideLostMemory) {
  body.down = DownPosition{central.life, 21, hash_of(21)};
  body.first = 6;
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_TRUE(judge().life_after);
}

TEST_F(JudgeChanges, H5_AReportOfAnotherHistoryBeginsALife) {
  body.down = DownPosition{central.life, 9, hash_of(9)};
  central.hash_at_down = hash_of(99);
  EXPECT_TRUE(judge().life_after);
  central.hash_at_down.reset();  // the row is of an older life
  EXPECT_TRUE(judge().life_after);
  central.hash_at_down = hash_of(9);
  EXPECT_FALSE(judge().life_after);
  body.down = DownPosition{central.life, 0, Hash{}};
  EXPECT_FALSE(judge().life_after);
}

TEST_F(JudgeChanges, AReportOfAnOlderLifeSaysNothing) {
  body.down = DownPosition{life_of_ord(6), 900, hash_of(9)};
  EXPECT_FALSE(judge().life_after);
}

TEST_F(JudgeChanges, TwoLivesOfOneSecondBeginAThird) {
  body.down = DownPosition{central.life, 5, hash_of(5)};
  body.down->life.nonce[0] = 99;
  central.hash_at_down = hash_of(5);
  EXPECT_EQ(judge().life_after, 7);
}

TEST_F(JudgeChanges, H18_ALifeThatCannotBeIsRefused) {
  body.down = DownPosition{life_of_ord(ord_claimed_max), 1, hash_of(1)};
  EXPECT_EQ(judge().life_after, ord_claimed_max);
  body.down->life.ord += 1;
  EXPECT_EQ(refused(), Errc::wrong_history);
  EXPECT_FALSE(judge().life_after);
}

// One such lie that came before must not hide what is true since.
TEST_F(JudgeChanges, H18_ALifeBeyondAllBoundsStillLearnsOfItsFuture) {
  central.life = life_of_ord(ord_claimed_max + 1);
  body.down = DownPosition{central.life, 21, hash_of(21)};
  EXPECT_EQ(judge().life_after, ord_claimed_max + 1);
}

TEST_F(JudgeChanges, ANewLifeIsLaterThanAnyKnownOf) {
  EXPECT_EQ(next_ord(100, 7, 8), 100);
  EXPECT_EQ(next_ord(100, 120, 8), 121);
  EXPECT_EQ(next_ord(100, 7, 200), 201);
}

TEST_F(JudgeChanges, H1_AChildOfTheActiveEpochIsTheNextOne) {
  begin_epoch();
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_TRUE(judge().activate);
  EXPECT_TRUE(judge().report);
  EXPECT_FALSE(judge().copy);
  // Its data are of an epoch before the one that the machine knows it was in.
  central.parent->standing = Standing::past;
  EXPECT_TRUE(judge().activate);
  // Or the epoch it was in never came here.
  central.parent->standing = Standing::active;
  central.previous.reset();
  EXPECT_TRUE(judge().activate);
}

TEST_F(JudgeChanges, H1_AnEpochWaitsForTheRowsItGoesOnBehind) {
  begin_epoch();
  central.hash_at_parent.reset();  // rows are missing
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_FALSE(judge().report);
  central.hash_at_parent = hash_of(44);  // another branch
  EXPECT_EQ(refused(), Errc::bundle_gap);
  central.parent.reset();  // never heard of
  EXPECT_EQ(refused(), Errc::bundle_gap);
}

// A site that withholds its rows until it is answered.
TEST_F(JudgeChanges, H18_WithoutRowsAnEpochThatWaitsIsAReport) {
  begin_epoch();
  body.last = 0;
  body.last_hash = Hash{};
  central.hash_at_parent.reset();
  EXPECT_EQ(judge().action, Action::report);
  EXPECT_TRUE(judge().report);
  EXPECT_FALSE(judge().activate);
  EXPECT_FALSE(judge().copy);
  body.current = epoch_of(3);  // it stands elsewhere
  EXPECT_FALSE(judge().report);
  body.current.reset();
  central.previous = central.parent = EpochKnowledge{Standing::past, false, 9};
  EXPECT_EQ(refused(), Errc::bundle_gap);  // of no line that the site may go on in
}

TEST_F(JudgeChanges, AnAdmittedEpochWaitsForItsParent) {
  begin_epoch();
  central.epoch = EpochKnowledge{Standing::active, false, 0};
  EXPECT_EQ(judge().action, Action::apply);
  central.hash_at_parent.reset();
  EXPECT_EQ(refused(), Errc::bundle_gap);
}

TEST_F(JudgeChanges, TheFirstEpochOfASiteIsTheOne) {
  begin_epoch();
  central.expects_any = true;
  central.previous.reset();
  central.parent.reset();
  body.parent.reset();
  EXPECT_TRUE(judge().activate);
}

TEST_F(JudgeChanges, H3_AnEpochThatFollowsOnNothingActiveIsACopys) {
  begin_epoch();
  central.previous = central.parent = EpochKnowledge{Standing::past, false, 9};
  EXPECT_EQ(judge().action, Action::quarantine);
  EXPECT_TRUE(judge().fence);
  EXPECT_TRUE(judge().copy);
  EXPECT_FALSE(judge().activate);
  EXPECT_FALSE(judge().report);
}

// Its rows were only kept: nothing that the sender has would bring them in.
TEST_F(JudgeChanges, H3_AnEpochThatFollowsAFencedOneIsACopys) {
  begin_epoch();
  central.previous.reset();
  central.parent = EpochKnowledge{Standing::fenced, true, 0};
  central.hash_at_parent.reset();
  for (const bool known_by_name : {false, true}) {
    if (known_by_name) central.epoch = EpochKnowledge{Standing::past, false, 0};
    EXPECT_EQ(judge().action, Action::quarantine);
    EXPECT_TRUE(judge().fence);
    EXPECT_TRUE(judge().copy);
  }
}

TEST_F(JudgeChanges, H3_RowsOfAFencedEpochAreKept) {
  central.epoch = EpochKnowledge{Standing::fenced, true, 0};
  EXPECT_EQ(judge().action, Action::quarantine);
  EXPECT_TRUE(judge().copy);
  EXPECT_FALSE(judge().report);
}

// A late bundle of the site's, or of a copy's: the rows of the shared past are welcome.
TEST_F(JudgeChanges, RowsOfThePastAreTakenInAndTheirSenderIsTold) {
  central.epoch->standing = Standing::past;
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_TRUE(judge().copy);
  EXPECT_FALSE(judge().report);
}

// It was on its way when the site was put back, which has said since that it has those rows no
// more.
TEST_F(JudgeChanges, H1_RowsThatTheSiteSaidItLostAreNoCopys) {
  central.epoch->standing = Standing::past;
  central.site_lost_last = true;
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_FALSE(judge().copy);
  EXPECT_FALSE(judge().report);
  body.first = 6;  // the second of two bundles, which came first
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_FALSE(judge().copy);
  body.first = 5;
  central.began_n = 11;  // as the backup was
  body.down = DownPosition{central.life, 12, hash_of(12)};
  central.hash_at_down = hash_of(12);
  EXPECT_FALSE(judge().copy);
  body.by_copy = true;
  EXPECT_TRUE(judge().copy);
}

// Two epochs of one site on one stick come in any order.
TEST_F(JudgeChanges, ABundleOfThePastThatBringsNothingIsACopysWhenItsSenderWasToldMoreSince) {
  central.epoch->standing = Standing::past;
  body.last = body.head = central.epoch->head;
  central.hash_at_last = body.last_hash;
  body.down = DownPosition{central.life, 12, hash_of(12)};
  central.hash_at_down = hash_of(12);
  central.began_n = 12;
  EXPECT_EQ(judge().action, Action::duplicate);
  EXPECT_FALSE(judge().copy);
  central.began_n = 11;
  EXPECT_TRUE(judge().copy);
  EXPECT_FALSE(judge().report);
  body.down.reset();
  EXPECT_FALSE(judge().copy);
}

// Of an epoch before the one that its sender wrote then, and does no more.
TEST_F(JudgeChanges, H1_AnOlderEpochSentWithOneThatIsPastMakesNoCopyEither) {
  central.epoch->standing = Standing::past;
  body.last = body.head = central.epoch->head;
  central.hash_at_last = body.last_hash;
  body.current = epoch_of(2);
  central.current = EpochKnowledge{Standing::past, false, 9};
  EXPECT_EQ(judge().action, Action::duplicate);
  EXPECT_FALSE(judge().copy);
  central.current->standing = Standing::fenced;
  EXPECT_TRUE(judge().copy);
}

TEST_F(JudgeChanges, OlderEpochsOfTheActiveOneMakeNoCopy) {
  central.epoch->standing = Standing::past;
  body.current = epoch_of(2);
  central.current = EpochKnowledge{Standing::active, false, 9};
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_FALSE(judge().copy);
  EXPECT_FALSE(judge().report);
  central.epoch.reset();  // one that central lost
  central.hash_before = Hash{};
  body.first = 1;
  body.prev_hash = Hash{};
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_FALSE(judge().activate);
  EXPECT_FALSE(judge().fence);
}

TEST_F(JudgeChanges, H4_TheEpochsThatCentralLostComeBackInOrder) {
  begin_epoch();
  body.current = epoch_of(9);  // two epochs later, and unknown, too
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_TRUE(judge().activate);
  EXPECT_FALSE(judge().report);
}

TEST_F(JudgeChanges, H28_WhoFollowsOnTheAuthorisedCopyIsTheSite) {
  begin_epoch();
  central.previous = EpochKnowledge{Standing::authorised, true, 0};
  central.parent->standing = Standing::past;
  EXPECT_TRUE(judge().activate);
  EXPECT_FALSE(judge().copy);
}

// The copy wrote in it what central never took in: nothing of it is behind the new epoch.
TEST_F(JudgeChanges, H28_WhoGoesOnBehindNoRowOfACopysEpochNeedsNothingOfIt) {
  begin_epoch();
  central.parent = EpochKnowledge{Standing::fenced, true, 0};
  EXPECT_TRUE(judge().copy);
  body.parent = LogPlace{epoch_of(1), 0, Hash{}};
  EXPECT_TRUE(judge().activate);
  EXPECT_FALSE(judge().copy);
  central.previous = EpochKnowledge{Standing::authorised, true, 0};
  EXPECT_TRUE(judge().activate);
}

TEST_F(JudgeChanges, H3_AnOlderEpochOfACopyIsFenced) {
  begin_epoch();
  body.current = epoch_of(9);
  central.current = EpochKnowledge{Standing::fenced, true, 0};
  EXPECT_EQ(judge().action, Action::quarantine);
  EXPECT_TRUE(judge().copy);
}

}  // namespace
}  // namespace skerry::sync
