#include "core/ids.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <type_traits>

#include "tests/unit/core/seeded_random.hpp"

namespace skerry {
namespace {

using ::testing::MatchesRegex;

constexpr std::string_view sample_id = "0199c0de-1234-7abc-8def-0123456789ab";

TEST(Ids, KindsOfIdDoNotMix) {
  static_assert(!std::is_convertible_v<RecordId, SiteId>);
  static_assert(!std::is_assignable_v<RecordId&, EpochId>);
}

TEST(Ids, TextRoundTrips) {
  const auto id = parse_id<RecordId>(sample_id);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->bytes[0], 0x01);
  EXPECT_EQ(id->bytes[15], 0xab);
  EXPECT_EQ(to_string(*id), sample_id);
}

TEST(Ids, UpperCaseIsReadAndWrittenAsLower) {
  const auto id = parse_id<RecordId>("0199C0DE-1234-7ABC-8DEF-0123456789AB");
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), sample_id);
}

TEST(Ids, ParseRefusesEverythingElse) {
  for (const char* text : {
           "",
           "0199c0de12347abc8def0123456789ab",
           "0199c0de-1234-7abc-8def-0123456789a",
           "0199c0de-1234-7abc-8def-0123456789abc",
           "0199c0de-1234-7abc-8def-0123456789ag",
           "0199c0de-1234-7abc-8def_0123456789ab",
           "0199c0d-e1234-7abc-8def-0123456789ab",
           "{199c0de-1234-7abc-8def-0123456789a}",
           " 199c0de-1234-7abc-8def-0123456789ab",
           "0199c0de-1234-7abc-8def-0x23456789ab",
           "0199c0de-1234-7abc-8def--123456789ab",
           "------------------------------------",
       })
    EXPECT_FALSE(parse_id<RecordId>(text)) << text;
  EXPECT_FALSE(parse_id<RecordId>(std::string_view("0199c0de-1234-7abc-8def-0123456789a\0", 36)));
}

TEST(Ids, EveryCutIsRefused) {
  for (std::size_t length = 0; length < sample_id.size(); ++length)
    EXPECT_FALSE(parse_id<SiteId>(sample_id.substr(0, length))) << length;
}

TEST(Ids, FromStoredBytes) {
  const Bytes bytes(16, 7);
  EXPECT_EQ(id_from_bytes<EpochId>(bytes)->bytes[15], 7);
  EXPECT_FALSE(id_from_bytes<EpochId>(Bytes(15, 7)));
  EXPECT_FALSE(id_from_bytes<EpochId>(Bytes(17, 7)));
  EXPECT_FALSE(id_from_bytes<EpochId>(Bytes{}));
}

TEST(Ids, ZeroNamesCentral) {
  EXPECT_TRUE(SiteId{}.is_zero());
  EXPECT_TRUE(parse_id<SiteId>("00000000-0000-0000-0000-000000000000")->is_zero());
  EXPECT_FALSE(parse_id<SiteId>("00000000-0000-0000-0000-000000000001")->is_zero());
}

TEST(Ids, Version7SortsByTime) {
  SeededRandom random(1);
  RecordId earlier = new_record_id(0, random);
  for (UnixMillis now = 1; now < (UnixMillis{1} << 47); now = now * 3 + 1) {
    const RecordId later = new_record_id(now, random);
    EXPECT_LT(earlier, later) << now;
    EXPECT_LT(to_string(earlier), to_string(later)) << now;
    earlier = later;
  }
}

TEST(Ids, Version7HasItsForm) {
  SeededRandom random(2);
  const RecordId id = new_record_id(0x0199c0de1234, random);
  EXPECT_THAT(to_string(id), MatchesRegex("0199c0de-1234-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-.*"));
}

TEST(Ids, AClockBefore1970SortsFirst) {
  SeededRandom random(3);
  const RecordId before = new_record_id(-5, random);
  EXPECT_THAT(to_string(before), MatchesRegex("00000000-0000-7.*"));
  EXPECT_LT(before, new_record_id(1, random));
}

TEST(Ids, ATimeBeyond48BitsSortsLast) {
  SeededRandom random(4);
  const RecordId far = new_record_id(UnixMillis{1} << 48, random);
  EXPECT_THAT(to_string(far), MatchesRegex("ffffffff-ffff-7.*"));
}

TEST(Ids, OneMillisecondHoldsManyIds) {
  SeededRandom random(5);
  std::set<RecordId> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(new_record_id(1'760'000'000'000, random));
  EXPECT_EQ(ids.size(), 10'000U);
}

TEST(Ids, Version4HasItsForm) {
  SeededRandom random(6);
  std::set<SiteId> ids;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = new_id<SiteId>(random);
    EXPECT_THAT(to_string(id), MatchesRegex(".{14}4[0-9a-f]{3}-[89ab].*"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1'000U);
}

}  // namespace
}  // namespace skerry
