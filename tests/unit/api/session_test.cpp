// Bytes in, bytes out: framing, malformed requests, pipelining.
#include <fmt/format.h>

#include "tests/unit/api/server_fixture.hpp"

namespace skerry::api {
namespace {

struct SessionCase {
  const char* name;
  std::string request;
  unsigned status;
  const char* present;  // in the body
};

std::string get_with(std::string_view headers) {
  return fmt::format("GET /hello/a HTTP/1.1\r\n{}\r\n", headers);
}
std::string post_with(std::string_view headers, std::string_view body) {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\n{}\r\n{}", headers, body);
}

const SessionCase malformed[] = {
    {"no host", get_with(""), 400, "Host"},
    {"two hosts", get_with("Host: a\r\nHost: a\r\n"), 400, "stands twice"},
    {"empty host", get_with("Host: \r\n"), 400, "Host"},
    {"host with a path", get_with("Host: a/b\r\n"), 400, "Host"},
    {"folded line", get_with("Host: a\r\nX-A: b\r\n c\r\n"), 400, "folded"},
    {"bare LF at the end of a line", "GET /hello/a HTTP/1.1\nHost: a\r\n\r\n", 400, "bare LF"},
    {"bare LFs only", "GET /hello/a HTTP/1.1\n\n", 400, "bare LF"},
    {"bare CR", get_with("Host: a\r\nX-A: b\rc\r\n"), 400, "bare CR"},
    {"NUL in a header", get_with(std::string_view("Host: a\r\nX-A: b\0c\r\n", 19)), 400, "control"},
    {"DEL in a header", get_with("Host: a\r\nX-A: b\x7f\r\n"), 400, "control"},
    {"space before the colon", get_with("Host: a\r\nX-A : b\r\n"), 400, "malformed"},
    {"header without a colon", get_with("Host: a\r\nX-A\r\n"), 400, "malformed"},
    {"header without a name", get_with("Host: a\r\n: b\r\n"), 400, "malformed"},
    {"two authorizations",
     get_with("Host: a\r\nAuthorization: Bearer good\r\n"
              "Authorization: Bearer root\r\n"),
     400, "stands twice"},
    {"two idempotency keys", get_with("Host: a\r\nIdempotency-Key: 1\r\nidempotency-key: 2\r\n"),
     400, "stands twice"},
    {"HTTP/2.0", "GET /hello/a HTTP/2.0\r\nHost: a\r\n\r\n", 400, "bad_request"},
    {"HTTP/0.9", "GET /hello/a\r\n\r\n", 400, "malformed"},
    {"two spaces", "GET  /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
    {"a tab", "GET\t/hello/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
    {"no method", " /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
    {"TLS hello", "\x16\x03\x01\x02\r\n\r\n", 400, "bad_request"},
    {"absolute form", "GET http://a/hello/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "origin form"},
    {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "origin form"},
    {"asterisk form", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "origin form"},
    {"raw bytes above ASCII", "GET /hello/\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "percent"},
    {"bad percent-encoding", "GET /hello/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "hexadecimal"},
    {"cut percent-encoding", "GET /hello/%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "hexadecimal"},
    {"encoded NUL", "GET /hello/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "control byte"},
    {"encoded LF", "GET /hello/%0a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "control byte"},
    {"not UTF-8", "GET /hello/%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "UTF-8"},
    {"fragment", "GET /hello/a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "percent"},
    {"relative segment", "GET /hello/../a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "relative"},
    {"encoded relative segment", "GET /hello/%2e%2E HTTP/1.1\r\nHost: a\r\n\r\n", 400, "relative"},
    {"two lengths", post_with("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400,
     "bad_request"},
    {"two different lengths", post_with("Content-Length: 1\r\nContent-Length: 2\r\n", "x"), 400,
     "bad_request"},
    {"list of lengths", post_with("Content-Length: 1, 2\r\n", "x"), 400, "malformed"},
    {"negative length", post_with("Content-Length: -1\r\n", ""), 400, "malformed"},
    {"signed length", post_with("Content-Length: +1\r\n", "x"), 400, "malformed"},
    {"huge length", post_with("Content-Length: 99999999999999999999\r\n", ""), 400, "malformed"},
    {"length and coding",
     post_with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
     "bad_request"},
    {"coding and length",
     post_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n"), 400,
     "bad_request"},
    {"two codings",
     post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
     "bad_request"},
    {"unknown coding", post_with("Transfer-Encoding: gzip\r\n", ""), 400, "chunked"},
    {"coding before chunked", post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400,
     "chunked"},
    {"chunked in HTTP/1.0",
     "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     400, "HTTP/1.0"},
    {"bad chunk size", post_with("Transfer-Encoding: chunked\r\n", "zz\r\n"), 400, "malformed"},
    {"overflowing chunk size",
     post_with("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nx\r\n0\r\n\r\n"), 400,
     "malformed"},
    {"chunk without its end", post_with("Transfer-Encoding: chunked\r\n", "1\r\nxx\r\n0\r\n\r\n"),
     400, "malformed"},
    {"trailer", post_with("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\nIf-Match: a\r\n\r\n"),
     400, "trailer"},
    {"unknown expectation", post_with("Content-Length: 1\r\nExpect: tea\r\n", "x"), 400,
     "100-continue"},
    {"endless chunk header",
     post_with("Transfer-Encoding: chunked\r\n", "1;" + std::string(100'000, 'x')), 400, "chunk"},
};

TEST_F(ServerTest, MalformedRequestsAreRefusedWithAProblem) {
  start();
  for (const SessionCase& test : malformed) {
    SCOPED_TRACE(test.name);
    RawClient connection = client();
    const Answer answer = connection.ask(test.request);
    EXPECT_EQ(answer.status, test.status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_NE(answer.body.find(test.present), std::string::npos) << answer.body;
    EXPECT_FALSE(answer.header("X-Request-Id").empty());
  }
  EXPECT_EQ(context.calls, 0);
  EXPECT_EQ(server->stats().server_errors, 0u);
  EXPECT_EQ(server->stats().client_errors, std::size(malformed));
}

// After one of these nobody knows where the next request would begin.
TEST_F(ServerTest, BrokenFramingClosesTheConnection) {
  start();
  for (const SessionCase& test : malformed) {
    if (std::string_view(test.present) != "folded" && std::string_view(test.present) != "Host" &&
        std::string_view(test.present) != "malformed")
      continue;
    SCOPED_TRACE(test.name);
    RawClient connection = client();
    const Answer answer = connection.ask(test.request + get_with("Host: a\r\n"));
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(connection.closed());
  }
  EXPECT_EQ(context.calls, 0);
}

TEST_F(ServerTest, ARefusalWithSoundFramingKeepsTheConnection) {
  start();
  RawClient connection = client();
  EXPECT_EQ(connection.ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404u);
  EXPECT_EQ(connection.ask("DELETE /hello/a HTTP/1.1\r\nHost: a\r\n\r\n").status, 405u);
  EXPECT_EQ(connection.ask("GET /hello/%zz HTTP/1.1\r\nHost: a\r\n\r\n").status, 400u);
  EXPECT_EQ(connection.ask(get_with("Host: a\r\n")).status, 200u);
}

TEST_F(ServerTest, BodiesArriveWhole) {
  start();
  RawClient connection = client();
  const std::string body(300'000, 'b');
  EXPECT_EQ(connection.ask(post_with("Content-Length: 3\r\n", "abc")).body, "abc");
  EXPECT_EQ(connection.ask(post_with("Content-Length: 0\r\n", "")).body, "");
  EXPECT_EQ(connection.ask(post_with("", "")).body, "");
  EXPECT_EQ(connection.ask(post_with("Content-Length: 300000\r\n", body)).body, body);
  EXPECT_EQ(connection
                .ask(post_with("Transfer-Encoding: Chunked\r\n",
                               "1\r\na\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n"))
                .body,
            "a0123456789abcdef");
  EXPECT_EQ(connection.ask(post_with("Content-Length: 1\r\n", "x")).body, "x");
}

TEST_F(ServerTest, BodiesArriveByteByByte) {
  start();
  RawClient connection = client();
  for (const std::string& request :
       {post_with("Content-Length: 3\r\n", "abc"),
        post_with("Transfer-Encoding: chunked\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")}) {
    for (const char byte : request) ASSERT_TRUE(connection.send({&byte, 1}));
    EXPECT_EQ(connection.receive().body, "abc");
  }
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient connection = client();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += fmt::format("GET /hello/{} HTTP/1.1\r\nHost: a\r\n\r\n", i);
    requests += post_with("Content-Length: 2\r\n", fmt::format("{:02}", i % 100));
  }
  ASSERT_TRUE(connection.send(requests));
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(connection.receive().body, fmt::format(R"({{"hello":"{}"}})", i));
    EXPECT_EQ(connection.receive().body, fmt::format("{:02}", i % 100));
  }
}

TEST_F(ServerTest, EmptyLinesBeforeARequestArePassedOver) {
  start();
  EXPECT_EQ(ask("\r\n" + get_with("Host: a\r\n")).status, 200u);
}

TEST_F(ServerTest, ExpectationOfContinueIsMet) {
  start();
  RawClient connection = client();
  const std::string head = post_with("Content-Length: 2\r\nExpect: 100-continue\r\n", "");
  EXPECT_EQ(connection.ask(head).status, 100u);
  EXPECT_EQ(connection.ask("ok").body, "ok");
  // Not for a body that will not be read.
  const Answer refused =
      client().ask(post_with("Content-Length: 99999999\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(refused.status, 413u);
}

TEST_F(ServerTest, ConnectionsAreKeptAsTheVersionAndTheClientSay) {
  start();
  struct {
    const char* request;
    const char* connection;
  } cases[] = {
      {"GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", ""},
      {"GET /hello/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"},
      {"GET /hello/a HTTP/1.0\r\n\r\n", "close"},
      {"GET /hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"},
  };
  for (const auto& test : cases) {
    RawClient connection = client();
    const Answer answer = connection.ask(test.request);
    EXPECT_EQ(answer.status, 200u) << test.request;
    EXPECT_EQ(answer.header("Connection"), test.connection) << test.request;
    if (std::string_view(test.connection) == "close") {
      EXPECT_TRUE(connection.closed());
    } else {
      EXPECT_EQ(connection.ask(test.request).status, 200u);
    }
  }
}

TEST_F(ServerTest, AClientThatLeavesMidwayHurtsNobody) {
  start();
  for (const std::string& part :
       {std::string("GET /hel"), post_with("Content-Length: 10\r\n", "abc"),
        post_with("Transfer-Encoding: chunked\r\n", "5\r\nab"), get_with("Host: a\r\n")}) {
    RawClient connection = client();
    connection.send(part);
  }
  EXPECT_EQ(get("/hello/a").status, 200u);
  await([&] { return server->stats().connections == 0; });
}

TEST_F(ServerTest, LargeAnswersAndFilesArriveWhole) {
  start();
  const Answer large = get("/large");
  EXPECT_EQ(large.body.size(), 8'000'000u);
  const Answer file = get("/download");
  EXPECT_EQ(file.body.size(), std::filesystem::file_size("/proc/self/exe"));
  EXPECT_EQ(file.body.substr(1, 3), "ELF");
}

}  // namespace
}  // namespace skerry::api
