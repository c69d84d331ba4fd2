// Long polls, event streams, and the stop that ends them.
#include <fmt/format.h>

#include "tests/unit/api/server_fixture.hpp"

namespace skerry::api {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view ask_events = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view ask_poll = "GET /poll HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view ask_slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view ask_hello = "GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ServerTest, ALongPollEndsByANotification) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(client());
  for (RawClient& one : clients) one.send(ask_poll);
  // A handler counts itself before it sleeps; a notification in between is not lost either.
  await([&] { return context.waiting == 10; });
  context.notifier.notify_all();
  for (RawClient& one : clients) EXPECT_EQ(one.receive().body, "notified");
}

TEST_F(ServerTest, ALongPollEndsByItsTimeout) {
  start();
  EXPECT_EQ(get("/poll?quick").body, "timed out");
}

TEST_F(ServerTest, ALongPollEndsWhenItsClientLeaves) {
  start();
  {
    RawClient leaving = client();
    leaving.send(ask_poll);
    await([&] { return context.waiting == 1; });
  }
  await([&] { return context.waiting == 0 && server->stats().connections == 0; });
}

TEST_F(ServerTest, NotificationsFromManyThreadsReachEverybody) {
  start();
  std::atomic<bool> done{false};
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i)
    writers.emplace_back([&] {
      while (!done) {
        context.notifier.notify_all();
        std::this_thread::yield();
      }
    });
  RawClient connection = client();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(connection.ask(ask_poll).body, "notified");
  done = true;
  for (std::thread& writer : writers) writer.join();
}

TEST_F(ServerTest, EventsAreStreamed) {
  start();
  RawClient connection = client();
  connection.send(ask_events);
  EXPECT_NE(connection.receive_until("\r\n\r\n").find("Content-Type: text/event-stream"),
            std::string::npos);
  for (int i = 1; i <= 3; ++i) {
    context.notifier.notify_all();
    EXPECT_NE(connection.receive_until("\n\n\r\n")
                  .find(fmt::format("id: {}\nevent: tick\ndata: one\ndata: two\n\n", i)),
              std::string::npos);
  }
}

