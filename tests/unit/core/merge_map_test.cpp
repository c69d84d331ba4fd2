// Custom fields: an object whose keys are registers of their own.
#include <gtest/gtest.h>

#include "core/json_text.hpp"
#include "core/merge.hpp"

namespace skerry {
namespace {

constexpr Field map{.name = "custom",
                    .title = "Custom fields",
                    .type = FieldType::custom,
                    .merge = MergeClass::map};

SiteId map_site(std::uint8_t number) {
  SiteId id;
  id.bytes[15] = number;
  return id;
}

json::value parsed(std::string_view text) { return json::parse(text); }

// "outcome value clashes": what a site's write from `old_value` to `value` makes of `current`,
// which central wrote at 1000; `at`: when the site wrote.
std::string merged(std::string_view current, std::string_view old_value, std::string_view value,
                   UnixMillis at, Version base = {1, 5}, SiteId author = {}) {
  const Merged result =
      merge_field(map, {parsed(current), {1, 7}, author, HlcStamp::at(1000)},
                  {parsed(value), parsed(old_value), base, map_site(1), HlcStamp::at(at)});
  static constexpr std::array names{"fast_forward", "joined", "agreed", "won", "lost", "refused"};
  std::string text = names[static_cast<std::size_t>(result.outcome)];
  text += ' ' + to_json_text(result.value);
  for (const std::string& key : result.clashes) text += ' ' + key;
  return text;
}

TEST(MergeMap, NobodyElseWrote) {
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":1})", R"({"a":2})", 2000, {1, 7}),
            R"(fast_forward {"a":2})");
  EXPECT_EQ(merged("null", "null", R"({"a":1})", 2000, {1, 7}), R"(fast_forward {"a":1})");
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":1})", "null", 2000, {1, 7}), "fast_forward null");
}

TEST(MergeMap, DifferentKeysJoinWhoeverIsLater) {
  for (const UnixMillis at : {500, 2000}) {
    EXPECT_EQ(merged(R"({"a":1,"b":9})", R"({"a":1})", R"({"a":2})", at),
              R"(joined {"a":2,"b":9})");
    EXPECT_EQ(merged(R"({"b":1})", "null", R"({"a":1})", at), R"(joined {"a":1,"b":1})");
    // One took away what the other did not touch.
    EXPECT_EQ(merged(R"({"a":1,"b":3})", R"({"a":1,"b":2})", R"({"b":2})", at),
              R"(joined {"b":3})");
    EXPECT_EQ(merged(R"({"b":2})", R"({"a":1,"b":2})", R"({"a":1,"b":4})", at),
              R"(joined {"b":4})");
  }
}

TEST(MergeMap, OneKeyOnBothSidesIsWonOrLostAndTheOthersStand) {
  EXPECT_EQ(merged(R"({"a":"c","x":1})", R"({"a":"o","x":1})", R"({"a":"s","x":1,"y":2})", 2000),
            R"(won {"a":"s","x":1,"y":2} a)");
  EXPECT_EQ(merged(R"({"a":"c","x":1})", R"({"a":"o","x":1})", R"({"a":"s","x":1,"y":2})", 500),
            R"(lost {"a":"c","x":1,"y":2} a)");
}

TEST(MergeMap, RemovedHereEditedThere) {
  EXPECT_EQ(merged(R"({"a":2})", R"({"a":1})", "null", 2000), "won null a");
  EXPECT_EQ(merged(R"({"a":2})", R"({"a":1})", "null", 500), R"(lost {"a":2} a)");
  EXPECT_EQ(merged("null", R"({"a":1})", R"({"a":3})", 2000), R"(won {"a":3} a)");
  EXPECT_EQ(merged("null", R"({"a":1})", R"({"a":3})", 500), "lost null a");
}

TEST(MergeMap, TheSameOnBothSidesIsNoConflict) {
  EXPECT_EQ(merged(R"({"a":2})", R"({"a":1})", R"({"a":2})", 500), R"(agreed {"a":2})");
  EXPECT_EQ(merged("null", R"({"a":1})", "null", 2000), "agreed null");
}

TEST(MergeMap, TheTypeOfAValueCounts) {
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":0})", R"({"a":"1"})", 500), R"(lost {"a":1} a)");
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":0})", R"({"a":true})", 2000), R"(won {"a":true} a)");
}

TEST(MergeMap, KeysComeInTheirOrder) {
  EXPECT_EQ(merged(R"({"m":1})", "null", R"({"z":1,"b":2,"a":3})", 500),
            R"(joined {"a":3,"b":2,"m":1,"z":1})");
}

TEST(MergeMap, AnEarlierBaseOfTheSameAuthorIsNoConflict) {
  // The site's second row was written before central said anything of the first.
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":1})", R"({"a":2})", 2000, {1, 2}, map_site(1)),
            R"(fast_forward {"a":2})");
}

std::string replayed(std::string_view current, std::string_view old_value, std::string_view value) {
  return to_json_text(replay_field(map, parsed(current), parsed(old_value), parsed(value)));
}

TEST(ReplayMap, PutsWhatWasChangedOverWhatIsThere) {
  EXPECT_EQ(replayed(R"({"b":1})", "null", R"({"a":1})"), R"({"a":1,"b":1})");
  EXPECT_EQ(replayed(R"({"a":9,"b":1})", R"({"a":1,"b":1})", R"({"b":1})"), R"({"b":1})");
  EXPECT_EQ(replayed(R"({"a":9})", R"({"a":1})", R"({"a":2})"), R"({"a":2})");
  EXPECT_EQ(replayed("null", R"({"a":1,"b":1})", R"({"a":1,"b":2})"), R"({"b":2})");
  EXPECT_EQ(replayed(R"({"a":1})", R"({"a":1})", "null"), "null");
}

TEST(ReplayMap, OtherFieldsTakeTheNewValue) {
  constexpr Field text{.name = "f", .title = "F"};
  EXPECT_EQ(replay_field(text, "central's", "old", "mine"), json::value("mine"));
}

}  // namespace
}  // namespace skerry
