#include "sync/file_handle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(FileHandle, ClosesWhatItOwnsOnce) {
  int fd = -1;
  {
    FileHandle first = test::file_of({});
    fd = first.fd();
    FileHandle second = std::move(first);
    EXPECT_EQ(second.fd(), fd);
    EXPECT_TRUE(is_open(fd));
    second = FileHandle();
    EXPECT_FALSE(is_open(fd));
  }
  FileHandle given = test::file_of({});
  fd = given.release();
  EXPECT_FALSE(given.is_open());
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(FileHandle, IsNotInherited) {
  test::Folder folder;
  const FileHandle file = make_private_file(folder.path()).value();
  EXPECT_NE(::fcntl(file.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(FileHandle, PrivateFilesHaveNoNameAndMode0600) {
  test::Folder folder;
  const FileHandle file = make_private_file(folder.path()).value();
  struct stat status;
  ASSERT_EQ(::fstat(file.fd(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(status.st_nlink, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(make_private_file(folder / "none").error().code, Errc::io_failed);
}

TEST(FileHandle, ReadsAtOffsetsAndNotBeyondTheEnd) {
  const FileHandle file = test::file_of(as_bytes("0123456789"));
  Bytes bytes(4);
  ASSERT_TRUE(read_at(file.fd(), 3, bytes));
  EXPECT_EQ(as_text(bytes), "3456");
  EXPECT_EQ(read_at(file.fd(), 7, bytes).error().code, Errc::corrupt_bundle);
  EXPECT_EQ(read_at(-1, 0, bytes).error().code, Errc::io_failed);
  EXPECT_EQ(file_size(file.fd()).value(), 10U);
  EXPECT_FALSE(file_size(-1));
}

TEST(FileHandle, PumpsAPart) {
  const std::string text(300'000, 'x');
  const FileHandle from = test::file_of(as_bytes("head" + text + "tail"));
  const FileHandle to = test::file_of({});
  FileSink sink(to.fd(), 300'000);
  ASSERT_TRUE(pump(from.fd(), 4, 300'000, sink));
  EXPECT_EQ(sink.bytes(), 300'000U);
  EXPECT_EQ(sink.hash(), crypto::sha256(as_bytes(text)));
  EXPECT_EQ(as_text(test::bytes_of(to)), text);
  HashSink hash;
  EXPECT_FALSE(pump(from.fd(), 8, 300'001, hash));
}

TEST(FileHandle, ASinkStopsAtItsLimit) {
  const FileHandle file = test::file_of({});
  FileSink sink(file.fd(), 5);
  EXPECT_TRUE(sink.write(as_bytes("12345")));
  EXPECT_EQ(sink.write(as_bytes("6")).error().code, Errc::limit_exceeded);
  EXPECT_EQ(test::bytes_of(file).size(), 5U);
}

TEST(FileHandle, ErrorsSayWhatAndWhy) {
  const Error full = system_error(ENOSPC, "writing /media/x");
  EXPECT_EQ(full.code, Errc::storage_full);
  EXPECT_EQ(full.detail, "writing /media/x: No space left on device");
  EXPECT_FALSE(full.next.empty());
  EXPECT_EQ(system_error(EDQUOT, "x").code, Errc::storage_full);
  EXPECT_EQ(system_error(EIO, "x").code, Errc::io_failed);
}

TEST(FileHandle, ADeviceThatIsFull) {
  const FileHandle full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.is_open());
  EXPECT_EQ(write_all(full.fd(), as_bytes("x"), "writing").error().code, Errc::storage_full);
}

}  // namespace
}  // namespace skerry::sync
