#include "sync/positions.hpp"

#include <gtest/gtest.h>

namespace skerry::sync {
namespace {

DownPosition position(std::int64_t n) {
  DownPosition at;
  at.life.ord = 1'760'000'000;
  at.life.nonce[3] = 9;
  at.n = n;
  at.hash[0] = static_cast<std::uint8_t>(n);
  return at;
}

ChangesBody changes() {
  ChangesBody body;
  body.first = 4;
  body.last = 7;
  body.head = 9;
  body.prev_hash[1] = 3;
  body.last_hash[1] = 7;
  body.down = position(12);
  body.compared = {11, false};
  return body;
}

StateBody state() {
  StateBody body;
  body.base = position(3);
  body.upto = position(8);
  body.newest = 9;
  body.waypoints = {{3, body.base.hash}, {8, body.upto.hash}};
  body.acks = {{EpochId{{1}}, 5, Hash{}, 2, Standing::active, 4},
               {EpochId{{2}}, 9, body.upto.hash, 0, Standing::past, std::nullopt}};
  body.part = 2;
  body.last_part = false;
  body.series[0] = 4;
  body.digest = Hash{7};
  body.lost = {{EpochId{{3}}, 4, 6, 0, 1'790'000'000'000}};
  return body;
}

TEST(Positions, ChangesComeBackAsTheyWent) {
  const ChangesBody sent = changes();
  const auto read = read_changes_body(to_json(sent));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->first, sent.first);
  EXPECT_EQ(read->last, sent.last);
  EXPECT_EQ(read->head, sent.head);
  EXPECT_EQ(read->prev_hash, sent.prev_hash);
  EXPECT_EQ(read->last_hash, sent.last_hash);
  EXPECT_EQ(read->down, sent.down);
  EXPECT_EQ(read->compared, sent.compared);
}

TEST(Positions, AComparisonIsOfAPosition) {
  json::object extra = to_json(changes());
  extra["compared"].as_object()["n"] = 0;
  EXPECT_FALSE(read_changes_body(extra));
  extra["compared"] = true;
  EXPECT_FALSE(read_changes_body(extra));
  // … that the site holds.
  ChangesBody sent = changes();
  sent.compared->n = sent.down->n;
  EXPECT_TRUE(read_changes_body(to_json(sent)));
  ++sent.compared->n;
  EXPECT_EQ(read_changes_body(to_json(sent)).error().errors[0].pointer, "/compared/n");
  sent.down.reset();
  EXPECT_FALSE(read_changes_body(to_json(sent)));
  extra.erase("compared");
  EXPECT_EQ(read_changes_body(extra)->compared, std::nullopt);
}

TEST(Positions, LostRowsAreARange) {
  ChangesBody sent = changes();
  sent.lost = {{EpochId{{3}}, 4, 4}};
  EXPECT_EQ(read_changes_body(to_json(sent))->lost, sent.lost);
  for (const auto& [first, last] : {std::pair(4, 3), std::pair(0, 3), std::pair(-1, 3)}) {
    sent.lost = {{EpochId{{3}}, first, last}};
    EXPECT_FALSE(read_changes_body(to_json(sent))) << first << ' ' << last;
    json::object down = to_json(state());
    down["lost"].as_array()[0].as_object()["first"] = first;
    down["lost"].as_array()[0].as_object()["last"] = last;
    EXPECT_FALSE(read_state_body(down)) << first << ' ' << last;
  }
}

TEST(Positions, ADigestIsAHash) {
  json::object extra = to_json(state());
  extra["digest"] = "none";
  EXPECT_FALSE(read_state_body(extra));
  extra.erase("digest");
  EXPECT_EQ(read_state_body(extra)->digest, std::nullopt);
}

TEST(Positions, ABundleWithoutRowsIsAReport) {
  ChangesBody sent = changes();
  sent.last = sent.head = 3;
  EXPECT_TRUE(read_changes_body(to_json(sent)));
}

TEST(Positions, RangesThatDoNotFitAreRefused) {
  for (const auto& [first, last, head] :
       {std::tuple{0, 3, 3}, std::tuple{5, 3, 9}, std::tuple{1, 4, 3}}) {
    ChangesBody sent = changes();
    sent.first = first;
    sent.last = last;
    sent.head = head;
    const auto read = read_changes_body(to_json(sent));
    ASSERT_FALSE(read) << first << ' ' << last << ' ' << head;
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle);
  }
}

