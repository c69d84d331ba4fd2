#include "store/derived.hpp"

#include <random>

#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

class DerivedTest : public WorldTest {
 protected:
  std::string both() { return counters(harbour) + " | " + counters(island); }
};

TEST_F(DerivedTest, LocationsCount) {
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
  const RecordId third = location(harbour, "Third");
  EXPECT_EQ(both(), "3 0 0 | 1 0 0");
  change("location", third, fmt::format(R"({{"customer":"{}"}})", to_string(island)));
  EXPECT_EQ(both(), "2 0 0 | 2 0 0");
  change("location", third, R"({"archived_at":"2026-01-01"})");
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
  change("location", third, R"({"archived_at":null})");
  EXPECT_EQ(both(), "2 0 0 | 2 0 0");
  ASSERT_TRUE(drop("location", third));
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
}

TEST_F(DerivedTest, OwnedAndStandingAreTwoThings) {
  const RecordId pump = asset("1", harbour);
  EXPECT_EQ(both(), "2 0 1 | 1 0 0");
  move(pump, beach, R"("arrived_at":"2026-01-01")");
  EXPECT_EQ(both(), "2 0 1 | 1 1 0");
  change("asset", pump, fmt::format(R"({{"owner":"{}"}})", to_string(island)));
  EXPECT_EQ(both(), "2 0 0 | 1 1 1");
  change("asset", pump, R"({"owner":null})");
  EXPECT_EQ(both(), "2 0 0 | 1 1 0");
  const RecordId trip = move(pump, quay, R"("shipped_at":"2026-01-02")");
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");  // in transit it stands nowhere
  change("move", trip, R"({"arrived_at":"2026-01-03"})");
  EXPECT_EQ(both(), "2 1 0 | 1 0 0");
  ASSERT_TRUE(drop("move", trip));
  EXPECT_EQ(both(), "2 0 0 | 1 1 0");
}

TEST_F(DerivedTest, WithinOneCustomerNothingChanges) {
  const RecordId pump = asset("1", harbour);
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  EXPECT_EQ(both(), "2 1 1 | 1 0 0");
  move(pump, shed, R"("arrived_at":"2026-01-02")");
  EXPECT_EQ(both(), "2 1 1 | 1 0 0");
}

TEST_F(DerivedTest, ArchivedAndScrappedDoNotCount) {
  const RecordId pump = asset("1", harbour);
  move(pump, beach, R"("arrived_at":"2026-01-01")");
  change("asset", pump, R"({"archived_at":"2026-02-01"})");
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
  move(pump, quay, R"("arrived_at":"2026-01-05")");  // while it does not count
  change("asset", pump, R"({"archived_at":null})");
  EXPECT_EQ(both(), "2 1 1 | 1 0 0");
  change("asset", pump, R"({"scrapped_on":"2026-02-01"})");
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
  change("asset", pump, R"({"archived_at":"2026-02-02"})");
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
}

TEST_F(DerivedTest, ALocationThatChangesHandsTakesItsAssetsWithIt) {
  const RecordId pump = asset("1", harbour);
  const RecordId valve = asset("2");
  move(pump, quay, R"("arrived_at":"2026-01-01")");
  move(valve, quay, R"("arrived_at":"2026-01-01")");
  change("location", quay, fmt::format(R"({{"customer":"{}"}})", to_string(island)));
  EXPECT_EQ(both(), "1 0 1 | 2 2 0");
}

TEST_F(DerivedTest, ADeletedAssetCountsNoMore) {
  const RecordId pump = asset("1", harbour);
  const RecordId trip = move(pump, beach, R"("arrived_at":"2026-01-01")");
  EXPECT_FALSE(drop("asset", pump));  // its move refers to it
  ASSERT_TRUE(drop("move", trip));
  ASSERT_TRUE(drop("asset", pump));
  EXPECT_EQ(both(), "2 0 0 | 1 0 0");
}

TEST_F(DerivedTest, TheTagOfACustomerDoesNotChangeWithItsCounts) {
  const std::int64_t revision = read("customer", harbour).revision;
  asset("1", harbour);
  location(harbour, "Fourth");
  EXPECT_EQ(read("customer", harbour).revision, revision);
}

TEST_F(DerivedTest, ARefusedWriteCountsNothing) {
  asset("1", harbour);
  EXPECT_FALSE(write_new("asset", fmt::format(R"({{"product":"{}","serial":"1","owner":"{}"}})",
                                              to_string(product), to_string(harbour))));
  EXPECT_EQ(both(), "2 0 1 | 1 0 0");
}

// Writes of every sort, in no order that makes sense; after each the counters are what counting
// gives.
TEST_F(DerivedTest, RandomWritesAgreeWithARecount) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 dice(seed);
    const auto one_of = [&](const std::vector<RecordId>& ids) { return ids[dice() % ids.size()]; };
    std::vector<RecordId> assets;
    std::vector<RecordId> moves;
    std::vector<RecordId> locations{quay, shed, beach};
    for (int step = 0; step < 60; ++step) {
      const RecordId customer = dice() % 2 == 0 ? harbour : island;
      const std::string day = fmt::format("2026-01-{:02}", 1 + dice() % 9);
      switch (assets.empty() ? 0 : dice() % 9) {
        case 0:
          assets.push_back(asset(fmt::format("{}-{}", seed, step), customer));
          break;
        case 1:
        case 2:
          moves.push_back(move(
              one_of(assets), one_of(locations),
              fmt::format(R"("{}":"{}")", dice() % 3 == 0 ? "shipped_at" : "arrived_at", day)));
          break;
        case 3:
          patch(one_of(assets), "asset", fmt::format(R"({{"owner":"{}"}})", to_string(customer)));
          break;
        case 4:
          patch(
              one_of(assets), "asset",
              fmt::format(R"({{"archived_at":{}}})", dice() % 2 == 0 ? "null" : R"("2026-02-01")"));
          break;
        case 5:
          if (dice() % 3 == 0) patch(one_of(assets), "asset", R"({"scrapped_on":"2026-02-01"})");
          break;
        case 6:
          patch(one_of(locations), "location",
                fmt::format(R"({{"customer":"{}"}})", to_string(customer)));
          break;
        case 7:
          if (!moves.empty() && drop("move", moves.back())) moves.pop_back();
          break;
        default:
          if (!moves.empty())
            patch(one_of(moves), "move", fmt::format(R"({{"arrived_at":"{}"}})", day));
      }
      expect_counted();
      if (HasFailure()) FAIL() << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace skerry::store
