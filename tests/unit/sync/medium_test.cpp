#include "sync/medium.hpp"

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/bundle_limits.hpp"
#include "sync/part_file.hpp"
#include "sync/spool.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

const Party site_here = Party::site(*parse_id<SiteId>("9a1b2c3d-0000-4000-8000-000000000001"));
const Party other = Party::site(*parse_id<SiteId>("0a1b2c3d-0000-4000-8000-000000000002"));

class MediumTest : public ::testing::Test {
 protected:
  Result<fs::path> write(std::string_view content, const Party& to, const Party& from,
                         const std::string& name) {
    const FileHandle source = test::file_of(as_bytes(content));
    return medium_.write(source.fd(), content.size(), crypto::sha256(as_bytes(content)), to, from,
                         name);
  }
  std::vector<std::string> names_for(const Party& to) {
    std::vector<std::string> names;
    const MediumListing listing = medium_.list_for(to).value();
    for (const MediumEntry& entry : listing.bundles) names.push_back(entry.from + "/" + entry.name);
    return names;
  }

  test::Folder folder_;
  Medium medium_ = Medium::open(folder_.path()).value();
  const std::string site_name_ = to_string(site_here);
};

TEST_F(MediumTest, WhatIsWrittenIsListedAndRead) {
  const fs::path path = write("content", Party::central(), site_here, "u-1.skb").value();
  EXPECT_EQ(path, folder_ / "SKERRY" / "central" / site_name_ / "u-1.skb");
  EXPECT_EQ(as_text(test::read_file(path)), "content");
  const auto entries = medium_.list_for(Party::central()).value().bundles;
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].from, site_name_);
  EXPECT_EQ(entries[0].name, "u-1.skb");
  EXPECT_EQ(entries[0].size, 7U);
  const FileHandle file = medium_.open_entry(Party::central(), entries[0]).value();
  EXPECT_EQ(as_text(test::bytes_of(file)), "content");
}

TEST_F(MediumTest, OnlyWhatIsForTheRecipientInOrder) {
  for (const char* name : {"u-1204-1300.skb", "u-378-1203.skb", "u-1-377.skb"})
    ASSERT_TRUE(write("x", Party::central(), site_here, name));
  ASSERT_TRUE(write("x", Party::central(), other, "u-2.skb"));
  ASSERT_TRUE(write("x", site_here, Party::central(), "d-1.skb"));
  EXPECT_EQ(
      names_for(Party::central()),
      (std::vector<std::string>{to_string(other) + "/u-2.skb", site_name_ + "/u-1-377.skb",
                                site_name_ + "/u-378-1203.skb", site_name_ + "/u-1204-1300.skb"}));
  EXPECT_EQ(names_for(site_here), std::vector<std::string>{"central/d-1.skb"});
  EXPECT_TRUE(names_for(other).empty());
}

TEST_F(MediumTest, AnEmptyMediumHasNothing) { EXPECT_TRUE(names_for(site_here).empty()); }

TEST_F(MediumTest, WhatElseLiesThereIsPassedOver) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const fs::path here = folder_ / "SKERRY" / "central";
  for (const char* name : {"u-2.skb.part", "._u-1.skb", "Thumbs.db", "U-3.TXT"})
    test::write_file(here / site_name_ / name, as_bytes("x"));
  fs::create_directory(here / site_name_ / "folder.skb");
  fs::create_symlink("u-1.skb", here / site_name_ / "link.skb");
  ASSERT_EQ(::mkfifo((here / site_name_ / "pipe.skb").c_str(), 0600), 0);
  fs::create_directory(here / "System Volume Information");
  fs::create_directory_symlink(site_name_, here / to_string(other));
  EXPECT_EQ(names_for(Party::central()), std::vector<std::string>{site_name_ + "/u-1.skb"});
}