TEST(Positions, EveryMemberOfChangesIsNeeded) {
  for (const char* name : {"first", "last", "prev_hash", "last_hash", "head"}) {
    json::object extra = to_json(changes());
    extra["range"].as_object().erase(name);
    EXPECT_FALSE(read_changes_body(extra)) << name;
  }
  for (const char* name : {"ce", "n", "hash"}) {
    json::object extra = to_json(changes());
    extra["down"].as_object().erase(name);
    EXPECT_FALSE(read_changes_body(extra)) << name;
  }
  EXPECT_FALSE(read_changes_body({}));
}

TEST(Positions, EveryComplaintIsNamedWithItsPlace) {
  json::object extra = to_json(changes());
  extra["range"].as_object().erase("head");
  extra["range"].as_object()["prev_hash"] = "short";
  extra["down"].as_object()["n"] = -1;
  const auto read = read_changes_body(extra);
  ASSERT_FALSE(read);
  std::string places;
  for (const FieldError& error : read.error().errors) places += error.pointer + " ";
  EXPECT_NE(places.find("/range/head "), std::string::npos) << places;
  EXPECT_NE(places.find("/range/prev_hash "), std::string::npos) << places;
  EXPECT_NE(places.find("/down/n "), std::string::npos) << places;
  EXPECT_NE(read.error().detail.find("/range/"), std::string::npos);
}

TEST(Positions, StateComesBackAsItWent) {
  const StateBody sent = state();
  const auto read = read_state_body(to_json(sent));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->base, sent.base);
  EXPECT_EQ(read->upto, sent.upto);
  EXPECT_EQ(read->newest, sent.newest);
  EXPECT_EQ(read->waypoints, sent.waypoints);
  EXPECT_EQ(read->acks, sent.acks);
  EXPECT_EQ(read->part, 2);
  EXPECT_FALSE(read->last_part);
  EXPECT_EQ(read->series, sent.series);
  EXPECT_EQ(read->digest, sent.digest);
  EXPECT_EQ(lost_ranges_json(read->lost), lost_ranges_json(sent.lost));
}

TEST(Positions, AStateThatEndsBeforeItsBaseIsRefused) {
  StateBody sent = state();
  sent.upto = position(2);
  EXPECT_FALSE(read_state_body(to_json(sent)));
}

TEST(Positions, AStateOfTwoLivesIsRefused) {
  StateBody sent = state();
  sent.upto.life.ord += 1;
  EXPECT_FALSE(read_state_body(to_json(sent)));
}

TEST(Positions, TheWaypointAtTheEndIsTheEnd) {
  StateBody sent = state();
  sent.waypoints.back().second[0] ^= 1;
  const auto read = read_state_body(to_json(sent));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("waypoints"), std::string::npos) << read.error().detail;
}

TEST(Positions, WaypointsArePairs) {
  json::object extra = to_json(state());
  extra["waypoints"] = json::array{json::array{1}};
  EXPECT_FALSE(read_state_body(extra));
  extra["waypoints"] = "none";
  EXPECT_FALSE(read_state_body(extra));
}

TEST(Positions, AnAcknowledgementIsWhole) {
  json::object extra = to_json(state());
  extra.erase("acks");
  EXPECT_TRUE(read_state_body(extra)->acks.empty());
  for (const char* name : {"epoch", "n", "hash", "durable", "standing"}) {
    json::object damaged = to_json(state());
    damaged["acks"].as_array()[1].as_object().erase(name);
    const auto read = read_state_body(damaged);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().errors[0].pointer, std::string("/acks/1/") + name);
  }
  extra["acks"] = json::array{1};
  EXPECT_FALSE(read_state_body(extra));
  json::object strange = to_json(state());
  strange["acks"].as_array()[0].as_object()["standing"] = "lost";
  EXPECT_FALSE(read_state_body(strange));
}

TEST(Positions, AnEpochTellsWhereItGoesOn) {
  ChangesBody sent = changes();
  EXPECT_FALSE(to_json(sent).contains("epoch"));  // the first, and the one that is written
  sent.current = EpochId{{1}};
  sent.previous = EpochId{{2}};
  sent.parent = LogPlace{EpochId{{3}}, 17, sent.prev_hash};
  const json::object extra = to_json(sent);
  const auto read = read_changes_body(extra);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->current, sent.current);
  EXPECT_EQ(read->previous, sent.previous);
  EXPECT_EQ(read->parent, sent.parent);
  for (const char* name : {"epoch", "seq", "hash"}) {
    json::object damaged = extra;
    damaged["epoch"].as_object()["parent"].as_object().erase(name);
    EXPECT_FALSE(read_changes_body(damaged)) << name;
  }
  for (const char* name : {"current", "previous"}) {
    json::object damaged = extra;
    damaged["epoch"].as_object()[name] = "nobody";
    EXPECT_FALSE(read_changes_body(damaged)) << name;
  }
}

}  // namespace
}  // namespace skerry::sync
