#include "sync/part_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sync/bundle_limits.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

class PartFileTest : public testing::Test {
 protected:
  Result<void> place(std::string_view content, const fs::path& file, Existing existing) {
    const FileHandle source = test::file_of(as_bytes(content));
    return place_file(source.fd(), content.size(), crypto::sha256(as_bytes(content)), file,
                      existing);
  }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  }
  test::Folder folder_;
  const fs::path file_ = folder_ / "up.skb";
};

TEST_F(PartFileTest, AFileComesWholeAndLeavesNothingBeside) {
  ASSERT_TRUE(place("content", file_, Existing::refuse));
  EXPECT_EQ(as_text(test::read_file(file_)), "content");
  EXPECT_EQ(files(), 1);
}

TEST_F(PartFileTest, WhatIsThereIsReplacedOnlyWhenItMayBe) {
  test::write_file(file_, as_bytes("precious"));
  test::write_file(folder_ / "up.skb.part", as_bytes("somebody's"));
  const auto refused = place("new", file_, Existing::refuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::already_exists);
  EXPECT_FALSE(refused.error().next.empty());
  EXPECT_EQ(as_text(test::read_file(file_)), "precious");
  ASSERT_TRUE(place("new", file_, Existing::replace));
  EXPECT_EQ(as_text(test::read_file(file_)), "new");
  EXPECT_EQ(as_text(test::read_file(folder_ / "up.skb.part")), "somebody's");
  EXPECT_EQ(files(), 2);
}

TEST_F(PartFileTest, WhatReadsBackDifferentlyIsRemoved) {
  const FileHandle source = test::file_of(as_bytes("content"));
  const auto placed =
      place_file(source.fd(), 7, crypto::sha256(as_bytes("CONTENT")), file_, Existing::refuse);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, Errc::io_failed);
  EXPECT_EQ(files(), 0);
}

// What stands there is perhaps another writer's, of a moment ago.
TEST_F(PartFileTest, WhatReadsBackDifferentlyTakesNothingAway) {
  test::write_file(file_, as_bytes("another writer's"));
  const FileHandle source = test::file_of(as_bytes("content"));
  const auto placed =
      place_file(source.fd(), 7, crypto::sha256(as_bytes("CONTENT")), file_, Existing::replace);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, Errc::io_failed);
  EXPECT_EQ(as_text(test::read_file(file_)), "another writer's");
  EXPECT_EQ(files(), 1);
}

TEST_F(PartFileTest, AFolderInItsPlaceIsNoFaultOfTheMedium) {
  fs::create_directory(file_);
  const auto placed = place("x", file_, Existing::replace);
  ASSERT_FALSE(placed);
  EXPECT_NE(placed.error().next.find("move away the folder"), std::string::npos);
}

TEST_F(PartFileTest, AMissingFolderIsSaid) {
  const auto placed = place("x", folder_ / "none" / "up.skb", Existing::refuse);
  ASSERT_FALSE(placed);
  EXPECT_NE(placed.error().detail.find("none"), std::string::npos);
}

TEST_F(PartFileTest, ALargeFileIsNeverWholeInMemory) {
  constexpr std::uint64_t size = 64 * mebibyte;
  const FileHandle source = make_private_file(folder_.path()).value();
  ASSERT_EQ(::ftruncate(source.fd(), static_cast<off_t>(size)), 0);
  HashSink hash;
  ASSERT_TRUE(pump(source.fd(), 0, size, hash));
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  ASSERT_TRUE(place_file(source.fd(), size, hash.hash(), file_, Existing::refuse));
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024);  // KiB
}

}  // namespace
}  // namespace skerry::sync
