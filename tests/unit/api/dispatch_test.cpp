// From a sound request to its handler and back: routes, rights, problems, exceptions.
#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/log.hpp"
#include "tests/unit/api/server_fixture.hpp"

namespace skerry::api {
namespace {

json::object body_of(const Answer& answer) {
  Result<json::object> parsed = parse_json_object(answer.body);
  EXPECT_TRUE(parsed) << answer.body;
  return parsed ? *parsed : json::object{};
}

std::string post(std::string_view path, std::string_view headers, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), headers, body);
}
constexpr std::string_view as_json = "Content-Type: application/json\r\n";

TEST_F(ServerTest, AnEncodedBodyIsNotTakenForWhatItIsNot) {
  start();
  for (const char* coding : {"gzip", "br", "identity, gzip", "x\r\nContent-Encoding: identity"}) {
    SCOPED_TRACE(coding);
    const Answer answer =
        ask(fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: {}\r\n"
                        "Content-Length: 2\r\n\r\n{{}}",
                        coding));
    EXPECT_EQ(answer.status, 415u);
    EXPECT_EQ(answer.header("Accept-Encoding"), "identity");
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  }
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: Identity\r\n"
                "Content-Length: 2\r\n\r\n{}")
                .status,
            200u);
}

TEST_F(ServerTest, AGetGoesThroughTheRouteTable) {
  start();
  const Answer answer = get("/hello/world");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, R"({"hello":"world"})");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("Content-Length"), "17");
  EXPECT_EQ(answer.header("X-Request-Id"), "abcd1234-1");
  EXPECT_TRUE(answer.header("Date").ends_with(" GMT"));
}

TEST_F(ServerTest, AnAnswerFromAnotherThreadArrives) {
  start();
  RawClient connection = client();
  for (int i = 1; i <= 20; ++i)
    EXPECT_EQ(connection.ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n").body,
              fmt::format("from afar for abcd1234-{:x}", i));
}

TEST_F(ServerTest, UnknownPathsAndMethods) {
  start();
  for (const char* path : {"/", "/hello", "/hello/", "/hello/a/b", "//hello/a", "/Hello/a",
                           "/a/b/c/d", "/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9"}) {
    const Answer answer = get(path);
    EXPECT_EQ(answer.status, 404u) << path;
    EXPECT_EQ(body_of(answer)["code"].as_string(), "not_found");
  }
  for (const char* method : {"PUT", "DELETE", "PATCH", "TRACE", "BREW", "get"}) {
    const Answer answer = ask(fmt::format("{} /things HTTP/1.1\r\nHost: a\r\n\r\n", method));
    EXPECT_EQ(answer.status, 405u) << method;
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(body_of(answer)["detail"].as_string(),
              fmt::format("there is no {} here; allowed: GET, HEAD, POST, OPTIONS", method));
  }
  EXPECT_EQ(ask(post("/hello/a", as_json, "{}")).status, 405u);
}

TEST_F(ServerTest, HeadIsGetWithoutTheBody) {
  start();
  RawClient connection = client();
  for (const char* path : {"/hello/a", "/large", "/download", "/nothing", "/events"}) {
    const Answer answer =
        connection.ask(fmt::format("HEAD {} HTTP/1.1\r\nHost: a\r\n\r\n", path), true);
    EXPECT_EQ(answer.status, std::string_view(path) == "/nothing" ? 404u : 200u) << path;
    EXPECT_EQ(answer.header("Content-Length").empty(), std::string_view(path) == "/events") << path;
  }
  EXPECT_TRUE(connection.closed());  // after the stream
}

