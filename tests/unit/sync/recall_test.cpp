#include "sync/recall.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/engine_fixture.hpp"

namespace skerry::sync {
namespace {

SiteId site_of(std::uint8_t number) {
  SiteId site;
  site.bytes[0] = number;
  return site;
}

// A database that was anchored at row 5, and has that row.
class JudgeAnchor : public testing::Test {
 protected:
  JudgeAnchor() {
    known.expected = true;
    known.site = site_of(1);
    known.machine = {"system", "board", ""};
    known.anchor = store::Anchor{site_of(1), epoch_of(1), 0, 5, hash_of(5), known.machine};
    known.knows_epoch = true;
    known.hash_at_anchor = hash_of(5);
  }
  AnchorVerdict judge() const { return judge_anchor(known); }
  AnchorKnowledge known;
};

TEST_F(JudgeAnchor, Fits) { EXPECT_EQ(judge(), AnchorVerdict::fits); }

TEST_F(JudgeAnchor, ANewMachineHasNone) {
  known.expected = false;
  known.anchor.reset();
  EXPECT_EQ(judge(), AnchorVerdict::first);
}

TEST_F(JudgeAnchor, H1_WithoutTheOneThatWasThereTheDatabaseIsNotTrusted) {
  known.anchor.reset();
  EXPECT_EQ(judge(), AnchorVerdict::absent);
}

TEST_F(JudgeAnchor, H1_ARowThatTheDatabaseDoesNotReachMeansItIsAnOlderOne) {
  known.hash_at_anchor.reset();
  EXPECT_EQ(judge(), AnchorVerdict::ahead);
  known.hash_at_anchor = hash_of(55);  // another branch
  EXPECT_EQ(judge(), AnchorVerdict::ahead);
}

TEST_F(JudgeAnchor, H1_AnEpochThatTheDatabaseDoesNotKnowMeansItIsAnOlderOne) {
  known.knows_epoch = false;
  EXPECT_EQ(judge(), AnchorVerdict::ahead);
  known.site = SiteId{};  // put back to before the enrolment
  EXPECT_EQ(judge(), AnchorVerdict::ahead);
}

TEST_F(JudgeAnchor, AnotherSitesIsNotTakenForOurs) {
  known.knows_epoch = false;
  known.site = site_of(2);
  EXPECT_EQ(judge(), AnchorVerdict::foreign);
  known.knows_epoch = true;  // enrolled as another site meanwhile
  EXPECT_EQ(judge(), AnchorVerdict::fits);
}

// Central has no id: its first life names it.
TEST_F(JudgeAnchor, AnotherCentralsIsNotTakenForOurs) {
  known.site = known.anchor->site = SiteId{};
  known.origin = epoch_of(1);
  known.knows_epoch = false;
  EXPECT_EQ(judge(), AnchorVerdict::ahead) << "an older one, which names nobody";
  known.anchor->origin = epoch_of(1);
  EXPECT_EQ(judge(), AnchorVerdict::ahead);
  known.anchor->origin = epoch_of(2);
  EXPECT_EQ(judge(), AnchorVerdict::foreign);
}

TEST_F(JudgeAnchor, AnotherMachineIsNoticedByWhatBothTell) {
  known.machine.board = "another";
  EXPECT_EQ(judge(), AnchorVerdict::moved);
  known.machine.board = "";  // cannot be read any more
  EXPECT_EQ(judge(), AnchorVerdict::fits);
  known.machine.generation = "7";  // could not be read before
  EXPECT_EQ(judge(), AnchorVerdict::fits);
  known.machine.system = "another";
  EXPECT_EQ(judge(), AnchorVerdict::moved);
}

}  // namespace
}  // namespace skerry::sync
