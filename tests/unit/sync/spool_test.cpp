#include "sync/spool.hpp"

#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

class SpoolTest : public ::testing::Test {
 protected:
  std::filesystem::path put(std::string_view name, std::string_view text) {
    const std::filesystem::path file = medium_ / name;
    test::write_file(file, as_bytes(text));
    return file;
  }

  test::Folder medium_;
  test::Folder data_;
  Spool spool_ = Spool::open(data_ / "spool", {1000, 2500}).value();
};

TEST_F(SpoolTest, ACopyHasTheBytesAndTheirHash) {
  const SpooledFile copy = spool_.take(put("a.skb", "content")).value();
  EXPECT_EQ(as_text(test::bytes_of(copy.file)), "content");
  EXPECT_EQ(copy.size, 7U);
  EXPECT_EQ(copy.sha256, crypto::sha256(as_bytes("content")));
}

TEST_F(SpoolTest, ThePrivateFolderIsPrivate) {
  struct stat status;
  ASSERT_EQ(::stat((data_ / "spool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  const SpooledFile copy = spool_.take(put("a.skb", "content")).value();
  ASSERT_EQ(::fstat(copy.file.fd(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(SpoolTest, TheCopyDoesNotChangeWithTheMedium) {
  const std::filesystem::path file = put("a.skb", "content");
  const SpooledFile copy = spool_.take(file).value();
  put("a.skb", "CHANGED");
  EXPECT_EQ(as_text(test::bytes_of(copy.file)), "content");
  std::filesystem::remove(file);
  EXPECT_EQ(as_text(test::bytes_of(copy.file)), "content");
}

TEST_F(SpoolTest, ABundleThatChangesAfterTheCopyIsReadAsItWas) {
  test::Exchange exchange;
  const Spool spool = Spool::open(data_ / "large").value();
  const Bytes bytes = exchange.bundle({"{}"});
  const std::filesystem::path file = put("a.skb", as_text(bytes));
  SpooledFile copy = spool.take(file).value();
  Bytes changed = bytes;
  changed[bytes.size() - 1100] ^= 1;  // in the payload
  put("a.skb", as_text(changed));
  BundleReader reader = BundleReader::open(std::move(copy.file), exchange.lookup()).value();
  EXPECT_TRUE(reader.stage(exchange.central, exchange.folder.path()));
  EXPECT_EQ(exchange.read(test::read_file(file)).error().code, Errc::corrupt_bundle);
}

TEST_F(SpoolTest, LinksFoldersPipesAndDevicesAreRefused) {
  std::filesystem::create_symlink(put("real.skb", "x"), medium_ / "link.skb");
  std::filesystem::create_directory(medium_ / "folder.skb");
  ASSERT_EQ(::mkfifo((medium_ / "pipe.skb").c_str(), 0600), 0);
  for (const std::filesystem::path& file :
       {medium_ / "link.skb", medium_ / "folder.skb", medium_ / "pipe.skb",
        std::filesystem::path("/dev/zero")}) {
    const auto taken = spool_.take(file);
    ASSERT_FALSE(taken) << file;
    EXPECT_EQ(taken.error().code, Errc::bad_input) << file;
    EXPECT_NE(taken.error().detail.find(file.string()), std::string::npos);
  }
  EXPECT_EQ(spool_.take(medium_ / "none.skb").error().code, Errc::not_found);
}

TEST_F(SpoolTest, TheLimitOfAFile) {
  EXPECT_TRUE(spool_.take(put("a.skb", std::string(1000, 'x'))));
  const auto taken = spool_.take(put("b.skb", std::string(1001, 'x')));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::limit_exceeded);
  EXPECT_NE(taken.error().detail.find("b.skb"), std::string::npos);
}

TEST_F(SpoolTest, WhatIsKeptCountsAgainstTheQuota) {
  for (int i = 0; i < 2; ++i) {
    const SpooledFile copy =
        spool_.take(put("a.skb", std::to_string(i) + std::string(999, 'x'))).value();
    const std::filesystem::path kept = spool_.keep(copy).value();
    EXPECT_EQ(kept.filename(), to_hex(copy.sha256) + ".skb");
    EXPECT_EQ(test::read_file(kept), test::bytes_of(copy.file));
    EXPECT_EQ(spool_.keep(copy).value(), kept);  // again is nothing
  }
  EXPECT_TRUE(spool_.take(put("a.skb", std::string(500, 'x'))));
  EXPECT_FALSE(spool_.take(put("a.skb", std::string(501, 'x'))));
  test::write_file(data_ / "spool" / "more", Bytes(500));
  const auto taken = spool_.take(put("a.skb", "x"));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::storage_full);
  EXPECT_NE(taken.error().next.find("spool"), std::string::npos);
}

// Whoever brings bad files must not end the import of good ones.
TEST_F(SpoolTest, EvidenceMakesRoomForNewerEvidence) {
  const Spool spool = Spool::open(data_ / "evidence", {1000, 2500, 2000}).value();
  std::vector<Hash> kept;
  for (int i = 0; i < 5; ++i) {
    const std::string text = std::to_string(i) + std::string(699, 'x');
    const SpooledFile copy = spool.take(put("a.skb", text)).value();
    const std::filesystem::path path = spool.keep(copy).value();
    const auto age = std::chrono::hours(5 - i);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
    kept.push_back(copy.sha256);
  }
  std::string there;
  for (const Hash& hash : kept) there += spool.is_kept(hash) ? 'x' : '-';
  EXPECT_EQ(there, "---xx");
  EXPECT_TRUE(spool.begin());
}

TEST_F(SpoolTest, WhatIsTooLargeAsEvidenceTakesNothingAway) {
  const Spool spool = Spool::open(data_ / "evidence", {1000, 2500, 800}).value();
  const SpooledFile small = spool.take(put("a.skb", "small")).value();
  ASSERT_TRUE(spool.keep(small));
  const SpooledFile large = spool.take(put("b.skb", std::string(801, 'x'))).value();
  EXPECT_EQ(spool.keep(large).error().code, Errc::limit_exceeded);
  EXPECT_TRUE(spool.is_kept(small.sha256));
}

TEST_F(SpoolTest, WhatIsNotKeptLeavesNothing) {
  { const SpooledFile copy = spool_.take(put("a.skb", "content")).value(); }
  EXPECT_TRUE(std::filesystem::is_empty(data_ / "spool"));
}

TEST_F(SpoolTest, PiecesFromTheNetwork) {
  SpoolWriter writer = spool_.begin().value();
  ASSERT_TRUE(writer.write(as_bytes("con")));
  ASSERT_TRUE(writer.sink().write(as_bytes("tent")));
  const SpooledFile copy = writer.seal();
  EXPECT_EQ(copy.sha256, crypto::sha256(as_bytes("content")));
  SpoolWriter over = spool_.begin().value();
  ASSERT_TRUE(over.write(Bytes(1000)));
  EXPECT_EQ(over.write(Bytes(1)).error().code, Errc::limit_exceeded);
}

}  // namespace
}  // namespace skerry::sync
