#include "store/seen_keys.hpp"

#include <gtest/gtest.h>
#include <string>

namespace skerry::store {
namespace {

TEST(SeenKeys, TellsWhereAKeyStoodFirst) {
  SeenKeys seen;
  using Row = SeenKeys::Row;
  EXPECT_EQ(seen.add(as_bytes("a"), {2, 20}), std::nullopt);
  EXPECT_EQ(seen.add(as_bytes("b"), {3, 30}), std::nullopt);
  EXPECT_EQ(seen.add(as_bytes("a"), {4, 40}), (Row{2, 20}));
  EXPECT_EQ(seen.add(as_bytes("a"), {5, 50}), (Row{2, 20}));
  EXPECT_EQ(seen.add(as_bytes(""), {6, 60}), std::nullopt);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.find(as_bytes("b")), (Row{3, 30}));
  EXPECT_EQ(seen.find(as_bytes("c")), std::nullopt);
  EXPECT_EQ(SeenKeys().find(as_bytes("a")), std::nullopt);
}

TEST(SeenKeys, KeepsAllWhileItGrowsAndStaysSmall) {
  SeenKeys seen;
  constexpr int count = 100'000;
  for (int i = 1; i <= count; ++i)
    ASSERT_EQ(seen.add(as_bytes("key " + std::to_string(i)), {i, 7}), std::nullopt);
  for (int i = 1; i <= count; i += 997)
    ASSERT_EQ(seen.add(as_bytes("key " + std::to_string(i)), {1, 8}), (SeenKeys::Row{i, 7}));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(count));
  EXPECT_LE(seen.bytes(), static_cast<std::size_t>(count) * 70);
}

}  // namespace
}  // namespace skerry::store
