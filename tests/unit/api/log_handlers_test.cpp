#include <fmt/format.h>
#include <unistd.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

TEST_F(HandlersTest, TheFeedHasEveryChangeOnce) {
  const std::string target = "/v1/customers/" + make("customers", R"({"name":"One"})");
  patch(target, R"({"name":"Two"})", "*");
  send("DELETE", target, "", "If-Match: *\r\n");
  json::object feed = read_json(get("/v1/changes"));
  const json::array& items = feed["items"].as_array();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(feed["last"].as_int64(), 3);
  EXPECT_EQ(feed["at"].as_string().size(), 16u);
  for (std::int64_t n = 1; n <= 3; ++n)
    EXPECT_EQ(items[static_cast<std::size_t>(n - 1)].at("n").as_int64(), n);
  EXPECT_EQ(items[0].at("op").as_string(), "new");
  EXPECT_EQ(json::serialize(items[1].at("fields")), R"({"name":{"old":"One","new":"Two"}})");
  EXPECT_EQ(items[2].at("op").as_string(), "del");
  EXPECT_EQ(items[1].at("disposition").as_string(), "applied");
  EXPECT_EQ(items[1].at("site").as_string(), "central");
  check({
      {"behind two",
       "GET",
       "/v1/changes?after=2",
       "",
       "",
       200,
       {R"("n":3)", R"("last":3)"},
       {R"("n":2)"}},
      {"limited", "GET", "/v1/changes?after=0&limit=1", "", "", 200, {R"("last":1)"}, {R"("n":2)"}},
      {"nothing new",
       "GET",
       "/v1/changes?after=3",
       "",
       "",
       200,
       {R"({"items":[],"last":3,"at":null})"},
       {}},
      {"not a number", "GET", "/v1/changes?after=-1", "", "", 400, {"after"}, {}},
      {"no place", "GET", "/v1/changes?after=0&at=zz", "", "", 400, {"at must"}, {}},
      {"too patient", "GET", "/v1/changes?wait=61", "", "", 400, {"60"}, {}},
  });
}

TEST_F(HandlersTest, ALongPollWakesWithTheCommit) {
  RawClient waiting = RawClient::unix_socket(folder / "socket");
  waiting.send("GET /v1/changes?after=0&wait=60 HTTP/1.1\r\nHost: t\r\n\r\n");
  make("customers", R"({"name":"One"})");
  EXPECT_THAT(waiting.receive().body, HasSubstr(R"("n":1)"));
}

TEST_F(HandlersTest, TheStreamGoesOnWhereItStopped) {
  for (int i = 0; i < 3; ++i) make("customers", fmt::format(R"({{"name":"N{}"}})", i));
  RawClient stream = RawClient::unix_socket(folder / "socket");
  stream.send(
      "GET /v1/changes HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\nLast-Event-ID: "
      "2\r\n\r\n");
  const std::string first = stream.receive_until("id: 3-");
  EXPECT_THAT(first, HasSubstr("text/event-stream"));
  EXPECT_THAT(first, Not(HasSubstr("id: 2-")));
  make("customers", R"({"name":"Late"})");
  EXPECT_THAT(stream.receive_until("Late"), HasSubstr("id: 4-"));
}

TEST_F(HandlersTest, WhoWantsNoStreamGetsNone) {
  for (const char* accept : {"text/event-stream;q=0", "application/json, text/event-stream;q=0.5"})
    EXPECT_EQ(send("GET", "/v1/changes", "", fmt::format("Accept: {}\r\n", accept))
                  .header("Content-Type"),
              "application/json")
        << accept;
}