TEST_F(ServerTest, ABodyIsWrittenPieceByPieceAndTheConnectionKept) {
  start();
  RawClient connection = client();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = connection.ask("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, "onetwo");
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
  }
  EXPECT_EQ(connection.ask("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 200u);
}

TEST_F(ServerTest, ABodyEndsByClosingInHttp10) {
  start();
  RawClient connection = client();
  connection.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(connection.receive_until("onetwo").find("\r\n\r\nonetwo"), std::string::npos);
  EXPECT_TRUE(connection.closed());
}

TEST_F(ServerTest, ABrokenBodyIsCutOffWithoutItsLastChunk) {
  start();
  RawClient connection = client();
  connection.send("GET /pieces?fail HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string all = connection.receive_until("\r\n0\r\n");
  EXPECT_NE(all.find("two\r\n"), std::string::npos);
  EXPECT_EQ(all.find("\r\n0\r\n"), std::string::npos);
  EXPECT_EQ(all.find("the export broke"), std::string::npos);
}

TEST_F(ServerTest, AQuietStreamIsKeptAlive) {
  options.limits.stream_comment_every = 5ms;
  start();
  RawClient connection = client();
  connection.send(ask_events);
  connection.receive_until("\r\n\r\n");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(connection.receive_until("\r\n: keep-alive\n\n\r\n"), "e\r\n: keep-alive\n\n\r\n");
}

TEST_F(ServerTest, AStreamToAnOldClientIsNotChunked) {
  options.limits.stream_comment_every = 5ms;
  start();
  RawClient connection = client();
  connection.send("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_EQ(connection.receive_until("\r\n\r\n").find("chunked"), std::string::npos);
  EXPECT_EQ(connection.receive_until("\n\n"), ": keep-alive\n\n");
}

TEST_F(ServerTest, AStreamEndsWhenItsClientLeaves) {
  start();
  {
    RawClient leaving = client();
    leaving.send(ask_events);
    leaving.receive_until("\r\n\r\n");
    EXPECT_EQ(context.waiting, 1);
  }
  await([&] { return context.waiting == 0; });
}

TEST_F(ServerTest, AStreamEndsWhenItsCallerIsLetInNoLonger) {
  start();
  for (const std::string_view credential :
       {"Authorization: Bearer reader", "Cookie: __Host-skerry=reader"}) {
    tokens.revoked = false;
    RawClient connection = client();
    connection.send(fmt::format("GET /events HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", credential));
    connection.receive_until("\r\n\r\n");
    context.notifier.notify_all();
    EXPECT_NE(connection.receive_until("\n\n\r\n").find("data: one"), std::string::npos);
    tokens.revoked = true;
    context.notifier.notify_all();
    EXPECT_TRUE(connection.receive_until("0\r\n\r\n").ends_with("0\r\n\r\n")) << credential;
  }
}

TEST_F(ServerTest, ABrokenStreamIsCutOff) {
  start();
  context.notifier.notify_all();
  testing::internal::CaptureStderr();
  const std::string text = [&] {
    RawClient connection = client();
    connection.send("GET /events?fail HTTP/1.1\r\nHost: a\r\n\r\n");
    return connection.receive_until("never");
  }();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the stream broke"), std::string::npos);
  EXPECT_EQ(text.find("0\r\n\r\n"), std::string::npos);
}

TEST_F(ServerTest, TheFirstStageOfTheStopLetsRequestsFinish) {
  start();
  RawClient idle = client();
  RawClient polling = client();
  RawClient streaming = client();
  RawClient working = client();
  EXPECT_EQ(idle.ask(ask_hello).status, 200u);
  polling.send(ask_poll);
  streaming.send(ask_events);
  streaming.receive_until("\r\n\r\n");
  working.send(ask_slow);
  await([&] { return context.waiting == 3; });

  server->begin_stop();
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(polling.receive().body, "interrupted");
  EXPECT_EQ(streaming.receive_until("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(streaming.closed());
  await([&] { return !std::filesystem::exists(socket_path); });

  {
    const std::scoped_lock lock(context.mutex);
    context.unanswered.at(0).complete("done in time");
    context.unanswered.clear();
  }
  const Answer last = working.receive();
  EXPECT_EQ(last.body, "done in time");
  EXPECT_EQ(last.header("Connection"), "close");
  server->wait();
  EXPECT_EQ(server->stats().connections, 0u);
}

TEST_F(ServerTest, TheSecondStageClosesEverything) {
  start();
  RawClient half = client();
  RawClient working = client();
  half.send("GET /hel");
  working.send(ask_slow);
  await([&] { return context.waiting == 1; });
  server->begin_stop();
  server->begin_stop();
  EXPECT_TRUE(half.closed());
  EXPECT_TRUE(working.closed());
  const std::scoped_lock lock(context.mutex);
  context.unanswered.at(0).complete("too late");
  context.unanswered.clear();
  server->wait();
}

TEST_F(ServerTest, TheGraceRunsOut) {
  options.stop_grace = 20ms;
  start();
  RawClient half = client();
  half.send("GET /hel");
  await([&] { return server->stats().connections == 1; });
  server->begin_stop();
  server->wait();
  EXPECT_TRUE(half.closed());
}

TEST_F(ServerTest, AServerThatNeverStartedEnds) {
  server = std::make_unique<Server>(Router({}, context), nullptr, options);
  EXPECT_TRUE(server->listen_tcp("127.0.0.1", 0));
  server->begin_stop();
  server->wait();
}

TEST_F(ServerTest, StartAndStopAgainAndAgain) {
  for (int i = 0; i < 20; ++i) {
    start();
    RawClient one = client();
    one.send(ask_hello);
    server->begin_stop();
    server.reset();
  }
}

}  // namespace
}  // namespace skerry::api
