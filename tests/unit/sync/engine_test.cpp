#include "sync/engine.hpp"

#include <gtest/gtest.h>

namespace skerry::sync {
namespace {

Hash hash_of(std::uint8_t number) {
  Hash hash{};
  hash[0] = number;
  return hash;
}

CentralLife life_of_ord(std::int64_t ord) {
  CentralLife life;
  life.ord = ord;
  life.nonce[0] = static_cast<std::uint8_t>(ord);
  return life;
}

EpochId epoch_of(std::uint8_t number) {
  EpochId epoch;
  epoch.bytes[0] = number;
  return epoch;
}

// A site that stands at 5 of central's life 7, with ten rows of its own, three of them confirmed.
class JudgeState : public testing::Test {
 protected:
  JudgeState() {
    site.epoch = epoch_of(1);
    site.head = 10;
    site.life = life_of_ord(7);
    site.n = 5;
    site.hash = hash_of(5);
    site.acked = 3;
    body.base = {site.life, 5, hash_of(5)};
    body.upto = {site.life, 9, hash_of(9)};
    body.waypoints = {{5, hash_of(5)}, {9, hash_of(9)}};
  }
  SiteKnowledge site;
  StateBody body;
};

TEST_F(JudgeState, AppliesWhatFollowsItsPosition) {
  EXPECT_EQ(judge_state(site, body, false).value(), Action::apply);
}

TEST_F(JudgeState, AppliesWhatOverlapsItsPosition) {
  body.base = {site.life, 2, hash_of(2)};
  EXPECT_EQ(judge_state(site, body, false).value(), Action::apply);
}

TEST_F(JudgeState, KnowsWhatItHas) {
  body.upto = {site.life, 5, hash_of(5)};
  EXPECT_EQ(judge_state(site, body, false).value(), Action::duplicate);
  EXPECT_EQ(judge_state(site, body, true).value(), Action::duplicate);
}

TEST_F(JudgeState, AGapIsNamed) {
  body.base = {site.life, 6, hash_of(6)};
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::bundle_gap);
}

TEST_F(JudgeState, AHistoryWithoutItsPositionIsRefused) {
  site.hash = hash_of(55);
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::wrong_history);
  EXPECT_EQ(judge_state(site, body, true).error().code, Errc::wrong_history);
}

TEST_F(JudgeState, AnEndedLifeIsRefused) {
  body.base.life = body.upto.life = life_of_ord(6);
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::wrong_history);
  EXPECT_EQ(judge_state(site, body, true).error().code, Errc::wrong_history);
}

TEST_F(JudgeState, WithoutAnythingOnlyASnapshotWillDo) {
  site.life = {};
  site.n = 0;
  site.hash = {};
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::bundle_gap);
  EXPECT_EQ(judge_state(site, body, true).value(), Action::apply);
}

TEST_F(JudgeState, PiecesOfASnapshotAreStaged) {
  body.last_part = false;
  EXPECT_EQ(judge_state(site, body, true).value(), Action::stage);
  body.part = 2;
  body.last_part = true;
  EXPECT_EQ(judge_state(site, body, true).value(), Action::stage);
}

TEST_F(JudgeState, AnAcknowledgementOfRowsNeverWrittenMeansLostMemory) {
  body.ack = StateBody::Ack{site.epoch, 11, hash_of(1), 0};
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::wrong_history);
}

TEST_F(JudgeState, AnAcknowledgementOfAnotherRowIsRefused) {
  body.ack = StateBody::Ack{site.epoch, 4, hash_of(1), 0};
  site.hash_at_ack = hash_of(2);
  EXPECT_EQ(judge_state(site, body, false).error().code, Errc::wrong_history);
  site.hash_at_ack = hash_of(1);
  EXPECT_EQ(judge_state(site, body, false).value(), Action::apply);
}

TEST_F(JudgeState, AcknowledgementsNeverGoBack) {
  EXPECT_EQ(acked_after(site, body), 3);
  body.ack = StateBody::Ack{site.epoch, 2, {}, 0};
  EXPECT_EQ(acked_after(site, body), 3);
  body.ack->n = 6;
  EXPECT_EQ(acked_after(site, body), 6);
  body.ack->epoch = epoch_of(2);
  EXPECT_EQ(acked_after(site, body), 3);
}

// Central's life 7 with 20 rows, which took in rows 1–4 of the site.
class JudgeChanges : public testing::Test {
 protected:
  JudgeChanges() {
    central.life = life_of_ord(7);
    central.n = 20;
    central.head = 4;
    central.hash_before = hash_of(4);
    body.first = 5;
    body.last = 6;
    body.head = 6;
    body.prev_hash = hash_of(4);
  }
  CentralKnowledge central;
  ChangesBody body;
};

TEST_F(JudgeChanges, AppliesWhatFollows) {
  EXPECT_EQ(judge_changes(central, body).value(), Action::apply);
}

TEST_F(JudgeChanges, KnowsWhatItHas) {
  body.first = 3;
  body.last = 4;
  EXPECT_EQ(judge_changes(central, body).value(), Action::duplicate);
  body.first = 5;  // no rows, only a report
  EXPECT_EQ(judge_changes(central, body).value(), Action::duplicate);
}

TEST_F(JudgeChanges, OtherRowsInThePlaceOfKnownOnesAreRefused) {
  body.first = 3;
  body.last = 4;
  body.last_hash = hash_of(44);
  central.hash_at_last = hash_of(4);
  EXPECT_EQ(judge_changes(central, body).error().code, Errc::wrong_history);
  body.last_hash = hash_of(4);
  EXPECT_EQ(judge_changes(central, body).value(), Action::duplicate);
}

TEST_F(JudgeChanges, AGapNamesTheRowThatIsNeeded) {
  body.first = 6;
  const auto judged = judge_changes(central, body);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().code, Errc::bundle_gap);
  EXPECT_NE(judged.error().next.find("--from 5"), std::string::npos);
}

TEST_F(JudgeChanges, RowsBehindAnotherRowAreRefused) {
  body.prev_hash = hash_of(44);
  EXPECT_EQ(judge_changes(central, body).error().code, Errc::wrong_history);
}

TEST_F(JudgeChanges, AReportOfCentralsFutureMeansLostMemory) {
  body.down = DownPosition{central.life, 21, hash_of(21)};
  EXPECT_EQ(judge_changes(central, body).error().code, Errc::wrong_history);
  body.down = DownPosition{life_of_ord(8), 1, hash_of(1)};
  EXPECT_EQ(judge_changes(central, body).error().code, Errc::wrong_history);
}

TEST_F(JudgeChanges, AReportOfAnotherHistoryIsRefused) {
  body.down = DownPosition{central.life, 9, hash_of(9)};
  central.hash_at_down = hash_of(99);
  EXPECT_EQ(judge_changes(central, body).error().code, Errc::wrong_history);
  central.hash_at_down = hash_of(9);
  EXPECT_EQ(judge_changes(central, body).value(), Action::apply);
}

}  // namespace
}  // namespace skerry::sync
