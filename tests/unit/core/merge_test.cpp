#include "core/merge.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <vector>

namespace skerry {
namespace {

SiteId site(std::uint8_t number) {
  SiteId id;
  id.bytes[15] = number;
  return id;
}

// One write of one of the writers, as it arrives at central.
struct Write {
  json::value value;
  json::value old_value;
  std::optional<Version> base;
  SiteId author;
  HlcStamp effective;
};

// Central's register and what fell into conflict records.
struct Outcome {
  Register state;
  std::vector<json::value> kept;  // values that lost
  std::vector<MergeOutcome> outcomes;
};

Outcome take(const Field& field, Register start, const std::vector<Write>& writes) {
  Outcome outcome{std::move(start), {}, {}};
  std::int64_t n = 100;
  for (const Write& write : writes) {
    const Merged merged =
        merge_field(field, outcome.state,
                    {write.value, write.old_value, write.base, write.author, write.effective});
    outcome.outcomes.push_back(merged.outcome);
    if (merged.outcome == MergeOutcome::won) outcome.kept.push_back(outcome.state.value);
    if (merged.outcome == MergeOutcome::lost) outcome.kept.push_back(write.value);
    const bool stands = merged.outcome == MergeOutcome::fast_forward ||
                        merged.outcome == MergeOutcome::joined ||
                        merged.outcome == MergeOutcome::won;
    if (stands) outcome.state = {merged.value, {1, ++n}, write.author, write.effective};
    if (!stands) {
      EXPECT_EQ(merged.value, outcome.state.value);
    }
  }
  return outcome;
}

Register base_register(json::value value) {
  return {std::move(value), {1, 7}, SiteId{}, HlcStamp::at(1000)};
}

constexpr Field shared{.name = "f", .title = "F"};
constexpr Field group{
    .name = "f", .title = "F", .type = FieldType::group, .merge = MergeClass::group};
constexpr Field by_central{.name = "f", .title = "F", .policy = MergePolicy::central};
constexpr Field manual{.name = "f", .title = "F", .policy = MergePolicy::manual};
constexpr Field set_field{
    .name = "f", .title = "F", .type = FieldType::choices, .merge = MergeClass::set};
constexpr Field owned{.name = "f", .title = "F", .merge = MergeClass::central};
constexpr Field fact{.name = "f", .title = "F", .merge = MergeClass::fact};
constexpr Field of_site{.name = "f", .title = "F", .merge = MergeClass::site};
constexpr std::array<std::string_view, 3> states{"new", "running", "ended"};
constexpr Field life{.name = "f",
                     .title = "F",
                     .type = FieldType::choice,
                     .merge = MergeClass::lifecycle,
                     .options = states};

// Two sites that both saw the same base, one or two writes each, every pair of times, every
// interleaving that keeps each site's own order.
template <class Check>
void for_all_interleavings(const std::vector<json::value>& values, const json::value& old_value,
                           Check check) {
  for (const json::value& a : values)
    for (const json::value& b : values)
      for (const json::value& b2 : values)
        for (int times = 0; times < 9; ++times) {
          const Version base{1, 7};
          const auto at = [](int time) { return HlcStamp::at(2000 + time); };
          const Write first{a, old_value, base, site(1), at(times % 3)};
          const Write second{b, old_value, base, site(2), at(times / 3)};
          const Write third{b2, b, base, site(2), at(times / 3 + 1)};
          const std::vector<std::vector<Write>> orders{
              {first, second, third}, {second, first, third}, {second, third, first}};
          check(orders);
        }
}

TEST(MergeTest, LastWriterStandsWhateverTheOrder) {
  for (const Field* field : {&shared, &group})
    for_all_interleavings(
        {"x", "y", nullptr}, "o", [&](const std::vector<std::vector<Write>>& orders) {
          // The last write of each site; a tie goes to the larger site, as everywhere.
          const Write& one = orders[0][0];
          const Write& two = orders[0][2];
          const bool first_is_later =
              std::pair(one.effective, one.author) > std::pair(two.effective, two.author);
          for (const auto& order : orders) {
            const Outcome outcome = take(*field, base_register("o"), order);
            const json::value& expected = first_is_later ? one.value : two.value;
            EXPECT_EQ(outcome.state.value, expected);
          }
        });
}

TEST(MergeTest, NothingIsLostWithoutARecord) {
  for (const Field* field : {&shared, &by_central, &manual})
    for_all_interleavings({"x", "y", "z"}, "o", [&](const std::vector<std::vector<Write>>& orders) {
      for (const auto& order : orders) {
        const Outcome outcome = take(*field, base_register("o"), order);
        // The last value of each site stands or is kept, or the other site had it too and replaced
        // it.
        for (const Write* last : {&orders[0][0], &orders[0][2]}) {
          const bool kept = std::find(outcome.kept.begin(), outcome.kept.end(), last->value) !=
                            outcome.kept.end();
          const bool replaced = last == &orders[0][0] && orders[0][1].value == last->value;
          EXPECT_TRUE(kept || replaced || outcome.state.value == last->value);
        }
      }
    });
}

TEST(MergeTest, TheSecondRowOfASiteIsNoConflictWithTheFirst) {
  const Write first{"x", "o", Version{1, 7}, site(1), HlcStamp::at(2000)};
  const Write second{"y", "x", Version{1, 7}, site(1), HlcStamp::at(2001)};
  const Outcome outcome = take(shared, base_register("o"), {first, second});
  EXPECT_EQ(outcome.state.value, json::value("y"));
  EXPECT_TRUE(outcome.kept.empty());
}

TEST(MergeTest, OfTwoWhoWroteTheSameTheLaterIsTheAuthor) {
  const Register current{"x", {1, 9}, site(2), HlcStamp::at(2000)};
  const Write earlier{"x", "o", Version{1, 7}, site(1), HlcStamp::at(1000)};
  const Write later{"x", "o", Version{1, 7}, site(1), HlcStamp::at(3000)};
  EXPECT_EQ(take(shared, current, {earlier}).outcomes[0], MergeOutcome::agreed);
  EXPECT_EQ(take(shared, current, {later}).outcomes[0], MergeOutcome::joined);
  // Site 2 changes its mind before site 1 confirmed the value: site 1's word is the later one.
  const Write between{"y", "x", Version{1, 7}, site(2), HlcStamp::at(2500)};
  const Outcome outcome = take(shared, current, {later, between});
  EXPECT_EQ(outcome.state.value, json::value("x"));
  EXPECT_EQ(outcome.kept, std::vector<json::value>{"y"});
}

TEST(MergeTest, CentralsValueStandsWhereItsPolicyIsSo) {
  const Register central{"c", {1, 9}, SiteId{}, HlcStamp::at(2000)};
  const Register of_site_two{"s", {1, 9}, site(2), HlcStamp::at(2000)};
  const Write late{"x", "o", Version{1, 7}, site(1), HlcStamp::at(3000)};
  EXPECT_EQ(take(by_central, central, {late}).outcomes[0], MergeOutcome::lost);
  EXPECT_EQ(take(by_central, of_site_two, {late}).outcomes[0], MergeOutcome::won);
  EXPECT_EQ(take(shared, central, {late}).outcomes[0], MergeOutcome::won);
  EXPECT_EQ(take(manual, of_site_two, {late}).outcomes[0], MergeOutcome::lost);
}

// Every pair of changes of a set of three elements, both from the same old one: each element that
// either took away is gone, each that either added is there, in either order.
TEST(MergeTest, SetsJoinExhaustively) {
  const std::array<const char*, 3> names{"a", "b", "c"};
  const auto subset = [&](unsigned bits) {
    json::array elements;
    for (unsigned i = 0; i < 3; ++i)
      if (bits & (1u << i)) elements.emplace_back(names[i]);
    return json::value(elements);
  };
  for (unsigned old_bits = 0; old_bits < 8; ++old_bits)
    for (unsigned one = 0; one < 8; ++one)
      for (unsigned two = 0; two < 8; ++two) {
        const unsigned removed = (old_bits & ~one) | (old_bits & ~two);
        const unsigned expected =
            ((old_bits & ~removed) | (one & ~old_bits) | (two & ~old_bits)) & 7u;
        const Write a{subset(one), subset(old_bits), Version{1, 7}, site(1), HlcStamp::at(2000)};
        const Write b{subset(two), subset(old_bits), Version{1, 7}, site(2), HlcStamp::at(2001)};
        for (const auto& order : {std::vector{a, b}, std::vector{b, a}}) {
          const Outcome outcome = take(set_field, base_register(subset(old_bits)), order);
          EXPECT_EQ(outcome.state.value, subset(expected));
          EXPECT_TRUE(outcome.kept.empty());
        }
      }
}

TEST(MergeTest, ALifecycleGoesOnInEveryOrder) {
  for (const std::string_view one : states)
    for (const std::string_view two : states) {
      const auto rank = [](std::string_view state) {
        return std::find(states.begin(), states.end(), state);
      };
      const std::string_view expected = std::max({rank("new"), rank(one), rank(two)})[0];
      const Write a{json::string(one), "new", std::nullopt, site(1), HlcStamp::at(2000)};
      const Write b{json::string(two), "new", std::nullopt, site(2), HlcStamp::at(2001)};
      for (const auto& order : {std::vector{a, b}, std::vector{b, a}})
        EXPECT_EQ(take(life, base_register("new"), order).state.value, json::value(expected));
    }
  // A step back needs a writer who saw the present state.
  const Register ended{"ended", {1, 9}, SiteId{}, HlcStamp::at(1)};
  EXPECT_EQ(take(life, ended, {{"running", "ended", Version{1, 9}, site(1), HlcStamp::at(2)}})
                .state.value,
            json::value("running"));
}

TEST(MergeTest, OwnedFieldsRefuse) {
  const Write write{"x", "o", Version{1, 7}, site(1), HlcStamp::at(2000)};
  EXPECT_EQ(take(owned, base_register("o"), {write}).outcomes[0], MergeOutcome::refused);
  EXPECT_EQ(take(fact, base_register("o"), {write}).outcomes[0], MergeOutcome::refused);
  EXPECT_EQ(take(fact, base_register(nullptr), {write}).outcomes[0], MergeOutcome::fast_forward);
  const Register of_another{"s", {1, 9}, site(2), HlcStamp::at(1)};
  EXPECT_EQ(take(of_site, of_another, {write}).outcomes[0], MergeOutcome::refused);
  EXPECT_EQ(take(of_site, base_register("o"), {write}).outcomes[0], MergeOutcome::fast_forward);
}

}  // namespace
}  // namespace skerry
