#include "store/change_feed.hpp"

#include <fmt/format.h>

#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ChangeFeedTest : public MachineStoreTest {
 protected:
  FeedPage read(const FeedQuery& query) {
    const Reader reader = database->read();
    return read_feed(*reader, query);
  }
  Result<void> check(const FeedPosition& position) {
    const Reader reader = database->read();
    return check_position(*reader, position);
  }
  Record customer(std::string_view name) {
    return *create("customer", fmt::format(R"({{"name":"{}"}})", name));
  }
  Record location(const Record& of, std::string_view name) {
    return *create("location",
                   fmt::format(R"({{"customer":"{}","name":"{}"}})", to_string(of.id), name));
  }
};

std::vector<std::int64_t> numbers(const FeedPage& page) {
  std::vector<std::int64_t> found;
  for (const LogRow& row : page.rows) found.push_back(row.n);
  return found;
}

using Numbers = std::vector<std::int64_t>;

TEST_F(ChangeFeedTest, FiltersByKindAndGoesOnOverWhatItPassesOver) {
  const Record one = customer("One");
  location(one, "Here");
  customer("Two");
  FeedQuery query;
  query.kinds = {"location"};
  FeedPage page = read(query);
  EXPECT_EQ(numbers(page), Numbers{2});
  EXPECT_EQ(page.last.n, 3);  // the position advances over row 3
  EXPECT_TRUE(page.at_end);
  query.kinds = {"location", "customer"};
  EXPECT_EQ(numbers(read(query)), (Numbers{1, 2, 3}));
  query.limit = 2;
  page = read(query);
  EXPECT_EQ(page.last.n, 2);
  EXPECT_FALSE(page.at_end);
}

TEST_F(ChangeFeedTest, FiltersByCustomerAlsoWhatWasDeletedAndWhatLeft) {
  const Record one = customer("One");
  const Record two = customer("Two");
  const Record place = location(one, "Here");
  ASSERT_TRUE(update(place, fmt::format(R"({{"customer":"{}"}})", to_string(two.id))));
  ASSERT_TRUE(remove(place));
  FeedQuery query;
  query.customer = one.id;
  EXPECT_EQ(numbers(read(query)), (Numbers{1, 3, 4}));  // made there, and left
  query.customer = two.id;
  EXPECT_EQ(numbers(read(query)), (Numbers{2, 4, 5}));
}

TEST_F(ChangeFeedTest, AMoveIsOfTheOwnerAndOfBothPlaces) {
  const Record owner = customer("Owner");
  const Record from = customer("From");
  const Record to = customer("To");
  const Record here = location(from, "Here");
  const Record there = location(to, "There");
  const Record product = *create("product", R"({"sku":"P","name":"Pump","type":"device"})");
  const Record asset =
      *create("asset", fmt::format(R"({{"product":"{}","serial":"1","owner":"{}"}})",
                                   to_string(product.id), to_string(owner.id)));
  const auto move = [&](const Record& target, std::string_view when) {
    ASSERT_TRUE(
        create("move", fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"{}"}})",
                                   to_string(asset.id), to_string(target.id), when)));
  };
  move(here, "2026-01-01T00:00:00Z");   // 8
  move(there, "2026-02-01T00:00:00Z");  // 9: leaves From
  FeedQuery query;
  query.customer = owner.id;
  EXPECT_EQ(numbers(read(query)), (Numbers{1, 7, 8, 9}));
  query.customer = from.id;
  EXPECT_EQ(numbers(read(query)), (Numbers{2, 4, 8, 9}));
  query.customer = to.id;
  EXPECT_EQ(numbers(read(query)), (Numbers{3, 5, 9}));
}

// A place that changes its customer takes along no move of the time before.
TEST_F(ChangeFeedTest, AMoveStaysOfThoseWhoseThePlacesWere) {
  const Record was = customer("Was");
  const Record is = customer("Is");
  const Record here = location(was, "Here");
  const Record there = location(was, "There");
  const Record product = *create("product", R"({"sku":"P","name":"Pump","type":"device"})");
  const Record asset =
      *create("asset", fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(product.id)));
  const auto move = [&](const Record& target) {
    return *create("move",
                   fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"{}"}})",
                               to_string(asset.id), to_string(target.id), "2026-01-01T00:00:00Z"));
  };
  const Record gone = move(here);                                                            // 7
  ASSERT_TRUE(update(gone, fmt::format(R"({{"to_location":"{}"}})", to_string(there.id))));  // 8
  const std::string other = fmt::format(R"({{"customer":"{}"}})", to_string(is.id));
  ASSERT_TRUE(update(here, other));   // 9
  ASSERT_TRUE(update(there, other));  // 10
  FeedQuery query;
  query.customers = {was.id};  // as of a token that is limited to them
  EXPECT_EQ(numbers(read(query)), (Numbers{1, 3, 4, 7, 8, 9, 10}));
  query.customers = {is.id};
  EXPECT_EQ(numbers(read(query)), (Numbers{2, 9, 10}));
}

TEST_F(ChangeFeedTest, LooksAtABoundedNumberOfRows) {
  for (int i = 0; i < 5; ++i) customer("x");
  FeedQuery query;
  query.kinds = {"note"};
  query.rows_examined_max = 2;
  Numbers positions;
  for (FeedPage page; !page.at_end; query.after = page.last.n) {
    page = read(query);
    EXPECT_TRUE(page.rows.empty());
    positions.push_back(page.last.n);
  }
  EXPECT_EQ(positions, (Numbers{2, 4, 5}));
}

TEST_F(ChangeFeedTest, APositionOfAnotherHistoryIsNamed) {
  customer("One");
  customer("Two");
  const FeedPosition last = read({}).last;
  EXPECT_EQ(last.n, 2);
  EXPECT_EQ(last.at.size(), 16u);
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({2, {}}));
  EXPECT_TRUE(check(last));
  for (const FeedPosition& other : {FeedPosition{3, {}}, FeedPosition{1, last.at},
                                    FeedPosition{2, "0000000000000000"}, FeedPosition{2, "x"}}) {
    const auto checked = check(other);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::wrong_history);
    EXPECT_NE(checked.error().next.find("after=2"), std::string::npos);
  }
}

}  // namespace
}  // namespace skerry::store