// As some systems write them on a FAT file system.
TEST_F(MediumTest, NamesMayBeInCapitals) {
  const fs::path path = write("content", Party::central(), site_here, "u-1.skb").value();
  fs::rename(path, path.parent_path() / "U-1.SKB");
  const MediumListing listing = medium_.list_for(Party::central()).value();
  ASSERT_EQ(listing.bundles.size(), 1U);
  EXPECT_EQ(listing.bundles[0].name, "U-1.SKB");
  EXPECT_TRUE(listing.passed_over.empty());
  EXPECT_TRUE(medium_.open_entry(Party::central(), listing.bundles[0]));
  ASSERT_TRUE(medium_.remove(Party::central(), listing.bundles[0]));
  EXPECT_TRUE(names_for(Party::central()).empty());
}

// On FAT one name opens the other. Here it does not, and at least is no folder without a word.
TEST_F(MediumTest, ASendersFolderInCapitalsIsNotPassedOverInSilence) {
  const fs::path folder =
      write("content", site_here, Party::central(), "d-1.skb").value().parent_path();
  fs::rename(folder, folder.parent_path() / "CENTRAL");
  const MediumListing listing = medium_.list_for(site_here).value();
  ASSERT_EQ(listing.passed_over.size(), 1U);
  EXPECT_EQ(listing.passed_over[0].path.filename(), "central");
}

TEST_F(MediumTest, WhatStandsInABundlesPlaceIsNamed) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const fs::path here = folder_ / "SKERRY" / "central";
  fs::create_directory(here / site_name_ / "folder.skb");
  fs::create_symlink("u-1.skb", here / site_name_ / "link.skb");
  ASSERT_EQ(::mkfifo((here / site_name_ / "pipe.skb").c_str(), 0600), 0);
  for (const char* name : {"u 2.skb", "._u-1.skb", "Thumbs.db", "u-3.skb.part"})
    test::write_file(here / site_name_ / name, as_bytes("x"));
  fs::create_directory_symlink(site_name_, here / to_string(other));
  std::string seen;
  const MediumListing listing = medium_.list_for(Party::central()).value();
  for (const PassedOver& passed : listing.passed_over)
    seen += passed.path.filename().string() + " " + passed.reason.substr(0, 13) + "\n";
  EXPECT_EQ(seen, to_string(other) + " is a link or \n" +
                      "folder.skb is a folder; \n"
                      "link.skb is a link, wh\n"
                      "pipe.skb is a pipe; a \n"
                      "u 2.skb is not named \n");
}

// Listed as a file, and something else by the time it is opened.
TEST_F(MediumTest, WhatIsOpenedIsAFileAtThatTime) {
  test::Folder outside;
  test::write_file(outside / "victim", as_bytes("precious"));
  const fs::path path = write("content", Party::central(), site_here, "u-1.skb").value();
  const MediumEntry entry = medium_.list_for(Party::central()).value().bundles.at(0);
  const std::vector<std::function<void()>> swaps{
      [&] { fs::create_symlink(outside / "victim", path); },
      [&] { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); }, [&] { fs::create_directory(path); }};
  for (const auto& swap : swaps) {
    fs::remove(path);
    swap();
    EXPECT_EQ(medium_.open_entry(Party::central(), entry).error().code, Errc::bad_input);
  }
}

TEST_F(MediumTest, AThicketOfNamesIsLeftAndTheRestIsTaken) {
  const fs::path thicket = folder_ / "SKERRY" / "central" / to_string(other);
  ASSERT_TRUE(write("x", Party::central(), other, "u-1.skb"));
  for (std::size_t i = 0; i < medium_names_max; ++i)
    test::write_file(thicket / std::to_string(i), {});
  ASSERT_TRUE(write("x", site_here, Party::central(), "d-1.skb"));
  const MediumListing listing = medium_.list_for(Party::central()).value();
  ASSERT_EQ(listing.passed_over.size(), 1U);
  EXPECT_EQ(listing.passed_over[0].path, thicket);
  EXPECT_NE(listing.passed_over[0].reason.find("20000 names"), std::string::npos);
  EXPECT_EQ(names_for(site_here), std::vector<std::string>{"central/d-1.skb"});
}

