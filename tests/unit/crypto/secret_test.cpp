#include "crypto/secret.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

namespace skerry::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);

TEST(SecretBytes, LeavesNothingBehindWhenMoved) {
  SecretBytes first(as_bytes("a secret"));
  SecretBytes second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.text(), "a secret");
  SecretBytes third(as_bytes("another"));
  third = std::move(second);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(third.text(), "a secret");
}

TEST(SecretBytes, KeepsItsValueWhenMovedToItself) {
  SecretBytes secret(as_bytes("a secret"));
  SecretBytes& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.text(), "a secret");
}

TEST(Wipe, OverwritesEveryByte) {
  Bytes bytes(100, 0xff);
  wipe(bytes);
  EXPECT_EQ(bytes, Bytes(100));
  wipe({});
}

TEST(EqualConstantTime, ComparesAllBytes) {
  const Bytes a{1, 2, 3, 4};
  EXPECT_TRUE(equal_constant_time(a, Bytes{1, 2, 3, 4}));
  EXPECT_TRUE(equal_constant_time({}, {}));
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bytes b = a;
    b[i] ^= 0x80;
    EXPECT_FALSE(equal_constant_time(a, b)) << i;
  }
  EXPECT_FALSE(equal_constant_time(a, Bytes{1, 2, 3}));
  EXPECT_FALSE(equal_constant_time(a, {}));
}

// They come from a block of each thread.
TEST(SystemRandom, BytesOfIdsDoNotRepeat) {
  using Piece = std::array<std::uint8_t, 8>;
  constexpr int pieces_each = 1000;
  std::vector<std::vector<Piece>> taken(3);
  std::vector<std::thread> threads;
  for (auto& pieces : taken)
    threads.emplace_back([&pieces] {
      SystemRandom random;
      for (int i = 0; i < pieces_each; ++i) random.fill(pieces.emplace_back());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<Piece> different;
  for (const auto& pieces : taken) different.insert(pieces.begin(), pieces.end());
  EXPECT_EQ(different.size(), taken.size() * pieces_each);
}

TEST(SystemRandom, FillsAllAndDoesNotRepeat) {
  SystemRandom random;
  Bytes a(64);
  Bytes b(64);
  random.fill(a);
  random.fill(b);
  EXPECT_NE(a, b);
  // A tail left at zero would show: 16 zero bytes by chance are one in 2^128.
  EXPECT_TRUE(std::ranges::any_of(a.end() - 16, a.end(), [](std::uint8_t x) { return x != 0; }));
}

}  // namespace
}  // namespace skerry::crypto
