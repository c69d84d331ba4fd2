#include "daemon/init.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/folder.hpp"
#include "store/anchor.hpp"
#include "store/change_log.hpp"
#include "store/identity.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

class Init : public ::testing::Test {
 protected:
  static unsigned mode(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }
  TemporaryFolder temporary;
  const fs::path parent = temporary.path();
  DataFolder folder{parent / "data"};
  const fs::path anchor = parent / "data.anchor";
};

TEST_F(Init, CentralBeginsALifeNow) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::central, "vendor"}));
  const auto database = store::Database::open(folder.path);
  ASSERT_TRUE(database);
  const auto reader = (*database)->read();
  const auto identity = store::read_identity(*reader);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->role, Role::central);
  EXPECT_EQ(identity->name, "vendor");
  const auto head = store::read_head(*reader, "own");
  EXPECT_GT(head.ord, 1'700'000'000);
  EXPECT_FALSE(head.epoch.is_zero());
  EXPECT_TRUE(hash_from_hex(store::read_meta(*reader, "cursor_key").value_or("")));
}

TEST_F(Init, ASiteHasNoIdAndNoOrd) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  const auto database = store::Database::open(folder.path);
  ASSERT_TRUE(database);
  const auto reader = (*database)->read();
  EXPECT_TRUE(store::read_identity(*reader)->id.is_zero());
  EXPECT_EQ(store::read_head(*reader, "own").ord, 0);
}

TEST_F(Init, FilesArePrivateAndKeysLoad) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  EXPECT_EQ(mode(folder.path), 0700u);
  EXPECT_EQ(mode(folder.keys()), 0700u);
  EXPECT_EQ(mode(folder.signing_key()), 0600u);
  EXPECT_EQ(mode(folder.age_key()), 0600u);
  EXPECT_TRUE(load_keys(folder));
  EXPECT_TRUE(folder.must_be_initialised());
  ::chmod(folder.signing_key().c_str(), 0644);
  EXPECT_EQ(load_keys(folder).error().code, Errc::bad_config);
}

TEST_F(Init, AnchorsItsLogOutsideOfTheDataFolder) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  const auto database = store::Database::open(folder.path);
  ASSERT_TRUE(database);
  const auto reader = (*database)->read();
  const auto written = store::AnchorFile::open(anchor)->read();
  ASSERT_TRUE(written);
  EXPECT_EQ(written->epoch, store::read_head(*reader, "own").epoch);
  EXPECT_EQ(written->origin, written->epoch) << "whose it is from the beginning";
  EXPECT_EQ(written->seq, 0);
}

TEST_F(Init, TheAnchorOfAnotherMachineStays) {
  const DataFolder other{parent / "other"};
  ASSERT_TRUE(initialise({folder.path, anchor, Role::central, "vendor"}));
  const auto before = store::AnchorFile::open(anchor)->read();
  const InitOptions options{other.path, anchor, Role::site, "mine"};
  for (const auto& refused : {check_init(options), initialise(options)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::already_exists);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr((anchor / "anchor").string()));
    EXPECT_THAT(refused.error().next, testing::HasSubstr("[anchor] folder"));
  }
  EXPECT_FALSE(fs::exists(other.path));
  EXPECT_EQ(store::AnchorFile::open(anchor)->read(), before);
  fs::remove(anchor / "anchor");  // that machine is gone
  EXPECT_TRUE(initialise(options));
}

