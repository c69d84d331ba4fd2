#include "store/sqlite/folder_lock.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::store {
namespace {

TEST(NetworkFileSystem, IsKnownByItsType) {
  EXPECT_EQ(network_file_system(0x6969), "NFS");
  EXPECT_EQ(network_file_system(0xff534d42), "CIFS");
  EXPECT_EQ(network_file_system(0x65735546), "FUSE");
  for (const std::uint64_t local : {0xef53U, 0x58465342U, 0x9123683eU, 0x01021994U, 0x794c7630U})
    EXPECT_FALSE(network_file_system(local)) << local;
}

TEST(PrepareFolder, CreatesItForTheOwnerOnly) {
  TemporaryFolder folder;
  ASSERT_TRUE(prepare_folder(folder / "data"));
  struct stat status {};
  ASSERT_EQ(::stat((folder / "data").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_TRUE(prepare_folder(folder / "data"));
}

TEST(PrepareFolder, NeedsTheParent) {
  TemporaryFolder folder;
  const auto outcome = prepare_folder(folder / "no/data");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io_failed);
  EXPECT_NE(outcome.error().detail.find("no/data"), std::string::npos);
}

// As for keys: sshd's StrictModes.
TEST(PrepareFolder, RefusesOneThatOthersMayWriteIn) {
  TemporaryFolder folder;
  for (const mode_t mode : {0770U, 0707U, 01777U}) {
    std::filesystem::create_directory(folder / "data");
    ASSERT_EQ(::chmod((folder / "data").c_str(), mode), 0);
    const auto outcome = prepare_folder(folder / "data");
    ASSERT_FALSE(outcome) << mode;
    EXPECT_EQ(outcome.error().code, Errc::bad_config);
    EXPECT_NE(outcome.error().next.find("chmod go-w"), std::string::npos);
  }
  ASSERT_EQ(::chmod((folder / "data").c_str(), 0755), 0);
  EXPECT_TRUE(prepare_folder(folder / "data"));
}

TEST(PrepareFolder, RefusesAFile) {
  TemporaryFolder folder;
  std::ofstream(folder / "data") << "no folder";
  const auto outcome = prepare_folder(folder / "data");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::bad_config);
}

TEST(FolderLock, HoldsThePid) {
  TemporaryFolder folder;
  const auto lock = FolderLock::acquire(folder.path());
  ASSERT_TRUE(lock);
  std::string pid;
  std::ifstream(folder / "lock") >> pid;
  EXPECT_EQ(pid, std::to_string(::getpid()));
}

TEST(FolderLock, RefusesASecondHolder) {
  TemporaryFolder folder;
  const auto lock = FolderLock::acquire(folder.path());
  const auto second = FolderLock::acquire(folder.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
  EXPECT_NE(second.error().detail.find(std::to_string(::getpid())), std::string::npos);
  EXPECT_FALSE(second.error().next.empty());
}

TEST(FolderLock, RefusesASecondProcess) {
  TemporaryFolder folder;
  const auto lock = FolderLock::acquire(folder.path());
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = FolderLock::acquire(folder.path());
    ::_exit(!second && second.error().code == Errc::locked ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(FolderLock, EndsWithItsHolder) {
  TemporaryFolder folder;
  { const auto lock = FolderLock::acquire(folder.path()); }
  EXPECT_TRUE(FolderLock::acquire(folder.path()));
}

TEST(FolderLock, DoesNotFollowALink) {
  TemporaryFolder folder;
  std::ofstream(folder / "precious") << "text";
  std::filesystem::create_symlink(folder / "precious", folder / "lock");
  EXPECT_FALSE(FolderLock::acquire(folder.path()));
  EXPECT_EQ(std::filesystem::file_size(folder / "precious"), 4U);
}

}  // namespace
}  // namespace skerry::store