TEST_F(ServerTest, OptionsNameTheMethods) {
  start();
  RawClient connection = client();
  const Answer one = connection.ask("OPTIONS /things HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(one.status, 204u);
  EXPECT_EQ(one.header("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(one.header("Content-Length"), "");
  EXPECT_EQ(connection.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204u);
  EXPECT_EQ(connection.ask("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404u);
}

TEST_F(ServerTest, QueriesAreDecodedAndGuarded) {
  start();
  EXPECT_EQ(get("/search?q=a+b%2Bc%26%C3%A4").body, R"({"q":"a b+c&ä","tags":[]})");
  EXPECT_EQ(get("/search?q").body, R"({"q":"","tags":[]})");
  EXPECT_EQ(get("/search?").body, R"({"q":"none","tags":[]})");
  const Answer unknown = get("/search?x=1");
  EXPECT_EQ(unknown.status, 400u);
  EXPECT_EQ(body_of(unknown)["next"].as_string(), "known here: q, tag");
  for (const char* query :
       {"q=1&q=1", "q=1&q=2", "=1", "q=1&", "&q=1", "q=%", "q=%0", "q=%00", "q=%ff", "q=<"})
    EXPECT_EQ(get(fmt::format("/search?{}", query)).status, 400u) << query;
  EXPECT_EQ(get("/tags?tag=a&tag=b&tag=a").body, R"({"q":"none","tags":["a","b","a"]})");
}

TEST_F(ServerTest, RequestIdsAreTakenOrMade) {
  start();
  EXPECT_EQ(get("/hello/a", "X-Request-Id: my-id_1.2\r\n").header("X-Request-Id"), "my-id_1.2");
  const std::string longest(64, 'x');
  EXPECT_EQ(get("/hello/a", fmt::format("X-Request-Id: {}\r\n", longest)).header("X-Request-Id"),
            longest);
  for (const std::string& bad : {std::string(65, 'x'), std::string("a b"), std::string("a\"b")}) {
    const Answer answer = get("/hello/a", fmt::format("X-Request-Id: {}\r\n", bad));
    EXPECT_TRUE(answer.header("X-Request-Id").starts_with("abcd1234-")) << bad;
  }
  const Answer problem = get("/nothing", "X-Request-Id: mine\r\n");
  EXPECT_EQ(body_of(problem)["instance"].as_string(), "mine");
}

TEST_F(ServerTest, ProblemsNameEveryField) {
  start();
  const Answer answer = ask(post("/things", as_json, R"({"x":1})"));
  EXPECT_EQ(answer.status, 422u);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.body,
            R"({"type":"/problems/validation_failed","title":"The values break rules of the kind",)"
            R"("status":422,"detail":"1 field is wrong","instance":"abcd1234-1",)"
            R"("code":"validation_failed","errors":[{"pointer":"/name","code":"required",)"
            R"("detail":"the name is missing"}],"next":"see /docs"})");
  const Answer made = ask(post("/things", as_json, R"({"name":"x"})"));
  EXPECT_EQ(made.status, 201u);
  EXPECT_EQ(made.header("ETag"), "\"1\"");
}

TEST_F(ServerTest, BodiesMustBeTheJsonWeRead) {
  start();
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  for (const std::string& body : {std::string("{"), std::string("[]"), std::string(""), deep,
                                  std::string(R"({"a":1,"a":2})"), std::string("{} {}")}) {
    const Answer answer = ask(post("/things", as_json, body));
    EXPECT_EQ(answer.status, 400u) << body;
    EXPECT_EQ(body_of(answer)["code"].as_string(), "bad_json") << body;
  }
  struct {
    const char* type;
    unsigned status;
  } types[] = {
      {"", 415},
      {"Content-Type: text/plain\r\n", 415},
      {"Content-Type: application/x-www-form-urlencoded\r\n", 415},
      {"Content-Type: application/jsonx\r\n", 415},
      {"Content-Type: text/x+json\r\n", 415},
      {"Content-Type: Application/JSON; charset=utf-8\r\n", 201},
      {"Content-Type: application/json; charset=\"UTF-8\"\r\n", 201},
      {"Content-Type: application/json; charset=latin1\r\n", 415},
      {"Content-Type: application/problem+json\r\n", 415},
      {"Content-Type: application/merge-patch+json\r\n", 415},  // of PATCH
  };
  for (const auto& test : types)
    EXPECT_EQ(ask(post("/things", test.type, R"({"name":"x"})")).status, test.status) << test.type;
  EXPECT_EQ(ask("GET /things HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").status, 400u);
}

TEST_F(ServerTest, JsonIsReadToADepthOf32) {
  start();
  for (const std::size_t depth : {31u, 32u}) {  // within the object of the body
    const std::string body =
        fmt::format(R"({{"name":{}{}}})", std::string(depth, '['), std::string(depth, ']'));
    EXPECT_EQ(ask(post("/things", as_json, body)).status, depth == 31 ? 201u : 400u) << depth;
  }
}

TEST_F(ServerTest, RightsAreAskedForByTheRoute) {
  start();
  struct {
    const char* path;
    const char* token;
    unsigned status;
  } cases[] = {
      {"/hello/a", nullptr, 200}, {"/hello/a", "good", 200},  {"/hello/a", "wrong", 401},
      {"/who", nullptr, 401},     {"/who", "reader", 200},    {"/who", "wrong", 401},
      {"/read", nullptr, 401},    {"/read", "reader", 200},   {"/read", "root", 200},
      {"/admin", nullptr, 401},   {"/admin", "reader", 403},  {"/admin", "good", 403},
      {"/admin", "root", 200},    {"/nothing", nullptr, 404},
  };
  for (const auto& test : cases) {
    const std::string header =
        test.token ? fmt::format("Authorization: Bearer {}\r\n", test.token) : "";
    const Answer answer = get(test.path, header);
    EXPECT_EQ(answer.status, test.status) << test.path << " " << header;
    EXPECT_EQ(answer.header("WWW-Authenticate"), test.status == 401 ? "Bearer" : "");
  }
  EXPECT_EQ(get("/who", "Authorization: Basic Z29vZA==\r\n").status, 401u);
  EXPECT_EQ(get("/who", "Authorization: Bearer\r\n").status, 401u);
  EXPECT_EQ(get("/who", "Authorization: Bearer good good\r\n").status, 401u);
  EXPECT_EQ(get("/who", "Authorization: bearer good\r\n").status, 200u);
  EXPECT_EQ(ask(post("/private", as_json, "{}")).status, 401u);
  EXPECT_EQ(context.calls, 2);  // the two greetings: nobody else came through
}

TEST_F(ServerTest, GuessingTokensIsSlowedDownPerAddress) {
  options.limits.failed_tokens_per_second_max = 3;
  start();
  const Answer first = get("/who", "Authorization: Bearer guess\r\n");
  EXPECT_EQ(first.header("RateLimit-Policy"), "\"failed-tokens\";q=3;w=1");
  EXPECT_EQ(first.header("RateLimit"), "\"failed-tokens\";r=2;t=1");
  unsigned refused = 0;
  unsigned slowed = 0;
  RawClient connection = client();
  // Within a second at most 3 guesses are looked at; a second may end in between.
  for (int i = 0; i < 20; ++i) {
    const Answer answer =
        connection.ask("GET /who HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer guess\r\n\r\n");
    if (answer.status == 401) ++refused;
    if (answer.status == 429) {
      ++slowed;
      EXPECT_EQ(answer.header("Retry-After"), "1");
      EXPECT_EQ(answer.header("RateLimit"), "\"failed-tokens\";r=0;t=1");
    }
  }
  EXPECT_EQ(refused + slowed, 20u);
  EXPECT_GE(slowed, 10u);
  const Answer without = get("/hello/a");
  EXPECT_EQ(without.status, 200u);  // who shows no token is not slowed
  EXPECT_EQ(without.header("RateLimit"), "");
  RawClient elsewhere = RawClient::unix_socket(socket_path);
  EXPECT_EQ(
      elsewhere.ask("GET /who HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n\r\n").status,
      200u);
}

TEST_F(ServerTest, TheUnixSocketKnowsItsPeer) {
  start();
  RawClient connection = RawClient::unix_socket(socket_path);
  const Answer answer = connection.ask("GET /admin HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.status, 200u);
  json::object who = body_of(answer);
  EXPECT_EQ(who["uid"], ::getuid());
  EXPECT_EQ(who["pid"], ::getpid());
  EXPECT_EQ(who["id"].as_string(), fmt::format("uid:{}", ::getuid()));
  // A token says who asks, on the socket too.
  EXPECT_EQ(
      connection.ask("GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n\r\n").status,
      403u);
  const auto mode = std::filesystem::status(socket_path).permissions();
  EXPECT_EQ(static_cast<unsigned>(mode), 0660u);
}

TEST_F(ServerTest, AtDebugTheLogHasALinePerRequest) {
  start();
  testing::internal::CaptureStderr();
  get("/hello/a");
  set_log_level(Level::debug);
  get("/hello/a?token=secret", "X-Request-Id: the-one\r\n");
  get("/nothing", "X-Request-Id: the-other\r\n");
  ask(post("/things", as_json, R"({"a":"secret"})"));
  ask("nonsense\r\n\r\n");
  set_log_level(Level::info);
  get("/hello/a");
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, testing::ContainsRegex("request the-one: GET /hello/a answered 200 after"));
  EXPECT_THAT(logged, testing::ContainsRegex("request the-other: GET /nothing answered 404 after"));
  EXPECT_THAT(logged, testing::ContainsRegex("request [0-9a-z-]+: POST /things answered 422"));
  EXPECT_THAT(logged, testing::HasSubstr("what is no request answered 400"));
  EXPECT_EQ(std::count(logged.begin(), logged.end(), '\n'), 4);
  EXPECT_EQ(logged.find("secret"), std::string::npos);
}

TEST_F(ServerTest, ExceptionsBecomeProblemsThatTellNothing) {
  start();
  testing::internal::CaptureStderr();
  const Answer broken = get("/broken", "X-Request-Id: the-one\r\n");
  const Answer full = get("/full");
  const Answer later = get("/broken-later");
  const Answer damaged = get("/damaged");
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_EQ(broken.status, 500u);
  EXPECT_EQ(body_of(broken)["code"].as_string(), "internal");
  EXPECT_EQ(broken.body.find("secret"), std::string::npos);
  EXPECT_EQ(full.status, 507u);
  EXPECT_EQ(body_of(full)["detail"].as_string(), "the disk of the data folder is full");
  EXPECT_TRUE(body_of(full).contains("next"));
  EXPECT_EQ(later.status, 500u);
  EXPECT_EQ(body_of(later)["code"].as_string(), "io_failed");
  EXPECT_EQ(damaged.status, 500u);
  EXPECT_EQ(body_of(damaged)["code"].as_string(), "database_damaged");
  EXPECT_EQ(body_of(damaged)["next"].as_string(), "restore a backup: skerry backup restore FILE");
  EXPECT_EQ(logged,
            "error: request the-one: the secret inside\n"
            "critical: request abcd1234-2: database or disk is full\n"
            "critical: request abcd1234-3: disk I/O error\n"
            "critical: request abcd1234-4: skerry.db is damaged\n");
  EXPECT_EQ(server->stats().server_errors, 4u);
  EXPECT_EQ(get("/hello/a").status, 200u);
}

}  // namespace
}  // namespace skerry::api
