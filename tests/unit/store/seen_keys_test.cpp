#include "store/seen_keys.hpp"

#include <gtest/gtest.h>
#include <string>

namespace skerry::store {
namespace {

SeenKeys::Digest named_key(std::string_view text) { return SeenKeys::digest_of(as_bytes(text)); }

TEST(SeenKeys, TellsWhereAKeyStoodFirst) {
  SeenKeys seen;
  using Row = SeenKeys::Row;
  EXPECT_EQ(seen.add(named_key("a"), {2, 20}), std::nullopt);
  EXPECT_EQ(seen.add(named_key("b"), {3, 30}), std::nullopt);
  EXPECT_EQ(seen.add(named_key("a"), {4, 40}), (Row{2, 20}));
  EXPECT_EQ(seen.add(named_key("a"), {5, 50}), (Row{2, 20}));
  EXPECT_EQ(seen.add(named_key(""), {6, 60}), std::nullopt);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.find(named_key("b")), (Row{3, 30}));
  EXPECT_EQ(seen.find(named_key("c")), std::nullopt);
  EXPECT_EQ(SeenKeys().find(named_key("a")), std::nullopt);
}

TEST(SeenKeys, TakesInWhatAnotherHas) {
  SeenKeys seen;
  SeenKeys other;
  seen.add(named_key("a"), {2, 20});
  other.add(named_key("a"), {3, 30});
  other.add(named_key("b"), {4, 40});
  seen.add_all(other);
  EXPECT_EQ(seen.find(named_key("a")), (SeenKeys::Row{2, 20}));
  EXPECT_EQ(seen.find(named_key("b")), (SeenKeys::Row{4, 40}));
  EXPECT_EQ(seen.size(), 2u);
}

TEST(SeenKeys, KeepsAllWhileItGrowsAndStaysSmall) {
  SeenKeys seen;
  constexpr int count = 100'000;
  for (int i = 1; i <= count; ++i)
    ASSERT_EQ(seen.add(named_key("key " + std::to_string(i)), {i, 7}), std::nullopt);
  for (int i = 1; i <= count; i += 997)
    ASSERT_EQ(seen.add(named_key("key " + std::to_string(i)), {1, 8}), (SeenKeys::Row{i, 7}));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(count));
  EXPECT_LE(seen.bytes(), static_cast<std::size_t>(count) * 60);
}

}  // namespace
}  // namespace skerry::store
