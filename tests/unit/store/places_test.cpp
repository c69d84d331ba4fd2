#include "store/places.hpp"

#include <algorithm>

#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

class PlacesTest : public WorldTest {
 protected:
  // The moves are made in every order; each time place and history are the same.
  void expect_in_any_order(const std::vector<std::pair<RecordId, std::string>>& moves,
                           const std::string& wanted_place, const std::string& wanted_history) {
    std::vector<std::size_t> order(moves.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    int number = 0;
    do {
      const RecordId pump = asset(fmt::format("S{}", number++));
      for (const std::size_t i : order) move(pump, moves[i].first, moves[i].second);
      EXPECT_EQ(place(pump), wanted_place) << testing::PrintToString(order);
      EXPECT_EQ(history(pump), wanted_history) << testing::PrintToString(order);
    } while (std::next_permutation(order.begin(), order.end()));
  }
};

TEST_F(PlacesTest, NowhereUntilItMoves) {
  const RecordId pump = asset("1");
  EXPECT_EQ(place(pump), "-");
  EXPECT_EQ(history(pump), "");
}

TEST_F(PlacesTest, TheLatestArrivalWhateverTheOrderOfEntry) {
  expect_in_any_order({{quay, R"("arrived_at":"2026-01-01")"},
                       {beach, R"("shipped_at":"2026-01-02","arrived_at":"2026-01-05")"},
                       {shed, R"("arrived_at":"2026-01-03T10:00:00Z")"},
                       {quay, R"("arrived_at":"2026-01-04T23:59:59.999Z")"}},
                      "Beach", "arrived>Quay arrived>Shed arrived>Quay arrived>Beach");
}

TEST_F(PlacesTest, InTransitAndPlannedInAnyOrder) {
  expect_in_any_order({{quay, R"("arrived_at":"2026-01-01")"},
                       {beach, R"("shipped_at":"2026-01-02")"},
                       {shed, R"("shipped_expected":"2025-01-01","arrived_expected":"2025-01-02")"},
                       {quay, R"("arrived_expected":"2026-05-01")"}},
                      "- in transit", "arrived>Quay in_transit>Beach planned>Shed planned>Quay");
}

TEST_F(PlacesTest, PlannedMovesMoveNothing) {
  const RecordId pump = asset("1");
  move(pump, beach, R"("shipped_expected":"2026-01-01")");
  EXPECT_EQ(place(pump), "-");
  move(pump, quay, R"("arrived_at":"2020-01-01")");
  EXPECT_EQ(place(pump), "Quay");
  move(pump, shed, R"("tracking_number":"T-1")");
  EXPECT_EQ(place(pump), "Quay");
}

TEST_F(PlacesTest, OneWithATrackingNumberAloneIsPlanned) {
  const RecordId pump = asset("1");
  move(pump, beach, R"("tracking_number":"T-1")");
  EXPECT_EQ(history(pump), "planned>Beach");
}

// Two arrivals at one time: the greater id, which is not the order of entry.
TEST_F(PlacesTest, TheTieIsBrokenByTheIdOfTheMove) {
  const auto made = [&](const RecordId& pump, const RecordId& to, std::uint8_t last) {
    RecordId id;
    id.bytes = pump.bytes;
    id.bytes[0] ^= 0x40;
    id.bytes[15] = last;
    const auto record = run([&](Connection& connection) {
      auto values = read_new(
          *find_kind("move"),
          body(fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"2026-01-01"}})",
                           to_string(pump), to_string(to))));
      return RecordWriter(connection, log, role, random)
          .create(*find_kind("move"), id, std::move(*values), author);
    });
    ASSERT_TRUE(record) << record.error().detail;
  };
  std::vector<std::pair<RecordId, std::uint8_t>> moves{{quay, 1}, {shed, 2}, {beach, 3}};
  std::sort(moves.begin(), moves.end());
  int number = 0;
  do {
    const RecordId pump = asset(fmt::format("S{}", number++));
    for (const auto& [to, last] : moves) made(pump, to, last);
    EXPECT_EQ(place(pump), "Beach");
    EXPECT_EQ(history(pump), "arrived>Quay arrived>Shed arrived>Beach");
  } while (std::next_permutation(moves.begin(), moves.end()));
  EXPECT_EQ(number, 6);
}

TEST_F(PlacesTest, AtOneTimeLeavingComesAfterArriving) {
  expect_in_any_order(
      {{quay, R"("arrived_at":"2026-01-01")"}, {beach, R"("shipped_at":"2026-01-01")"}},
      "- in transit", "arrived>Quay in_transit>Beach");
}