TEST_F(Init, WithoutAPlaceForTheAnchorNothingIsMade) {
  const auto made = initialise({folder.path, parent / "no" / "such", Role::site, "mine"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::io_failed);
  EXPECT_FALSE(fs::exists(folder.database()));
  EXPECT_FALSE(fs::exists(folder.keys()));
}

TEST_F(Init, AFolderThatOthersMayWriteToStaysEmpty) {
  ASSERT_TRUE(fs::create_directory(folder.path));
  const InitOptions options{folder.path, anchor, Role::site, "mine"};
  ::chmod(folder.path.c_str(), 0777);
  for (const auto& refused : {check_init(options), initialise(options)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_config);
    EXPECT_TRUE(fs::is_empty(folder.path));
    EXPECT_FALSE(fs::exists(anchor));
  }
  ::chmod(folder.path.c_str(), 0700);
  EXPECT_TRUE(check_init(options));
  EXPECT_TRUE(fs::is_empty(folder.path));
  EXPECT_TRUE(initialise(options));
}

TEST_F(Init, RootMakesNothingInAnothersFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives a folder away";
  fs::create_directory(folder.path);
  ASSERT_EQ(::chown(folder.path.c_str(), 65534, 65534), 0);
  const auto made = initialise({folder.path, anchor, Role::site, "mine"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::forbidden);
  EXPECT_THAT(made.error().next, ::testing::HasSubstr("runuser -u"));
  EXPECT_TRUE(fs::is_empty(folder.path));
  // As in a container, on a folder of the host's.
  std::ofstream(folder.database()) << "root's own";
  EXPECT_TRUE(folder.must_be_owned());
  ASSERT_EQ(::chown(folder.database().c_str(), 65534, 65534), 0);
  EXPECT_FALSE(folder.must_be_owned());
}

TEST_F(Init, WhatIsCutShortLeavesNothing) {
  fs::create_directories(folder.path / "lock" / "in the way");
  ASSERT_EQ(::chmod(folder.path.c_str(), 0700), 0);
  ASSERT_FALSE(initialise({folder.path, anchor, Role::site, "mine"}));
  EXPECT_FALSE(fs::exists(folder.keys()));
  EXPECT_FALSE(fs::exists(anchor));
  fs::create_directory(anchor);
  ASSERT_EQ(::chmod(anchor.c_str(), 0700), 0);
  ASSERT_FALSE(initialise({folder.path, anchor, Role::site, "mine"}));
  EXPECT_TRUE(fs::is_empty(anchor));
  fs::remove_all(folder.path / "lock");
  EXPECT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
}

TEST_F(Init, AConfigurationThatIsThereIsTheMachines) {
  fs::create_directory(folder.path);
  ASSERT_EQ(::chmod(folder.path.c_str(), 0700), 0);
  std::ofstream(folder.config()) << "io_threads = 2";
  InitOptions options{folder.path, anchor, Role::site, "mine"};
  EXPECT_FALSE(initialise(options));  // or the defaults would take its place
  options.with_config = false;
  EXPECT_TRUE(initialise(options));
  EXPECT_EQ(fs::file_size(folder.config()), 14U);
}

TEST_F(Init, OnceOnly) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  const auto again = initialise({folder.path, anchor, Role::central, "other"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
}

TEST_F(Init, NamesAreForPeople) {
  for (const std::string name : {"", "  ", "a\nb", "\xff"}) {
    const auto made = initialise({folder.path, anchor, Role::site, name});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::usage);
    EXPECT_FALSE(fs::exists(folder.path));
  }
}

TEST_F(Init, AFileWhereTheFolderShouldBe) {
  std::ofstream(folder.path) << "x";
  const auto made = initialise({folder.path, anchor, Role::site, "mine"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().next, "what is there is no folder: name another");
}

TEST_F(Init, AFolderThatIsNoneOfOurs) {
  const auto missing = folder.must_be_initialised();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::bad_config);
}

TEST_F(Init, ALostDatabaseIsRestored) {
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  fs::remove(folder.database());
  const auto again = initialise({folder.path, anchor, Role::site, "mine"});
  for (const auto& refused : {folder.must_be_initialised(), again}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::bad_config);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr("skerry.db is missing"));
    EXPECT_THAT(refused.error().next, testing::StartsWith("skerry backup restore FILE"));
  }
}

TEST_F(Init, TheDatabaseKnowsItsKeys) {
  const DataFolder other{parent / "other"};
  ASSERT_TRUE(initialise({folder.path, anchor, Role::site, "mine"}));
  ASSERT_TRUE(initialise({other.path, parent / "other.anchor", Role::site, "another"}));
  const auto check = [&] {
    const auto database = store::Database::open(folder.path);
    const auto reader = (*database)->read();
    return load_own_keys(folder, *reader);
  };
  EXPECT_TRUE(check());
  for (const auto file : {&DataFolder::signing_key, &DataFolder::age_key}) {
    const fs::path own = (folder.*file)();
    fs::rename(own, parent / "own");
    fs::copy_file((other.*file)(), own);
    EXPECT_EQ(check().error().code, Errc::bad_config);
    EXPECT_THAT(check().error().detail, testing::HasSubstr(own.string()));
    fs::rename(parent / "own", own);
  }
}

}  // namespace
}  // namespace skerry::daemon