TEST_F(MediumTest, AReceiptIsReadByTheSenderOfWhatItIsAbout) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const std::string text =
      format_receipt("central", 1'790'000'000'000, {{"u-1.skb", "applied", "1 new row", ""}});
  ASSERT_TRUE(medium_.write_receipt(Party::central(), site_name_, text));
  const auto found = medium_.receipts_about(site_here);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].recipient, "central");
  EXPECT_EQ(found[0].lines, parse_receipt(text));
  EXPECT_TRUE(medium_.receipts_about(other).empty());
  EXPECT_TRUE(medium_.receipts_about(Party::central()).empty());
  EXPECT_EQ(names_for(Party::central()), std::vector<std::string>{site_name_ + "/u-1.skb"});
}

TEST_F(MediumTest, AReceiptThatIsNoFileIsNone) {
  test::Folder outside;
  test::write_file(outside / "secret", as_bytes("applied\tu-1.skb\tprecious\t\n"));
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const fs::path place = folder_ / "SKERRY" / "central" / site_name_ / receipt_name;
  fs::create_symlink(outside / "secret", place);
  EXPECT_TRUE(medium_.receipts_about(site_here).empty());
  ASSERT_TRUE(medium_.write_receipt(Party::central(), site_name_, "# mine\n"));
  EXPECT_FALSE(fs::is_symlink(place));
  EXPECT_EQ(as_text(test::read_file(outside / "secret")).substr(0, 7), "applied");
}

TEST_F(MediumTest, H16_LinksAreNotFollowedAnywhere) {
  test::Folder outside;
  fs::create_directory_symlink(outside.path(), folder_ / "SKERRY");
  EXPECT_EQ(write("x", Party::central(), site_here, "u-1.skb").error().code, Errc::io_failed);
  EXPECT_FALSE(medium_.list_for(Party::central()));
  EXPECT_TRUE(fs::is_empty(outside.path()));

  fs::remove(folder_ / "SKERRY");
  fs::create_directory(folder_ / "SKERRY");
  fs::create_directory_symlink(outside.path(), folder_ / "SKERRY" / "central");
  const auto refused = write("x", Party::central(), site_here, "u-1.skb");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("SKERRY/central"), std::string::npos);
  EXPECT_FALSE(refused.error().next.empty());
  EXPECT_TRUE(fs::is_empty(outside.path()));

  fs::remove(folder_ / "SKERRY" / "central");
  fs::create_directory(folder_ / "SKERRY" / "central");
  fs::create_directory_symlink(outside.path(), folder_ / "SKERRY" / "central" / site_name_);
  EXPECT_FALSE(write("x", Party::central(), site_here, "u-1.skb"));
  EXPECT_FALSE(medium_.open_entry(Party::central(), {site_name_, "u-1.skb", 1}));
  EXPECT_TRUE(fs::is_empty(outside.path()));
}

TEST_F(MediumTest, AFileThatIsALinkIsReplacedNotFollowed) {
  test::Folder outside;
  test::write_file(outside / "victim", as_bytes("precious"));
  ASSERT_TRUE(write("old", Party::central(), site_here, "u-1.skb"));
  const fs::path here = folder_ / "SKERRY" / "central" / site_name_;
  fs::remove(here / "u-1.skb");
  fs::create_symlink(outside / "victim", here / "u-1.skb");
  fs::create_symlink(outside / "victim", here / "u-1.skb.part");
  ASSERT_TRUE(write("new", Party::central(), site_here, "u-1.skb"));
  EXPECT_EQ(as_text(test::read_file(outside / "victim")), "precious");
  EXPECT_EQ(as_text(test::read_file(here / "u-1.skb")), "new");
}

TEST_F(MediumTest, APartOfAnEarlierAttemptIsNoHindrance) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const fs::path here = folder_ / "SKERRY" / "central" / site_name_;
  for (const char* part : {"u-2.skb.part", "u-3.skb.part", "somebodys.part"})
    test::write_file(here / part, as_bytes("half a bun"));
  ASSERT_TRUE(write("whole", Party::central(), site_here, "u-2.skb"));
  EXPECT_EQ(as_text(test::read_file(here / "u-2.skb")), "whole");
  EXPECT_FALSE(fs::exists(here / "u-2.skb.part"));
  EXPECT_FALSE(fs::exists(here / "u-3.skb.part")) << "it takes room";
  EXPECT_TRUE(fs::exists(here / "somebodys.part"));
}

