#include <gmock/gmock.h>

#include "licensing/seat_rules.hpp"
#include "tests/unit/licensing/seats.hpp"

namespace skerry::licensing {
namespace {

using testing::HasSubstr;

class SeatFeatures : public testing::Test {
 protected:
  SeatFeatures() {
    index.put(seat_of(1, "a", 100));
    index.put(seat_of(2, "b", 100));
  }
  Decision<FeatureChange> checkout(std::uint8_t seat, std::int64_t amount,
                                   std::string_view key = "cores") {
    return kept(decide_checkout(index, allowance, *index.find(id_of(seat)), key, amount));
  }
  Decision<FeatureChange> give_back(std::uint8_t seat, std::int64_t amount) {
    return kept(decide_return(index, allowance, *index.find(id_of(seat)), "cores", amount));
  }
  Decision<FeatureChange> use(std::int64_t amount, std::string_view key = "prints") {
    auto change = decide_usage(index, allowance, *index.find(id_of(1)), key, amount);
    if (change) index.set_used(allowance.entitlement, key, {change->used, allowance.usage_since});
    return change;
  }
  Decision<FeatureChange> kept(Decision<FeatureChange> change) {
    if (change) index.put(change->seat);
    return change;
  }

  SeatIndex index;
  Allowance allowance = allowance_of(2);
};

TEST_F(SeatFeatures, PoolsAreSharedBetweenSeats) {
  EXPECT_EQ(checkout(1, 5)->numbers.in_use, 5);
  EXPECT_EQ(checkout(2, 3)->numbers.in_use, 8);
  const auto none = checkout(1, 1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Why::feature_exhausted);
  EXPECT_EQ(none.error().numbers->limit, Amount{8});
  EXPECT_EQ(none.error().numbers->in_use, 8);
  EXPECT_EQ(give_back(2, 1)->seat.held.at("cores"), 2);
  EXPECT_TRUE(checkout(1, 1));
}

TEST_F(SeatFeatures, AllOrNothing) {
  EXPECT_FALSE(checkout(1, 9));
  EXPECT_EQ(index.use(allowance.entitlement).held_of("cores"), 0);
  EXPECT_TRUE(checkout(1, 8));
  EXPECT_FALSE(give_back(1, 9));
  EXPECT_EQ(index.use(allowance.entitlement).held_of("cores"), 8);
  EXPECT_TRUE(give_back(1, 8));
  EXPECT_TRUE(index.find(id_of(1))->held.empty());
}

TEST_F(SeatFeatures, ASeatReturnsOnlyWhatItHolds) {
  ASSERT_TRUE(checkout(1, 5));
  const auto refused = give_back(2, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Why::validation_failed);
  EXPECT_EQ(refused.error().member, "amount");
  EXPECT_THAT(refused.error().why, HasSubstr("holds 0"));
}

TEST_F(SeatFeatures, ASeatThatGoesGivesItsPoolsBack) {
  ASSERT_TRUE(checkout(1, 8));
  index.erase(id_of(1));
  EXPECT_TRUE(checkout(2, 8));
}

TEST_F(SeatFeatures, UsageIsConsumed) {
  EXPECT_EQ(use(100)->numbers.in_use, 100);
  EXPECT_EQ(use(10)->used, 110);  // the overdraft
  const auto none = use(1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Why::feature_exhausted);
  index.erase(id_of(2));
  EXPECT_FALSE(use(1));
}

TEST_F(SeatFeatures, AResetBeginsTheCountAnew) {
  ASSERT_TRUE(use(110));
  allowance.usage_since = 1'000;
  EXPECT_EQ(use(1)->numbers.in_use, 1);
  EXPECT_EQ(use(1)->numbers.in_use, 2);
}

TEST_F(SeatFeatures, UnlimitedIsUnlimited) {
  allowance.features[2].amount = {};
  allowance.features[0].overdraft = {};
  EXPECT_TRUE(use(1'000'000'000'000));
  EXPECT_TRUE(checkout(1, 1'000'000'000'000));
}

TEST_F(SeatFeatures, EachTypeHasItsCalls) {
  EXPECT_EQ(checkout(1, 1, "prints").error().code, Why::validation_failed);
  EXPECT_EQ(checkout(1, 1, "export").error().code, Why::validation_failed);
  EXPECT_THAT(checkout(1, 1, "export").error().why, HasSubstr("on or off"));
  EXPECT_EQ(use(1, "cores").error().code, Why::validation_failed);
  EXPECT_EQ(use(1, "nothing").error().code, Why::not_found);
  EXPECT_NE(use(1, "nothing").error().next, "");
  EXPECT_EQ(use(1, "cores").error().next, "POST its checkout or return");
}

}  // namespace
}  // namespace skerry::licensing
