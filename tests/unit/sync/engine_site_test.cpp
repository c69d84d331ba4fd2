#include <gtest/gtest.h>

#include "sync/engine.hpp"
#include "tests/unit/sync/engine_fixture.hpp"

namespace skerry::sync {
namespace {

// A site that stands at 5 of central's life 7, with ten rows of its own, three of them confirmed.
class JudgeState : public testing::Test {
 protected:
  JudgeState() {
    site.epochs = {rows(1, 10, 3)};
    site.id = *parse_id<SiteId>("9a1b2c3d-0000-4000-8000-000000000001");
    site.life = life_of_ord(7);
    site.n = 5;
    site.hash = hash_of(5);
    body.base = {site.life, 5, hash_of(5)};
    body.upto = {site.life, 9, hash_of(9)};
    body.waypoints = {{5, hash_of(5)}, {9, hash_of(9)}};
  }
  static OwnRows rows(std::uint8_t epoch, std::int64_t end, std::int64_t acked) {
    return {epoch_of(epoch), 1, end, acked, 0, std::nullopt};
  }
  // Central holds row `n`, with this hash there and `own` here.
  Ack& acknowledge(std::size_t epoch, std::int64_t n, std::uint8_t hash,
                   std::optional<std::uint8_t> own) {
    body.acks.push_back(
        {site.epochs[epoch].epoch, n, hash_of(hash), 0, Standing::active, std::nullopt});
    if (own) site.epochs[epoch].hash_at_ack = hash_of(*own);
    return body.acks.back();
  }
  StateVerdict judge(bool snapshot = false) const { return judge_state(site, body, snapshot); }
  Errc refused(bool snapshot = false) const {
    const StateVerdict verdict = judge(snapshot);
    EXPECT_EQ(verdict.action, Action::refuse);
    return verdict.refusal ? verdict.refusal->code : Errc::internal;
  }
  void begin_life(std::int64_t ord) { body.base.life = body.upto.life = life_of_ord(ord); }

  SiteKnowledge site;
  StateBody body;
};

TEST_F(JudgeState, AppliesWhatFollowsItsPosition) { EXPECT_EQ(judge().action, Action::apply); }

TEST_F(JudgeState, AppliesWhatOverlapsItsPosition) {
  body.base = {site.life, 2, hash_of(2)};
  EXPECT_EQ(judge().action, Action::apply);
}

TEST_F(JudgeState, KnowsWhatItHas) {
  body.upto = {site.life, 5, hash_of(5)};
  EXPECT_EQ(judge().action, Action::duplicate);
  EXPECT_EQ(judge(true).action, Action::duplicate);
}

TEST_F(JudgeState, H25_AWholeStateAtTheSamePlaceMendsADifferenceOnly) {
  body.upto = {site.life, 5, hash_of(5)};
  body.base = {site.life, 0, Hash{}};
  EXPECT_EQ(judge(true).action, Action::duplicate);
  site.differs = true;
  EXPECT_EQ(judge(true).action, Action::apply);
  EXPECT_EQ(judge(false).action, Action::duplicate) << "no delta does";
  body.upto = {site.life, 4, hash_of(4)};
  EXPECT_EQ(judge(true).action, Action::duplicate) << "nor an older one";
}

TEST_F(JudgeState, AGapIsNamed) {
  body.base = {site.life, 6, hash_of(6)};
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_EQ(judge().refusal->detail,
            "the bundle begins with 7 of central's log, this site needs from 6");
  EXPECT_EQ(judge().refusal->next,
            "at central: skerry bundle export 9a1b2c3d-0000-4000-8000-000000000001 --from 6");
}

TEST_F(JudgeState, H5_AHistoryWithoutItsPositionIsRefused) {
  site.hash = hash_of(55);
  EXPECT_EQ(refused(), Errc::wrong_history);
  EXPECT_EQ(refused(true), Errc::wrong_history);
}

// It is on the stick since then.
TEST_F(JudgeState, H14_AnEndedLifeHasNothingToSay) {
  begin_life(6);
  for (const bool snapshot : {false, true}) {
    const StateVerdict verdict = judge(snapshot);
    EXPECT_EQ(verdict.action, Action::duplicate);
    EXPECT_TRUE(verdict.ended);
    EXPECT_FALSE(verdict.refusal || verdict.renewal || verdict.copy);
  }
}

TEST_F(JudgeState, WithoutAnythingOnlyASnapshotWillDo) {
  site.life = {};
  site.n = 0;
  site.hash = {};
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_TRUE(judge().refusal->next.ends_with(" --from 1"));
  EXPECT_EQ(judge(true).action, Action::apply);
}

TEST_F(JudgeState, PiecesOfASnapshotAreStaged) {
  body.last_part = false;
  EXPECT_EQ(judge(true).action, Action::stage);
  body.part = 2;
  body.last_part = true;
  EXPECT_EQ(judge(true).action, Action::stage);
}

TEST_F(JudgeState, H4_OfANewLifeOnlyASnapshotWillDo) {
  begin_life(8);
  EXPECT_EQ(refused(), Errc::bundle_gap);
  const StateVerdict verdict = judge(true);
  EXPECT_EQ(verdict.action, Action::apply);
  EXPECT_TRUE(verdict.new_life);
}

TEST_F(JudgeState, TwoLivesOfOneSecondAreNotTakenForEachOther) {
  body.upto.life.nonce[0] = body.base.life.nonce[0] = 99;
  EXPECT_EQ(refused(), Errc::wrong_history);
  EXPECT_EQ(refused(true), Errc::wrong_history);
}

TEST_F(JudgeState, AcknowledgementsNeverGoBack) {
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
  acknowledge(0, 2, 2, 2);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
  body.acks.clear();
  acknowledge(0, 6, 6, 6);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 6);
  body.acks[0].hash = hash_of(66);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
  body.acks[0].epoch = epoch_of(2);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
}

// What central took in behind an epoch's end proves that it has the epoch up to there: its own
// acknowledgement may name a row that this machine lost.
TEST_F(JudgeState, WhatGoesOnBehindAnEpochConfirmsIt) {
  site.epochs.push_back(rows(2, 4, 0));
  acknowledge(0, 30, 30, std::nullopt).durable = 30;
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
  acknowledge(1, 2, 2, 2);
  const auto confirmed = confirmed_by(site, body);
  EXPECT_EQ(confirmed[0].acked, 10);
  EXPECT_EQ(confirmed[0].durable, 10);
  EXPECT_EQ(confirmed[1].acked, 2);
}

TEST_F(JudgeState, H4_InANewLifeOnlyWhatItSaysCounts) {
  site.epochs[0].durable = 2;
  begin_life(8);
  EXPECT_EQ(confirmed_by(site, body)[0], rows(1, 10, 0));
  acknowledge(0, 2, 2, 2);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 2);
}

