#include "sync/http_client.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/check.hpp"
#include "sync/spool.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"
#include "tests/unit/sync/http_server.hpp"

namespace skerry::sync {
namespace {

using test::answer;
using test::HttpServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

HttpRequest get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

TEST(HttpClient, AnAnswerWithItsHeaderAndBody) {
  const HttpServer server(
      [](const std::string&) { return answer(200, "content", "ETag:  \"7\" \r\n"); });
  HttpClient client({});
  const HttpResponse response = client.request(get(server.url("/v1/x?a=b"))).value();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "content");
  EXPECT_EQ(response.header("etag"), "\"7\"");
  EXPECT_EQ(response.header("none"), "");
  const std::string seen = server.requests().at(0);
  EXPECT_THAT(seen, StartsWith("GET /v1/x?a=b HTTP/1.1\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Content-Length")));
}

TEST(HttpClient, EveryStatusIsAnAnswer) {
  for (const int status : {201, 304, 404, 422, 500, 503}) {
    const HttpServer server([&](const std::string&) {
      return status == 304 ? "HTTP/1.1 304 X\r\n\r\n" : answer(status, "{}");
    });
    HttpClient client({});
    EXPECT_EQ(client.request(get(server.url("/"))).value().status, status);
  }
}

TEST(HttpClient, MethodsHeadersAndBodies) {
  const HttpServer server([](const std::string&) { return answer(200, "ok"); });
  HttpClient client({});
  HttpRequest request = get(server.url("/"));
  request.method = "PATCH";
  request.headers = {{"If-Match", "\"3\""}, {"X-Empty", ""}};
  request.body = std::string(R"({"a":1})");
  ASSERT_TRUE(client.request(request));
  const std::string patch = server.requests().at(0);
  EXPECT_THAT(patch, StartsWith("PATCH / HTTP/1.1\r\n"));
  EXPECT_THAT(patch, HasSubstr("\r\nIf-Match: \"3\"\r\n"));
  EXPECT_THAT(patch, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_THAT(patch, HasSubstr("\r\nContent-Length: 7\r\n"));
  EXPECT_THAT(patch, ::testing::EndsWith("\r\n\r\n{\"a\":1}"));
  EXPECT_THAT(patch, Not(HasSubstr("Content-Type")));
  EXPECT_THAT(patch, Not(HasSubstr("Expect")));

  request = get(server.url("/"));
  request.method = "POST";
  ASSERT_TRUE(client.request(request));
  EXPECT_THAT(server.requests().at(1), HasSubstr("\r\nContent-Length: 0\r\n"));
  request.method = "DELETE";
  ASSERT_TRUE(client.request(request));
  EXPECT_THAT(server.requests().at(2), StartsWith("DELETE / "));
  EXPECT_EQ(server.connections(), 1) << "the connection is kept";
}

TEST(HttpClient, AFileIsSentFromItsOffset) {
  const std::string content(300'000, 'x');
  const FileHandle file = test::file_of(as_bytes("head" + content + "tail"));
  const HttpServer server([](const std::string&) { return answer(201, ""); });
  HttpClient client({});
  HttpRequest request = get(server.url("/v1/exchange"));
  request.method = "POST";
  request.body = HttpFile{file.fd(), content.size(), 4};
  EXPECT_EQ(client.request(request).value().status, 201);
  const std::string seen = server.requests().at(0);
  EXPECT_EQ(seen.substr(seen.find("\r\n\r\n") + 4), content);
}

TEST(HttpClient, AFileThatIsShorterThanSaidIsOurError) {
  const FileHandle file = test::file_of(as_bytes("short"));
  const HttpServer server([](const std::string&) { return answer(201, ""); });
  HttpClient client({});
  HttpRequest request = get(server.url("/"));
  request.method = "POST";
  request.body = HttpFile{file.fd(), 100, 0};
  EXPECT_EQ(client.request(request).error().code, Errc::corrupt_bundle);
}

TEST(HttpClient, ABodyGoesToASpoolAndAnErrorsBodyDoesNot) {
  test::Folder folder;
  const Spool spool = Spool::open(folder / "spool").value();
  const std::string content(500'000, 'x');
  const HttpServer server([&](const std::string& request) {
    return request.starts_with("GET /bad") ? answer(422, "{\"code\":\"bad\"}")
                                           : answer(200, content);
  });
  HttpClient client({});
  SpoolWriter writer = spool.begin().value();
  HttpRequest request = get(server.url("/good"));
  request.sink = &writer.sink();
  request.body_bytes_max = 100;  // of what goes to memory
  EXPECT_TRUE(client.request(request).value().body.empty());
  EXPECT_EQ(writer.seal().sha256, crypto::sha256(as_bytes(content)));

  SpoolWriter unused = spool.begin().value();
  request.url = server.url("/bad");
  request.sink = &unused.sink();
  EXPECT_EQ(client.request(request).value().body, "{\"code\":\"bad\"}");
  EXPECT_EQ(unused.seal().size, 0U);
}

// What an interrupted download does: asks for the rest of the same bytes, and appends it.
TEST(HttpClient, ADownloadGoesOnWhereItStopped) {
  test::Folder folder;
  const Spool spool = Spool::open(folder / "spool").value();
  const std::string content = std::string(1000, 'a') + std::string(1000, 'b');
  const HttpServer server([&](const std::string& request) {
    if (request.find("Range: bytes=1200-\r\n") != std::string::npos)
      return answer(206, content.substr(1200), "Content-Range: bytes 1200-1999/2000\r\n");
    return "HTTP/1.1 200 X\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n" +
           content.substr(0, 1200);
  });
  SpoolWriter writer = spool.begin().value();
  HttpOptions options;
  options.total_timeout = std::chrono::milliseconds(300);
  HttpRequest request = get(server.url("/"));
  request.sink = &writer.sink();
  {
    HttpClient cut_off(options);
    EXPECT_EQ(cut_off.request(request).error().code, Errc::unreachable);
  }
  request.headers = {{"Range", "bytes=1200-"}, {"If-Range", "\"7\""}};
  HttpClient client({});
  EXPECT_EQ(client.request(request).value().status, 206);
  EXPECT_EQ(writer.seal().sha256, crypto::sha256(as_bytes(content)));
}

TEST(HttpClient, LimitsOfAnswers) {
  test::Folder folder;
  const Spool spool = Spool::open(folder / "spool", {1000, 10'000}).value();
  const HttpServer server([](const std::string& request) {
    if (request.starts_with("GET /header"))
      return answer(200, "", "A: " + std::string(70'000, 'x') + "\r\n");
    return answer(200, std::string(1001, 'x'));
  });
  HttpClient client({});
  HttpRequest request = get(server.url("/"));
  request.body_bytes_max = 1001;
  EXPECT_TRUE(client.request(request));
  request.body_bytes_max = 1000;
  EXPECT_EQ(client.request(request).error().code, Errc::limit_exceeded);
  SpoolWriter writer = spool.begin().value();
  request.sink = &writer.sink();
  EXPECT_EQ(client.request(request).error().code, Errc::limit_exceeded);
  EXPECT_EQ(client.request(get(server.url("/header"))).error().code, Errc::limit_exceeded);
}

TEST(HttpClient, OverAUnixSocket) {
  test::Folder folder;
  const HttpServer server([](const std::string&) { return answer(200, "here"); },
                          folder / "skerry.sock");
  HttpOptions options;
  options.unix_socket = folder / "skerry.sock";
  HttpClient client(options);
  EXPECT_EQ(client.request(get(server.url("/livez"))).value().body, "here");
}

TEST(HttpClient, NobodyThere) {
  test::Folder folder;
  HttpOptions options;
  options.unix_socket = folder / "none.sock";
  HttpClient local(options);
  const auto refused = local.request(get("http://localhost/"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unreachable);
  EXPECT_THAT(refused.error().detail, HasSubstr("none.sock"));

  std::string url;
  {
    url = HttpServer([](const std::string&) { return std::string(); }).url("/");
  }
  HttpClient remote({});
  EXPECT_EQ(remote.request(get(url)).error().code, Errc::unreachable);
}

TEST(HttpClient, AnswersThatAreNone) {
  for (const std::string& reply :
       {std::string(), std::string("SSH-2.0-OpenSSH\r\n"),
        std::string("HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nshort")}) {
    const HttpServer server([&](const std::string&) { return reply; });
    HttpOptions options;
    options.total_timeout = std::chrono::milliseconds(500);
    HttpClient client(options);
    EXPECT_EQ(client.request(get(server.url("/"))).error().code, Errc::unreachable) << reply;
  }
}

TEST(HttpClient, RedirectsAreNotFollowed) {
  const HttpServer elsewhere([](const std::string&) { return answer(200, ""); });
  const HttpServer server([&](const std::string&) {
    return answer(302, "", "Location: " + elsewhere.url("/") + "\r\n");
  });
  HttpClient client({});
  EXPECT_EQ(client.request(get(server.url("/"))).value().status, 302);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(HttpClient, OnlyHttp) {
  HttpClient client({});
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                          "http://", "ht tp://x/"}) {
    const auto refused = client.request(get(url));
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, Errc::bad_config) << url << refused.error().detail;
    EXPECT_FALSE(refused.error().next.empty());
  }
}

TEST(HttpClient, TheEnvironmentsProxyIsNotAsked) {
  const HttpServer proxy([](const std::string&) { return answer(200, "proxy"); });
  const HttpServer server([](const std::string&) { return answer(200, "direct"); });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  HttpClient direct({});
  EXPECT_EQ(direct.request(get(server.url("/"))).value().body, "direct");
  HttpOptions options;
  options.proxy = proxy.url("");
  HttpClient through(options);
  EXPECT_EQ(through.request(get(server.url("/"))).value().body, "proxy");
  EXPECT_THAT(proxy.requests().at(0), StartsWith("GET " + server.url("/") + " HTTP/1.1"));
  ::unsetenv("http_proxy");
}

TEST(HttpClient, ProgressIsToldAndMayGiveUp) {
  const HttpServer server(
      [](const std::string&) { return answer(200, std::string(200'000, 'x')); });
  HttpOptions options;
  std::uint64_t received = 0;
  options.progress = [&](const HttpProgress& progress) {
    received = std::max(received, progress.received);
    return true;
  };
  {
    HttpClient client(options);
    ASSERT_TRUE(client.request(get(server.url("/"))));
  }
  EXPECT_EQ(received, 200'000U);
  options.progress = [](const HttpProgress& progress) { return progress.received == 0; };
  HttpClient impatient(options);
  EXPECT_EQ(impatient.request(get(server.url("/"))).error().code, Errc::stopping);
}

TEST(HttpClient, LinesAsTheyArrive) {
  const HttpServer server([](const std::string&) {
    return std::string(
        "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n"
        "id: 1\r\ndata: a\r\n\r\ndata: b\n\n");
  });
  HttpClient client({});
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line, std::uint64_t) -> Result<void> {
    lines.emplace_back(line);
    return {};
  };
  ASSERT_TRUE(client.stream_lines(get(server.url("/")), keep));
  EXPECT_EQ(lines, (std::vector<std::string>{"id: 1", "data: a", "", "data: b", ""}));

  const auto stop = [](std::string_view, std::uint64_t number) -> Result<void> {
    if (number == 2) return fail(Errc::stopping, "enough");
    return {};
  };
  EXPECT_EQ(client.stream_lines(get(server.url("/")), stop).error().code, Errc::stopping);
}

// A TLS server by Debian's openssl: its first line names the port it took.
class TlsServer {
 public:
  explicit TlsServer(const test::Folder& folder, const std::string& more = "") {
    const std::string in = "cd " + folder.path().string() + " && ";
    const std::string make =
        in +
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out ca.pem"
        " 2>/dev/null";
    SKERRY_CHECK(std::system(make.c_str()) == 0);
    const std::string serve = in +
                              "exec openssl s_server -accept 127.0.0.1:0 -www -key key.pem"
                              " -cert ca.pem " +
                              more + " 2>/dev/null & echo PID $!; wait";
    output_ = ::popen(serve.c_str(), "r");
    std::array<char, 256> line;
    while (std::fgets(line.data(), line.size(), output_) != nullptr) {
      const std::string text = line.data();
      if (text.starts_with("PID ")) pid_ = std::stoi(text.substr(4));
      if (text.starts_with("ACCEPT 127.0.0.1:")) port_ = text.substr(17, text.find('\n') - 17);
      if (pid_ != 0 && !port_.empty()) return;
    }
  }
  ~TlsServer() {
    if (pid_ != 0) ::kill(pid_, SIGTERM);
    ::pclose(output_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  std::string url(const std::string& host) const { return "https://" + host + ":" + port_ + "/"; }

 private:
  std::FILE* output_ = nullptr;
  pid_t pid_ = 0;
  std::string port_;
};

TEST(HttpClientTls, OnlyThePinnedAuthorityIsTrusted) {
  test::Folder folder;
  const TlsServer server(folder);
  HttpOptions options;
  options.ca_file = folder / "ca.pem";
  HttpClient pinned(options);
  const auto response = pinned.request(get(server.url("127.0.0.1")));
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 200);

  HttpClient system({});
  const auto refused = system.request(get(server.url("127.0.0.1")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::tls_failed);
  EXPECT_THAT(refused.error().detail, HasSubstr("certificate"));
  EXPECT_FALSE(refused.error().next.empty());

  HttpClient wrong_name(options);
  EXPECT_EQ(wrong_name.request(get(server.url("localhost"))).error().code, Errc::tls_failed);

  options.ca_file = folder / "none.pem";
  HttpClient no_file(options);
  EXPECT_EQ(no_file.request(get(server.url("127.0.0.1"))).error().code, Errc::bad_config);
}

TEST(HttpClientTls, OldVersionsAreRefused) {
  test::Folder folder;
  const TlsServer server(folder, "-tls1_1 -cipher ALL:@SECLEVEL=0");
  HttpOptions options;
  options.ca_file = folder / "ca.pem";
  HttpClient client(options);
  EXPECT_EQ(client.request(get(server.url("127.0.0.1"))).error().code, Errc::tls_failed);
}

}  // namespace
}  // namespace skerry::sync
