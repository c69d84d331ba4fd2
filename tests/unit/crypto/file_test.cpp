#include "crypto/file.hpp"

#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status;
  EXPECT_EQ(::lstat(file.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

void put(const std::filesystem::path& file, std::string_view text, unsigned mode) {
  std::ofstream(file, std::ios::binary) << text;
  ASSERT_EQ(::chmod(file.c_str(), mode), 0);
}

TEST(WriteFileAtomically, CreatesAndReplaces) {
  const TemporaryFolder folder;
  const auto file = folder / "f";
  ASSERT_TRUE(write_file_atomically(file, as_bytes("one"), 0644));
  EXPECT_EQ(content(file), "one");
  ASSERT_TRUE(write_file_atomically(file, as_bytes("two, longer"), 0600));
  EXPECT_EQ(content(file), "two, longer");
  EXPECT_EQ(mode_of(file), 0600U);
  ASSERT_TRUE(write_file_atomically(file, {}, 0600));
  EXPECT_EQ(content(file), "");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(WriteFileAtomically, SetsTheModeWhateverTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(077);
  EXPECT_TRUE(write_file_atomically(folder / "f", as_bytes("x"), 0644));
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "f"), 0644U);
}

TEST(WriteFileAtomically, ReplacesALinkRatherThanWhatItNames) {
  const TemporaryFolder folder;
  put(folder / "target", "untouched", 0600);
  std::filesystem::create_symlink(folder / "target", folder / "link");
  ASSERT_TRUE(write_file_atomically(folder / "link", as_bytes("new"), 0600));
  EXPECT_EQ(content(folder / "target"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "link"));
}

TEST(WriteFileAtomically, NamesTheFileWhenItsFolderIsMissing) {
  const TemporaryFolder folder;
  const auto done = write_file_atomically(folder / "none/f", as_bytes("x"), 0600);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::io_failed);
  EXPECT_NE(done.error().next.find("in a folder that is there"), std::string::npos);
  EXPECT_NE(done.error().detail.find("none/f: No such file"), std::string::npos)
      << done.error().detail;
}

TEST(WriteFileAtomically, LeavesNothingWhenItFails) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "f");
  put(folder / "f/inside", "x", 0600);
  const auto done = write_file_atomically(folder / "f", as_bytes("x"), 0600);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::io_failed);
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(WriteFileAtomically, ShowsReadersOldOrNewNeverAPart) {
  const TemporaryFolder folder;
  const auto file = folder / "f";
  const std::string one(100'000, '1');
  const std::string two(50'000, '2');
  ASSERT_TRUE(write_file_atomically(file, as_bytes(one), 0600));
  std::jthread writer([&] {
    for (int i = 0; i < 50; ++i)
      EXPECT_TRUE(write_file_atomically(file, as_bytes(i % 2 == 0 ? two : one), 0600));
  });
  for (int i = 0; i < 200; ++i) {
    const std::string seen = content(file);
    ASSERT_TRUE(seen == one || seen == two) << seen.size();
  }
}

TEST(CreateFileAtomically, RefusesToReplace) {
  const TemporaryFolder folder;
  ASSERT_TRUE(create_file_atomically(folder / "f", as_bytes("first"), 0600));
  const auto again = create_file_atomically(folder / "f", as_bytes("second"), 0600);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_EQ(content(folder / "f"), "first");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(CreateFileAtomically, RefusesToReplaceADanglingLink) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(folder / "nowhere", folder / "link");
  const auto done = create_file_atomically(folder / "link", as_bytes("x"), 0600);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::already_exists);
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
}

TEST(CreateFileAtomically, LetsExactlyOneOfManyWin) {
  const TemporaryFolder folder;
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        if (create_file_atomically(folder / "f", as_bytes(std::to_string(i)), 0600)) ++winners;
      });
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(CheckNewFile, RefusesAsMakingItWould) {
  const TemporaryFolder folder;
  put(folder / "there", "", 0600);
  for (const char* name : {"there", "no/f", "there/f"}) {
    const auto made = create_file_atomically(folder / name, {}, 0600);
    const auto checked = check_new_file(folder / name);
    ASSERT_FALSE(made);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, made.error().code) << name;
  }
  EXPECT_TRUE(check_new_file(folder / "new"));
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
  EXPECT_TRUE(check_file_place(folder / "there"));
}

TEST(ReadSmallFile, ReadsUpToItsLimit) {
  const TemporaryFolder folder;
  put(folder / "f", "12345", 0644);
  EXPECT_EQ(read_small_file(folder / "f", 5).value(), (Bytes{'1', '2', '3', '4', '5'}));
  const auto over = read_small_file(folder / "f", 4);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::limit_exceeded);
  put(folder / "empty", "", 0644);
  EXPECT_EQ(read_small_file(folder / "empty", 0).value(), Bytes());
}

