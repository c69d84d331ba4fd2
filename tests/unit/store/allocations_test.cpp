#include "store/allocations.hpp"

#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::store {
namespace {

class AllocationsTest : public CatalogueTest {
 protected:
  AllocationsTest()
      : entitlement(make("entitlement", sold())), plant(site("Plant")), mine(site("Mine")) {}

  std::string give(const RecordId& to, std::int64_t seats, std::string_view members = "") {
    return made("allocation", allocation(entitlement, to,
                                         fmt::format(R"("seats":{},"until":"{}"{})", seats,
                                                     "2026-12-01T00:00:00Z", members)));
  }
  RecordId given(const RecordId& to) {
    const Reader reader = database->read();
    auto row = reader->query("SELECT id FROM allocation WHERE site=?1", to);
    return row.next() ? row.id<RecordId>(0) : RecordId{};
  }
  std::int64_t taken() {
    const Reader reader = database->read();
    return counted_of(*reader, entitlement, RecordId{}, clock.wall_ms()).seats;
  }
  std::string held(const RecordId& id) {
    return value("allocation", id, "held_seats") + " " + value("allocation", id, "issue");
  }

  RecordId entitlement, plant, mine;
};

TEST_F(AllocationsTest, H26_NoMoreIsGivenThanWasSold) {
  EXPECT_EQ(give(plant, 6), "");
  EXPECT_EQ(give(mine, 5), "/seats oversold;");
  EXPECT_EQ(give(mine, 4), "");
  EXPECT_EQ(changed("allocation", given(mine), R"({"seats":5})"), "/seats oversold;");
  EXPECT_EQ(taken(), 10);
}

TEST_F(AllocationsTest, AnOverdraftMayBeGivenToo) {
  ASSERT_EQ(changed("entitlement", entitlement, R"({"overdraft":"20%"})"), "");
  EXPECT_EQ(give(plant, 13), "/seats oversold;");
  EXPECT_EQ(give(plant, 12), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"overdraft":"1"})"), "/seats in_use;");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"overdraft":"unlimited"})"), "");
  EXPECT_EQ(give(mine, 5000), "");
}

TEST_F(AllocationsTest, CountedFeaturesAreGivenTheSameWay) {
  EXPECT_EQ(give(plant, 1, R"(,"amounts":{"render":300,"threads":"unlimited"})"), "");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":201})"), "/amounts/render oversold;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":"unlimited"})"), "/amounts/render oversold;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"hdr":1,"nokey":1})"),
            "/amounts/hdr not_counted;/amounts/nokey not_counted;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":true})"), "/amounts/render bad_amount;");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"features":{"render":299}})"),
            "/features/render in_use;");
}

TEST_F(AllocationsTest, WhatIsTakenBackCountsUntilTheSiteConfirmedIt) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  EXPECT_EQ(held(id), "8 2");
  EXPECT_EQ(taken(), 8);
  EXPECT_EQ(give(mine, 3), "/seats oversold;");
  receipt(id, mine, 2, 0);  // another site says nothing about it
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 1, 0);  // nor does a receipt of what was before
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 2, 5);  // still more in use than is allowed
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 2, 3);
  EXPECT_EQ(taken(), 3);
  EXPECT_EQ(give(mine, 7), "");
}

TEST_F(AllocationsTest, UnconfirmedChangesCountWithTheirMost) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  ASSERT_EQ(changed("allocation", id, R"({"seats":5})"), "");
  EXPECT_EQ(held(id), "8 3");
  receipt(id, plant, 2, 3);  // of a change that was changed again
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 3, 3);
  EXPECT_EQ(taken(), 5);
  ASSERT_EQ(changed("allocation", id, R"({"seats":9})"), "");  // more needs no word
  EXPECT_EQ(held(id), "null 4");
  EXPECT_EQ(taken(), 9);
}

TEST_F(AllocationsTest, TheEndFreesWhatNobodyConfirmed) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"until":"2026-06-01T00:00:00Z"})"), "");
  clock.now = 1'782'000'000'000;  // 2026-06-21: over, for all that central knows, in December
  EXPECT_EQ(taken(), 8);
  clock.now = 1'796'083'200'000;  // 2026-12-01
  EXPECT_EQ(taken(), 0);
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":1})"), "");
}

TEST_F(AllocationsTest, OnlyASiteThatSeesTheCustomerHoldsSome) {
  EXPECT_EQ(give(site("Far", "[]"), 1), "/site out_of_scope;");
  EXPECT_EQ(give(plant, 1), "");
  EXPECT_EQ(give(plant, 1), "/site duplicate_key;");
}

TEST_F(AllocationsTest, WhatASiteMayUseIsNotDeleted) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);
  ASSERT_EQ(changed("allocation", id, R"({"seats":0})"), "");
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);
  receipt(id, plant, 2, 0);
  clock.now = 1'796'083'200'000;
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);  // a receipt refers to it
}

TEST_F(AllocationsTest, WhatIsTakenBackWithoutAWordIsDisputed) {
  ASSERT_EQ(give(plant, 8, R"(,"amounts":{"render":300})"), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  const Record before = read("allocation", id);
  Record after = before;
  dispute(before, after, clock.wall_ms());
  EXPECT_EQ(counted(after, clock.wall_ms()), Counted{});
  EXPECT_EQ(after.value("disputed_seats"), json::value(8));
  EXPECT_EQ(to_json_text(after.value("disputed_amounts")), R"({"render":300})");
  EXPECT_EQ(after.value("disputed_until"), json::value("2026-12-01T00:00:00.000Z"));
  EXPECT_EQ(after.value("issue"), json::value(3));
}

}  // namespace
}  // namespace skerry::store
