// Sizes, times and counts (docs/design: API "Limits").
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sync/bundle_limits.hpp"
#include "tests/unit/api/server_fixture.hpp"

namespace skerry::api {
namespace {

using namespace std::chrono_literals;

TEST(Limits, AreThoseThatArePromised) {
  const Limits limits;
  EXPECT_EQ(limits.header_bytes_max, 16u * 1024);
  EXPECT_EQ(limits.body_bytes_max, 1024u * 1024);
  EXPECT_EQ(limits.upload_bytes_max, 512ull * 1024 * 1024);
  EXPECT_EQ(limits.open_upload_bytes_max, sync::BundleLimits{}.file_bytes_max);
  EXPECT_EQ(limits.connections_max, 1024u);
  EXPECT_EQ(limits.header_time, 10s);
  EXPECT_EQ(limits.idle_time, 60s);
  EXPECT_EQ(limits.body_bytes_per_second_min, 1024u);
  EXPECT_EQ(JsonLimits{}.depth_max, 32u);
}

TEST_F(ServerTest, TheHeaderHasALimit) {
  start();
  const std::string most(15'000, 'x');
  EXPECT_EQ(get("/hello/a", fmt::format("X-A: {}\r\n", most)).status, 200u);
  const std::string over(20'000, 'x');
  for (const std::string& request :
       {fmt::format("GET /hello/a HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", over),
        fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", over), std::string(200'000, 'x')}) {
    RawClient connection = client();
    const Answer answer = connection.ask(request);
    EXPECT_EQ(answer.status, 431u);
    EXPECT_EQ(answer.header("Connection"), "close");
  }
}

TEST_F(ServerTest, TheHeaderLimitIsExact) {
  options.limits.header_bytes_max = 200;
  start();
  const std::string shell = "GET /hello/a HTTP/1.1\r\nHost: a\r\nX-A: \r\n\r\n";
  for (const std::size_t size : {199u, 200u, 201u, 202u}) {
    std::string request = shell;
    request.insert(shell.size() - 4, size - shell.size(), 'x');
    EXPECT_EQ(ask(request).status, size <= 200 ? 200u : 431u) << size;
  }
}

TEST_F(ServerTest, TheBodyHasALimit) {
  options.limits.body_bytes_max = 1000;
  start();
  const auto send = [&](std::size_t size) {
    return ask(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", size,
                           std::string(size, 'x')))
        .status;
  };
  EXPECT_EQ(send(1000), 200u);
  EXPECT_EQ(send(1001), 413u);
  EXPECT_EQ(send(900'000), 413u);  // the client still sees the answer
  const Answer chunked =
      ask(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3e8\r\n{}\r\n1\r\nx\r\n0\r\n\r\n",
                      std::string(1000, 'x')));
  EXPECT_EQ(chunked.status, 413u);
  EXPECT_NE(chunked.body.find("\"next\":\"send less at once"), std::string::npos);
  EXPECT_EQ(chunked.header("Connection"), "close");
}

TEST_F(ServerTest, UploadsAreSpooledIntoAnUnnamedPrivateFile) {
  options.limits.upload_bytes_max = 3'000'000;
  start();
  const auto send = [&](std::size_t size) {
    return ask(fmt::format("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", size,
                           std::string(size, 'u')));
  };
  EXPECT_EQ(send(3'000'000).body, "3000000 3000000 600 0 uuuuuuuuuuuuuuuu");
  EXPECT_EQ(send(0).body, "nothing");
  EXPECT_EQ(send(3'000'001).status, 413u);
  const Answer chunked =
      ask("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.body, "5 5 600 0 abcde");
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    EXPECT_EQ(entry.path(), socket_path);
}

TEST_F(ServerTest, StrangersUploadLess) {
  options.limits.open_upload_bytes_max = 1000;
  start();
  const auto send = [&](std::size_t size) {
    return ask(fmt::format("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", size,
                           std::string(size, 'u')))
        .status;
  };
  EXPECT_EQ(send(1000), 200u);
  EXPECT_EQ(send(1001), 413u);
}

TEST_F(ServerTest, ASpoolThatCannotBeOpenedIsTold) {
  options.spool_folder = folder / "missing";
  start();
  const Answer answer = ask("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(answer.status, 500u);
  EXPECT_NE(answer.body.find("spool"), std::string::npos);
}

TEST_F(ServerTest, ASlowHeaderIsGivenUp) {
  options.limits.header_time = 30ms;
  start();
  RawClient connection = client();
  const Answer answer = connection.ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n");
  EXPECT_EQ(answer.status, 408u);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(connection.closed());
  RawClient silent = client();
  EXPECT_TRUE(silent.closed());
}

TEST_F(ServerTest, ASlowBodyIsGivenUp) {
  options.limits.body_grace = 30ms;
  start();
  RawClient connection = client();
  const Answer answer =
      connection.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(answer.status, 408u);
  EXPECT_TRUE(connection.closed());
}

// Each byte buys 1/1024 s: bytes that drip keep nobody.
TEST_F(ServerTest, ADrippingBodyIsGivenUp) {
  options.limits.body_grace = 50ms;
  start();
  RawClient connection = client();
  connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
  std::thread dripping([&] {
    while (connection.send("x")) std::this_thread::sleep_for(2ms);
  });
  EXPECT_EQ(connection.receive().status, 408u);
  dripping.join();
}

// 16 KiB a second, for longer than any credit lasts.
TEST_F(ServerTest, ABodyThatIsFastEnoughMayTakeLong) {
  options.limits.body_grace = 1s;
  start();
  RawClient connection = client();
  constexpr int pieces = 100;
  const std::string piece(256, 'x');
  connection.send(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
                              pieces * piece.size()));
  for (int i = 0; i < pieces; ++i) {
    ASSERT_TRUE(connection.send(piece));
    std::this_thread::sleep_for(16ms);
  }
  EXPECT_EQ(connection.receive().status, 200u);
}

TEST_F(ServerTest, AnIdleConnectionIsClosedWithoutAWord) {
  options.limits.idle_time = 30ms;
  start();
  RawClient connection = client();
  EXPECT_EQ(connection.ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 200u);
  EXPECT_TRUE(connection.closed());
}

TEST_F(ServerTest, AClientThatDoesNotReadIsDropped) {
  options.limits.write_time = 50ms;
  start();
  RawClient connection = client();
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  connection.send(requests);
  await([&] { return server->stats().requests > 0; });
  await([&] { return server->stats().connections == 0; });
}

TEST_F(ServerTest, ConnectionsHaveALimit) {
  options.limits.connections_max = 8;
  start();
  std::vector<RawClient> inside;
  for (int i = 0; i < 8; ++i) {
    inside.push_back(client());
    EXPECT_EQ(inside.back().ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 200u);
  }
  RawClient outside = client();
  const Answer answer = outside.receive();  // without having asked
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(answer.header("RateLimit-Policy"), "\"connections\";q=8;qu=\"concurrent-requests\"");
  EXPECT_EQ(answer.header("RateLimit"), "\"connections\";r=0;t=1");
  EXPECT_EQ(server->stats().connections, 8u);
  EXPECT_EQ(server->stats().connections_refused, 1u);
  EXPECT_EQ(inside.front().ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 200u);
  inside.clear();
  await([&] { return server->stats().connections == 0; });
  EXPECT_EQ(get("/hello/a").status, 200u);
}

TEST_F(ServerTest, TheAdministratorGetsInBesideStrangers) {
  options.limits.connections_max = 2;
  options.limits.administrator_connections = 1;
  start();
  std::vector<RawClient> strangers;
  for (int i = 0; i < 2; ++i) {
    strangers.push_back(client());
    EXPECT_EQ(strangers.back().ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 200u);
  }
  RawClient administrator = RawClient::unix_socket(socket_path);
  EXPECT_EQ(administrator.ask("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 200u);
  EXPECT_EQ(client().receive().status, 503u);
  EXPECT_EQ(RawClient::unix_socket(socket_path).receive().status, 503u);
}

TEST_F(ServerTest, ManyConnectionsAtOnce) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(client());
  for (int round = 0; round < 3; ++round) {
    for (RawClient& one : clients) one.send("GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n");
    for (RawClient& one : clients) EXPECT_EQ(one.receive().status, 200u);
  }
  EXPECT_EQ(context.calls, 900);
}

TEST_F(ServerTest, QueryParametersAndSegmentsHaveLimits) {
  start();
  std::string query = "/tags?tag=0";
  for (int i = 1; i < 64; ++i) query += "&tag=x";
  EXPECT_EQ(get(query).status, 200u);
  EXPECT_EQ(get(query + "&tag=x").status, 400u);
  std::string path;
  for (int i = 0; i < 16; ++i) path += "/x";
  EXPECT_THAT(get(path).body, testing::HasSubstr("no route has this path"));
  EXPECT_THAT(get(path + "/x").body, testing::HasSubstr("16"));
}

}  // namespace
}  // namespace skerry::api