TEST(ReadSmallFile, RefusesWhatIsNotARegularFile) {
  const TemporaryFolder folder;
  put(folder / "f", "x", 0600);
  std::filesystem::create_symlink(folder / "f", folder / "link");
  std::filesystem::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  for (const char* name : {"link", "folder", "fifo"}) {
    const auto read = read_small_file(folder / name, 100);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, Errc::bad_input) << name;
    EXPECT_NE(read.error().detail.find(name), std::string::npos) << read.error().detail;
  }
  for (const std::string& name :
       {std::string("none"), std::string("f/none"), std::string(300, 'n')})
    EXPECT_EQ(read_small_file(folder / name, 100).error().code, Errc::not_found) << name;
}

TEST(ReadSecretFile, NamesRemediesThatCanBeTyped) {
  const TemporaryFolder folder;
  const std::string words = "'" + (folder / "two words").string() + "'";
  put(folder / "two words", "secret", 0644);
  EXPECT_EQ(read_secret_file(folder / "two words", 100).error().next, "chmod 600 " + words);
  std::filesystem::remove(folder / "two words");
  std::filesystem::create_symlink("nowhere", folder / "two words");
  EXPECT_EQ(read_secret_file(folder / "two words", 100).error().next,
            "name the file itself: realpath " + words);
}

TEST(ReadSecretFile, RefusesWhatOthersMayRead) {
  const TemporaryFolder folder;
  const auto file = folder / "key";
  for (const unsigned mode : {0640U, 0604U, 0660U, 0620U, 0610U, 0601U, 0644U}) {
    put(file, "secret", mode);
    const auto read = read_secret_file(file, 100);
    ASSERT_FALSE(read) << mode;
    EXPECT_EQ(read.error().next, "chmod 600 " + file.string());
    EXPECT_EQ(read.error().detail.find("secret\n"), std::string::npos);
  }
  for (const unsigned mode : {0600U, 0400U}) {
    put(file, "secret", mode);
    EXPECT_EQ(read_secret_file(file, 100).value().text(), "secret") << mode;
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  }
}

TEST(ReadSecretFile, TakesACredentialOfSystemds) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives a file away";
  const TemporaryFolder folder;
  const auto file = folder / "key";
  put(file, "secret", 0440);
  ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
  EXPECT_EQ(read_secret_file(file, 100).value().text(), "secret");
  ASSERT_EQ(::chown(file.c_str(), 0, 65534), 0);  // whose members may be many
  EXPECT_FALSE(read_secret_file(file, 100));
  ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
  ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
  EXPECT_FALSE(read_secret_file(file, 100));
}

TEST(ReadSecretFile, RefusesWhatOthersMayExchange) {
  const TemporaryFolder folder;
  const auto keys = folder / "keys";
  ASSERT_TRUE(std::filesystem::create_directory(keys));
  put(keys / "key", "secret", 0600);
  for (const unsigned mode : {0777U, 0770U, 0722U, 0702U, 0720U}) {
    ASSERT_EQ(::chmod(keys.c_str(), mode), 0);
    const auto read = read_secret_file(keys / "key", 100);
    ASSERT_FALSE(read) << mode;
    EXPECT_EQ(read.error().code, Errc::bad_config);
    EXPECT_EQ(read.error().next, "chmod go-w " + keys.string());
  }
  for (const unsigned mode : {0700U, 0755U, 01777U}) {
    ASSERT_EQ(::chmod(keys.c_str(), mode), 0);
    EXPECT_TRUE(read_secret_file(keys / "key", 100)) << mode;
  }
}

TEST(ReadSecretFile, RefusesWhatBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives a file away";
  const TemporaryFolder folder;
  put(folder / "key", "secret", 0600);
  ASSERT_EQ(::chown((folder / "key").c_str(), 65534, 65534), 0);
  const auto read = read_secret_file(folder / "key", 100);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::bad_config);
  EXPECT_NE(read.error().detail.find("another user"), std::string::npos);
}

TEST(ReadSecretFile, KeepsTheOtherRulesOfSmallFiles) {
  const TemporaryFolder folder;
  put(folder / "key", "secret", 0600);
  std::filesystem::create_symlink(folder / "key", folder / "link");
  EXPECT_EQ(read_secret_file(folder / "link", 100).error().code, Errc::bad_input);
  EXPECT_EQ(read_secret_file(folder / "key", 5).error().code, Errc::limit_exceeded);
  EXPECT_EQ(read_secret_file(folder / "none", 5).error().code, Errc::not_found);
}

}  // namespace
}  // namespace skerry::crypto