TEST_F(HandlersTest, TheAuditIsFiltered) {
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two = make("customers", R"({"name":"Two"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", one));
  send("PATCH", "/v1/customers/" + two, R"({"name":"Zwei"})",
       "If-Match: *\r\nX-Skerry-Source: cli\r\n");
  check({
      {"newest first",
       "GET",
       "/v1/audit?limit=1",
       "",
       "",
       200,
       {"Zwei"},
       {R"("n":1,)", R"("next_cursor":null)"}},
      {"by kind", "GET", "/v1/audit?kind=contact", "", "", 200, {"a@b.example"}, {"One"}},
      {"by record",
       "GET",
       "/v1/audit?record=" + two,
       "",
       "",
       200,
       {"Zwei", R"("old":"Two")"},
       {"One"}},
      {"by source", "GET", "/v1/audit?source=cli", "", "", 200, {"Zwei"}, {"One"}},
      {"no actor", "GET", "/v1/audit?actor=", "", "", 400, {"actor must not be empty"}, {}},
      {"by actor", "GET", "/v1/audit?actor=token:crm", "", "", 200, {R"("items":[])"}, {}},
      {"since later",
       "GET",
       "/v1/audit?since=2030-01-01T00:00:00Z",
       "",
       "",
       200,
       {R"("items":[])"},
       {}},
      {"until later", "GET", "/v1/audit?until=2030-01-01T00:00:00Z", "", "", 200, {"One"}, {}},
      {"unknown kind", "GET", "/v1/audit?kind=gadget", "", "", 400, {"gadget"}, {}},
      {"bad time", "GET", "/v1/audit?since=yesterday", "", "", 400, {"since"}, {}},
      {"unknown filter", "GET", "/v1/audit?colour=red", "", "", 400, {"colour"}, {}},
      {"verified",
       "POST",
       "/v1/audit:verify",
       "",
       "",
       200,
       {R"({"rows":4,"logs":1,"pruned":0})"},
       {}},
  });
  const std::string cursor(read_json(get("/v1/audit?limit=3"))["next_cursor"].as_string());
  EXPECT_THAT(get("/v1/audit?cursor=" + cursor).body, HasSubstr(R"("n":1,)"));
}

TEST_F(HandlersTest, ABrokenChainIsNamed) {
  make("customers", R"({"name":"One"})");
  make("customers", R"({"name":"Two"})");
  write([](store::Connection& connection) -> Result<void> {
    connection.execute("DROP TRIGGER change_log_is_not_edited");
    connection.execute("UPDATE change_log SET line=replace(line,'One','Won') WHERE n=1");
    return {};
  });
  const Answer answer = post("/v1/audit:verify", "");
  EXPECT_EQ(answer.status, 422u);
  EXPECT_THAT(answer.body, HasSubstr("row 1"));
}

TEST_F(SiteHandlersTest, ASitesOwnChangesAreUndecided) {
  make("customers", R"({"name":"One"})");
  EXPECT_THAT(get("/v1/changes").body, HasSubstr(R"("disposition":"pending")"));
  check({{"central's field",
          "POST",
          "/v1/customers",
          R"({"name":"x","disabled_at":"2026-01-01T00:00:00Z"})",
          "",
          409,
          {"owned_by_central"},
          {}}});
}

TEST_F(HandlersTest, DescribesItself) {
  json::object document = read_json(get("/v1/openapi.json"));
  EXPECT_EQ(document["openapi"].as_string(), "3.1.0");
  const json::object& paths = document["paths"].as_object();
  for (const Kind& kind : all_kinds()) {
    EXPECT_TRUE(paths.contains(fmt::format("/v1/{}", kind.plural)));
    EXPECT_TRUE(paths.contains(fmt::format("/v1/{}/{{id}}", kind.plural)));
  }
  EXPECT_FALSE(paths.contains("/v1/{plural}"));
  EXPECT_TRUE(document["components"].at("schemas").as_object().contains("CustomerPatch"));
  check({
      {"a problem",
       "GET",
       "/problems/precondition_failed",
       "",
       "",
       200,
       {R"("status":412)", "exit_code"},
       {}},
      {"no problem", "GET", "/problems/none", "", "", 404, {"not_found"}, {}},
  });
}

}  // namespace
}  // namespace skerry::api