TEST_F(MediumTest, WhatAnotherIsWritingJustNowStays) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const fs::path here = folder_ / "SKERRY" / "central" / site_name_;
  const FileHandle place(::open(here.c_str(), O_RDONLY | O_DIRECTORY));
  PartFile slow(place, "u-2.skb", "u-2.skb.part", here / "u-2.skb");
  const FileHandle source = test::file_of(as_bytes("slow"));
  ASSERT_TRUE(slow.copy(source.fd(), 4));
  ASSERT_TRUE(write("y", Party::central(), site_here, "u-3.skb"));
  const auto same = write("fast", Party::central(), site_here, "u-2.skb");
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().code, Errc::busy);
  EXPECT_TRUE(slow.publish(Existing::replace));
  EXPECT_EQ(as_text(test::read_file(here / "u-2.skb")), "slow");
  EXPECT_TRUE(write("fast", Party::central(), site_here, "u-2.skb"));
}

TEST_F(MediumTest, WhatIsReadBackMustBeWhatWasMeant) {
  const FileHandle source = test::file_of(as_bytes("content"));
  const auto written = medium_.write(source.fd(), 7, crypto::sha256(as_bytes("CONTENT")),
                                     Party::central(), site_here, "u-1.skb");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::io_failed);
  EXPECT_NE(written.error().next.find("another"), std::string::npos);
  EXPECT_TRUE(names_for(Party::central()).empty());
}

// A file size limit stands for the end of the medium: the kernel refuses in the same place.
TEST_F(MediumTest, H21_AFullMediumLeavesNothingPartial) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const std::string large(2 * mebibyte, 'x');
  std::signal(SIGXFSZ, SIG_IGN);
  const FileHandle source = test::file_of(as_bytes(large));
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{mebibyte, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = medium_.write(source.fd(), large.size(), crypto::sha256(as_bytes(large)),
                                     Party::central(), site_here, "u-2.skb");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::storage_full);
  EXPECT_NE(written.error().detail.find("u-2.skb"), std::string::npos);
  EXPECT_NE(written.error().next.find("medium"), std::string::npos);
  EXPECT_EQ(names_for(Party::central()), std::vector<std::string>{site_name_ + "/u-1.skb"});
  EXPECT_FALSE(fs::exists(folder_ / "SKERRY" / "central" / site_name_ / "u-2.skb.part"));
}

TEST_F(MediumTest, NoFolderNoMedium) {
  const auto missing = Medium::open(folder_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::io_failed);
  test::write_file(folder_ / "file", as_bytes("x"));
  EXPECT_FALSE(Medium::open(folder_ / "file"));
}

TEST_F(MediumTest, Remove) {
  ASSERT_TRUE(write("x", Party::central(), site_here, "u-1.skb"));
  const MediumEntry entry = medium_.list_for(Party::central()).value().bundles.at(0);
  EXPECT_TRUE(medium_.remove(Party::central(), entry));
  EXPECT_TRUE(medium_.remove(Party::central(), entry));  // again is nothing
  EXPECT_TRUE(names_for(Party::central()).empty());
}

TEST_F(MediumTest, ABundleTravels) {
  test::Exchange exchange;
  const Bytes bytes = exchange.bundle({R"({"k":"chg"})"});
  ASSERT_TRUE(write(as_text(bytes), Party::central(), exchange.manifest.from.party, "u-1.skb"));
  test::Folder data;
  const Spool spool = Spool::open(data / "spool").value();
  const MediumEntry entry = medium_.list_for(Party::central()).value().bundles.at(0);
  const FileHandle file = medium_.open_entry(Party::central(), entry).value();
  SpooledFile copy = spool.take(file.fd(), entry.name).value();
  BundleReader reader = BundleReader::open(std::move(copy.file), exchange.lookup()).value();
  EXPECT_TRUE(reader.stage(exchange.central, exchange.folder.path()));
}

}  // namespace
}  // namespace skerry::sync