TEST_F(JudgeState, H2_AnAcknowledgementOfRowsNeverWrittenBeginsAnEpoch) {
  acknowledge(0, 12, 1, std::nullopt);
  const StateVerdict verdict = judge();
  EXPECT_EQ(verdict.action, Action::apply);
  ASSERT_TRUE(verdict.renewal);
  EXPECT_EQ(verdict.renewal->why, why::behind_peer);
  EXPECT_EQ(verdict.renewal->end, 10);
  EXPECT_EQ(verdict.renewal->lost, (LostRows{epoch_of(1), 11, 12}));
}

// A machine that was put back stands before what central believes it holds; the gap must not keep
// it from learning so.
TEST_F(JudgeState, H2_AGapDoesNotHideLostMemory) {
  body.base = {site.life, 6, hash_of(6)};
  acknowledge(0, 12, 1, std::nullopt);
  EXPECT_EQ(refused(), Errc::bundle_gap);
  EXPECT_TRUE(judge().renewal);
}

TEST_F(JudgeState, AHistoryThatIsNotOursRenewsNothing) {
  site.hash = hash_of(55);
  acknowledge(0, 12, 1, std::nullopt);
  EXPECT_EQ(refused(), Errc::wrong_history);
  EXPECT_FALSE(judge().renewal);
}

TEST_F(JudgeState, AnotherRowInOurPlaceIsNotConfirmedAndSettlesNothingYet) {
  acknowledge(0, 6, 1, 2);
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_FALSE(judge().renewal);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 3);
}

TEST_F(JudgeState, H2_AForkCutsBehindTheLastRowThatIsShared) {
  acknowledge(0, 8, 1, 2).fork = 6;
  const StateVerdict verdict = judge();
  EXPECT_EQ(verdict.action, Action::apply);
  EXPECT_EQ(verdict.renewal, (Renewal{why::fork, 0, 6, {}, {}}));
  body.acks[0].fork = 0;  // what is confirmed is shared
  EXPECT_EQ(judge().renewal, (Renewal{why::fork, 0, 3, {}, {}}));
}

TEST_F(JudgeState, WhoIsOnCentralsBranchIsNotForked) {
  acknowledge(0, 8, 1, 1).fork = 6;
  EXPECT_FALSE(judge().renewal);
  body.acks[0].n = 10;
  site.epochs[0].hash_at_ack = hash_of(1);
  EXPECT_FALSE(judge().renewal);
}

TEST_F(JudgeState, AForkOfRowsThatDoNotCountAnyMoreIsNone) {
  site.epochs = {rows(1, 6, 3), rows(2, 5, 0)};
  acknowledge(0, 20, 1, std::nullopt).fork = 6;
  EXPECT_FALSE(judge().renewal);
}

