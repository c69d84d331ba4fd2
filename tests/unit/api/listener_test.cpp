#include "api/listener.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/unit/api/raw_client.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::api {
namespace {

struct ListenerTest : testing::Test {
  TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path();
  const std::filesystem::path path = folder / "socket";
};

TEST_F(ListenerTest, AStaleSocketIsReplaced) {
  {
    const Result<Descriptor> first = open_unix(path);
    ASSERT_TRUE(first) << first.error().detail;
  }
  ASSERT_TRUE(std::filesystem::is_socket(path));  // left behind, as by a crash
  const Result<Descriptor> second = open_unix(path);
  ASSERT_TRUE(second) << second.error().detail;
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0660u);
}

TEST_F(ListenerTest, ALivingSocketIsNot) {
  const Result<Descriptor> first = open_unix(path);
  ASSERT_TRUE(first);
  const Result<Descriptor> second = open_unix(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
}

TEST_F(ListenerTest, AnotherFileIsLeftAlone) {
  std::ofstream(path) << "precious";
  const Result<Descriptor> socket = open_unix(path);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Errc::already_exists);
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(ListenerTest, PathsThatCannotBe) {
  EXPECT_EQ(open_unix(folder / std::string(200, 'x')).error().code, Errc::bad_config);
  EXPECT_EQ(open_unix(folder / "missing" / "socket").error().code, Errc::io_failed);
}

TEST_F(ListenerTest, TcpTakesNumericAddresses) {
  const Result<TcpListener> v4 = open_tcp("127.0.0.1", 0);
  ASSERT_TRUE(v4);
  EXPECT_NE(v4->port, 0);
  EXPECT_EQ(open_tcp("127.0.0.1", v4->port).error().code, Errc::io_failed);
  for (const char* wrong : {"localhost", "", "1.2.3", "256.1.1.1", "127.0.0.1:80"})
    EXPECT_EQ(open_tcp(wrong, 0).error().code, Errc::bad_config) << wrong;
}

TEST_F(ListenerTest, ATakenPortSaysWhatToDo) {
  const Result<TcpListener> first = open_tcp("127.0.0.1", 0);
  ASSERT_TRUE(first);
  const Result<TcpListener> second = open_tcp("127.0.0.1", first->port);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().next.find("listen.address"), std::string::npos);
}

TEST_F(ListenerTest, PeersAreKnown) {
  Result<Descriptor> local = open_unix(path);
  ASSERT_TRUE(local);
  const RawClient inside = RawClient::unix_socket(path);
  const Descriptor accepted(::accept(local->get(), nullptr, nullptr));
  EXPECT_EQ(peer_address(accepted.get()), "unix:" + std::to_string(::getuid()));
  const auto administrator = local_administrator(accepted.get(), {});
  ASSERT_TRUE(administrator);
  EXPECT_EQ(administrator->pid, ::getpid());
  EXPECT_EQ(administrator->gid, ::getgid());
  EXPECT_TRUE(administrator->may(Access::admin));
  EXPECT_EQ(administrator->kind, Principal::Kind::local);

  const Result<TcpListener> tcp = open_tcp("127.0.0.1", 0);
  ASSERT_TRUE(tcp);
  const RawClient outside = RawClient::tcp(tcp->port);
  // The listening socket does not block; the connection is in its queue once connect() has
  // returned.
  const Descriptor from_outside(::accept(tcp->socket.get(), nullptr, nullptr));
  EXPECT_EQ(peer_address(from_outside.get()), "127.0.0.1");
  EXPECT_EQ(local_administrator(from_outside.get(), {}), nullptr);
  EXPECT_EQ(peer_address(-1), "unknown");
}

}  // namespace
}  // namespace skerry::api
