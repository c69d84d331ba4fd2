#include "store/anchor.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/sha256.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {
namespace {

namespace fs = std::filesystem;

class AnchorTest : public ::testing::Test {
 protected:
  AnchorTest() {
    anchor.site.bytes[0] = 1;
    anchor.epoch.bytes[0] = 2;
    anchor.ord = 1'760'000'000;
    anchor.seq = 42;
    anchor.hash[0] = 3;
    anchor.machine = {std::string(32, 'a'), "", std::string(32, 'c')};
    anchor.trust = 3;
    anchor.origin.bytes[0] = 4;
  }
  AnchorFile open() { return std::move(*AnchorFile::open(folder)); }
  fs::path file() const { return folder / "anchor"; }

  TemporaryFolder temporary;
  const fs::path folder = temporary.path() / "data.anchor";
  Anchor anchor;
};

TEST_F(AnchorTest, ComesBackAsItWasWritten) {
  AnchorFile made = open();
  EXPECT_FALSE(made.read());
  ASSERT_TRUE(made.write(anchor));
  EXPECT_EQ(made.read(), anchor);
  EXPECT_EQ(open().read(), anchor);
  EXPECT_EQ(fs::file_size(file()), 512u);
  struct stat status {};
  ASSERT_EQ(::stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(AnchorTest, TheNewestStands) {
  AnchorFile made = open();
  for (std::int64_t seq : {999'999'999, 7}) {  // a shorter text leaves nothing of the longer one
    anchor.seq = seq;
    ASSERT_TRUE(made.write(anchor));
    EXPECT_EQ(made.read()->seq, seq);
  }
}

TEST_F(AnchorTest, WhatIsDamagedCountsAsNone) {
  ASSERT_TRUE(open().write(anchor));
  for (const std::streamoff at : {0, 20, 150, 300}) {
    {
      std::fstream damaged(file(), std::ios::in | std::ios::out | std::ios::binary);
      damaged.seekp(at);
      damaged.put('#');
    }
    EXPECT_FALSE(open().read()) << at;
    ASSERT_TRUE(open().write(anchor));
  }
  fs::resize_file(file(), 100);
  EXPECT_FALSE(open().read());
}

TEST_F(AnchorTest, APlaceThatCannotBeIsNamed) {
  const auto opened = AnchorFile::open(temporary.path() / "no" / "such");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::io_failed);
  EXPECT_NE(opened.error().detail.find("no/such"), std::string::npos);
  EXPECT_NE(opened.error().next.find("anchor"), std::string::npos);
  fs::create_symlink("/etc/passwd", temporary.path() / "anchor");
  EXPECT_FALSE(AnchorFile::open(temporary.path()));
}

// As the versions before the generation of trust and the origin wrote it.
TEST_F(AnchorTest, AnOlderOneIsReadAndKnowsOfNeither) {
  ASSERT_TRUE(open().write(anchor));
  std::ifstream written(file());
  std::string text;
  std::getline(written, text);
  const std::string members = ",\"trust\":3,\"origin\":\"" + to_string(anchor.origin) + '"';
  const std::size_t at = text.find(members);
  ASSERT_NE(at, std::string::npos);
  text.erase(at, members.size());
  text += '\n' + to_hex(crypto::sha256(as_bytes(text))).substr(0, 16) + '\n';
  text.resize(512, '\n');
  std::ofstream(file()) << text;
  anchor.trust = 0;
  anchor.origin = {};
  EXPECT_EQ(open().read(), anchor);
}

TEST_F(AnchorTest, TheKeeperFollowsTheLog) {
  AnchorFile made = open();
  AnchorKeeper keeper(made, anchor.site, anchor.origin, anchor.machine);
  keeper.keep({9, anchor.epoch, anchor.ord, anchor.seq, anchor.hash, 77}, anchor.trust);
  EXPECT_EQ(made.read(), anchor);
}

TEST_F(AnchorTest, ItIsAnothersByWhatBothTell) {
  EXPECT_FALSE(is_anothers(anchor, anchor.site, anchor.origin));
  EXPECT_FALSE(is_anothers(anchor, {}, {}));
  EXPECT_TRUE(is_anothers(anchor, {}, anchor.epoch));
  EXPECT_TRUE(is_anothers(anchor, SiteId{anchor.epoch.bytes}, anchor.origin));
  EXPECT_FALSE(is_anothers({}, anchor.site, anchor.origin)) << "an older one of central";
}

TEST_F(AnchorTest, MachinesDifferInWhatBothTell) {
  const MachinePrint here{"a", "b", "c"};
  EXPECT_FALSE(is_other_machine(here, here));
  EXPECT_FALSE(is_other_machine(here, {}));
  EXPECT_TRUE(is_other_machine(here, {"x", "", ""}));
  EXPECT_TRUE(is_other_machine(here, {"", "x", ""}));
  EXPECT_TRUE(is_other_machine(here, {"", "", "x"}));
}

}  // namespace
}  // namespace skerry::store