TEST_F(JudgeState, AForkInAnOlderEpochCutsThere) {
  site.epochs = {rows(1, 10, 3), rows(2, 5, 0)};
  acknowledge(0, 20, 1, std::nullopt).fork = 7;
  acknowledge(1, 9, 1, std::nullopt);
  EXPECT_EQ(judge().renewal, (Renewal{why::fork, 0, 7, {}, {}}));
}

TEST_F(JudgeState, H3_WhoWritesAnEpochThatIsOverIsACopy) {
  for (const Standing standing : {Standing::past, Standing::fenced}) {
    body.acks.clear();
    acknowledge(0, 3, 3, 3).standing = standing;
    EXPECT_EQ(refused(), Errc::read_only_copy);
    EXPECT_TRUE(judge().copy);
    EXPECT_FALSE(judge().renewal);
  }
}

TEST_F(JudgeState, AnEpochThatCentralHasNotHeardOfIsNoCopys) {
  site.epochs = {rows(1, 10, 10), rows(2, 5, 0)};
  acknowledge(0, 10, 3, 3).standing = Standing::past;
  EXPECT_EQ(judge().action, Action::apply);
  EXPECT_FALSE(judge().copy);
}

TEST_F(JudgeState, H3_ACopyTakesNothingInWhateverComes) {
  site.copy = true;
  EXPECT_EQ(refused(), Errc::read_only_copy);
  EXPECT_EQ(judge().refusal->next, "at central: skerry site reauthorise " + to_string(site.id) +
                                       " (or adopt, or discard)");
  EXPECT_EQ(refused(true), Errc::read_only_copy);
  acknowledge(0, 20, 1, std::nullopt);  // a late one, from before
  EXPECT_EQ(refused(), Errc::read_only_copy);
  EXPECT_FALSE(judge().renewal);
}

TEST_F(JudgeState, H28_ACopyThatMayGoOnKeepsTheLongestSharedPast) {
  site.copy = true;
  site.epochs = {rows(1, 10, 3), rows(2, 5, 0)};
  acknowledge(1, 0, 0, 0).standing = Standing::authorised;
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 0, 3, {}, {}}));
  EXPECT_EQ(refused(), Errc::bundle_gap);
  acknowledge(0, 30, 1, std::nullopt);  // central has more, and knows of no fork
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 1, 0, {}, {}}));
  body.acks[1].fork = 8;
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 0, 8, {}, {}}));
  body.acks[1].fork.reset();
  body.acks[1].n = 6;
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 0, 3, {}, {}}));
  site.epochs[0].hash_at_ack = hash_of(1);
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 0, 6, {}, {}}));
}

TEST_F(JudgeState, H28_ACopyOfWhichEverythingIsThereGoesOnAtItsEnd) {
  acknowledge(0, 10, 1, 1).standing = Standing::authorised;
  EXPECT_EQ(judge().renewal, (Renewal{why::authorised, 0, 10, {}, {}}));
}

TEST_F(JudgeState, H22_RowsThatANewLifeNeedsAndNobodyKeepsAreDeclaredLost) {
  site.epochs[0].first = 6;
  site.epochs[0].durable = 5;
  begin_life(8);
  acknowledge(0, 2, 2, std::nullopt);
  const StateVerdict verdict = judge(true);
  EXPECT_EQ(verdict.action, Action::apply);
  EXPECT_EQ(verdict.renewal,
            (Renewal{why::rows_gone, 0, 2, hash_of(2), LostRows{epoch_of(1), 3, 5}}));
}

TEST_F(JudgeState, H22_AForkBehindWhichRowsWerePrunedLosesThem) {
  site.epochs[0].first = 6;
  site.epochs[0].durable = 5;
  begin_life(8);
  acknowledge(0, 9, 99, 2).fork = 2;
  EXPECT_EQ(judge(true).renewal, (Renewal{why::fork, 0, 2, {}, LostRows{epoch_of(1), 3, 5}}));
  site.copy = true;
  body.acks[0].standing = Standing::authorised;
  EXPECT_EQ(judge(true).renewal, (Renewal{why::authorised, 0, 2, {}, LostRows{epoch_of(1), 3, 5}}));
}

TEST_F(JudgeState, H22_WithoutAHoleNothingIsLost) {
  site.epochs[0].first = 6;
  site.epochs[0].durable = 5;
  begin_life(8);
  acknowledge(0, 5, 5, std::nullopt);
  EXPECT_FALSE(judge(true).renewal);
  EXPECT_EQ(confirmed_by(site, body)[0].acked, 5);
}

}  // namespace
}  // namespace skerry::sync