TEST_F(PlacesTest, AMoveThatChangesIsReckonedAnew) {
  const RecordId pump = asset("1");
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  const RecordId trip = move(pump, beach, R"("shipped_at":"2026-01-02")");
  EXPECT_EQ(place(pump), "- in transit");
  change("move", trip, R"({"arrived_at":"2026-01-03"})");
  EXPECT_EQ(place(pump), "Beach");
  change("move", trip, R"({"to_location":")" + to_string(shed) + "\"}");
  EXPECT_EQ(place(pump), "Shed");
  change("move", trip, R"({"shipped_at":null,"arrived_at":"2025-01-01"})");
  EXPECT_EQ(place(pump), "Quay");
  change("move", trip, R"({"arrived_at":null,"arrived_expected":"2026-04-01"})");
  EXPECT_EQ(history(pump), "arrived>Quay planned>Shed");
}

TEST_F(PlacesTest, AMoveOfAnotherAssetAfterAll) {
  const RecordId pump = asset("1");
  const RecordId valve = asset("2");
  const RecordId trip = move(pump, quay, R"("arrived_at":"2026-01-01")");
  change("move", trip, fmt::format(R"({{"asset":"{}"}})", to_string(valve)));
  EXPECT_EQ(place(pump), "-");
  EXPECT_EQ(place(valve), "Quay");
}

TEST_F(PlacesTest, ADeletedMoveNeverWas) {
  const RecordId pump = asset("1");
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  const RecordId wrong = move(pump, beach, R"("arrived_at":"2026-01-02")");
  ASSERT_TRUE(drop("move", wrong));
  EXPECT_EQ(place(pump), "Quay");
  EXPECT_EQ(history(pump), "arrived>Quay");
  // Both facts stay in the log.
  EXPECT_EQ(number(fmt::format("SELECT count(*) FROM change_log WHERE record=x'{}'",
                               to_hex(wrong.view()))),
            2);
}

TEST_F(PlacesTest, AnArchivedMoveStillHappened) {
  const RecordId pump = asset("1");
  const RecordId trip = move(pump, quay, R"("arrived_at":"2026-01-01")");
  change("move", trip, R"({"archived_at":"2026-02-01"})");
  EXPECT_EQ(place(pump), "Quay");
}

TEST_F(PlacesTest, AScrappedAssetKeepsMoving) {
  const RecordId pump = asset("1");
  change("asset", pump, R"({"scrapped_on":"2026-01-01","disposal_reason":"rust"})");
  move(pump, quay, R"("arrived_at":"2026-01-02")");
  EXPECT_EQ(place(pump), "Quay");
  change("asset", pump, R"({"description":"in the yard"})");
}

TEST_F(PlacesTest, AMoveThatChangesNothingLeavesTheTagOfTheAsset) {
  const RecordId pump = asset("1");
  move(pump, quay, R"("arrived_at":"2026-01-02")");
  const std::int64_t revision = read("asset", pump).revision;
  const RecordId late = move(pump, beach, R"("arrived_at":"2026-01-01")");
  change("move", late, R"({"note":"entered later"})");
  EXPECT_EQ(read("asset", pump).revision, revision);
  move(pump, beach, R"("arrived_at":"2026-01-03")");
  EXPECT_EQ(read("asset", pump).revision, revision + 1);
}

TEST_F(PlacesTest, WhoSeesTheAssetIsWhereItStandsOrGoes) {
  const RecordId pump = asset("1", harbour);
  EXPECT_EQ(read("asset", pump).scope, (Scope{harbour, {}}));
  const RecordId trip = move(pump, beach, R"("shipped_at":"2026-01-01")");
  EXPECT_EQ(read("asset", pump).scope, (Scope{harbour, island}));
  EXPECT_EQ(read("move", trip).scope, (Scope{harbour, island}));
  const RecordId note =
      make("note", fmt::format(R"({{"subject":"{}","text":"fragile"}})", to_string(pump)));
  EXPECT_EQ(read("note", note).scope, (Scope{harbour, island}));
  change("location", beach, fmt::format(R"({{"customer":"{}"}})", to_string(harbour)));
  EXPECT_EQ(read("asset", pump).scope, (Scope{harbour, harbour}));
  EXPECT_EQ(read("note", note).scope, (Scope{harbour, harbour}));
}

}  // namespace
}  // namespace skerry::store
