#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "store/audit_verify.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

std::string own_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : "";
}

TEST_F(HandlersTest, EveryRowSaysWhoWhenWhyAndWhat) {
  const Answer made = post("/v1/customers", R"({"name":"One"})",
                           "Skerry-Reason: a first one\r\nX-Request-Id: r-7\r\n");
  ASSERT_EQ(made.status, 201u);
  const json::object page = read_json(get("/v1/audit"));
  const json::object& row = page.at("items").at(0).as_object();
  EXPECT_EQ(row.at("label").as_string(), "One");
  EXPECT_EQ(row.at("actor").as_string(), fmt::format("uid:{}", ::getuid()));
  EXPECT_EQ(row.at("actor_name").as_string(), own_name());
  EXPECT_EQ(row.at("source").as_string(), "api");
  EXPECT_EQ(row.at("request").as_string(), "r-7");
  EXPECT_EQ(row.at("reason").as_string(), "a first one");
  EXPECT_TRUE(row.at("happened_at").is_string());
  EXPECT_TRUE(row.at("recorded_at").is_string());
}

TEST_F(HandlersTest, AReasonIsShortTextOrRefused) {
  const std::string umlauts = "ü";
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += umlauts;
  check({
      {"200 characters",
       "POST",
       "/v1/customers",
       R"({"name":"A"})",
       "Skerry-Reason: " + longest + "\r\n",
       201,
       {},
       {}},
      {"201",
       "POST",
       "/v1/customers",
       R"({"name":"B"})",
       "Skerry-Reason: " + longest + umlauts + "\r\n",
       400,
       {"200"},
       {}},
      {"not UTF-8",
       "POST",
       "/v1/customers",
       R"({"name":"B"})",
       "Skerry-Reason: \xff\r\n",
       400,
       {"UTF-8"},
       {}},
      {"twice",
       "POST",
       "/v1/customers",
       R"({"name":"B"})",
       "Skerry-Reason: a\r\nSkerry-Reason: b\r\n",
       400,
       {"twice"},
       {}},
  });
  EXPECT_EQ(read_json(get("/v1/audit"))["items"].as_array().size(), 1u);
}

TEST_F(HandlersTest, ATokenIsNoCommandLine) {
  const json::object token =
      read_json(post("/v1/tokens", R"({"name":"crm","access":["read","write"]})"));
  RawClient client = RawClient::tcp(port);
  const std::string body = R"({"name":"One"})";
  client.ask(
      fmt::format("POST /v1/customers HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {}\r\n"
                  "X-Skerry-Source: cli\r\nContent-Type: application/json\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  std::string_view(token.at("token").as_string()), body.size(), body));
  check({{"api",
          "GET",
          "/v1/audit?source=api&actor=crm",
          "",
          "",
          200,
          {R"("actor":"token:crm","actor_name":"crm")"},
          {}}});
}

TEST_F(HandlersTest, TheAuditIsSearched) {
  const std::string one = make("customers", R"({"name":"Lighthouse Bakery"})");
  make("customers", R"({"name":"Harbour","description":"sells bread"})");
  make("customers", R"({"name":"Straßen-Café"})");
  patch("/v1/customers/" + one, R"({"name":"Bakery","website":"https://bread.example"})", "*");
  send("DELETE", "/v1/customers/" + one, "", "If-Match: *\r\nSkerry-Reason: closed down\r\n");
  check({
      {"by label, in any case",
       "GET",
       "/v1/audit?q=HARBOUR",
       "",
       "",
       200,
       {"Harbour"},
       {"Lighthouse"}},
      {"by plain letters, in any case",
       "GET",
       "/v1/audit?q=STRASSEN-CAFE",
       "",
       "",
       200,
       {"Straßen-Café"},
       {"Harbour"}},
      {"by an old value",
       "GET",
       "/v1/audit?q=lighthouse&op=set",
       "",
       "",
       200,
       {R"("old":"Lighthouse Bakery")"},
       {"Harbour"}},
      {"every word",
       "GET",
       "/v1/audit?q=bread%20bakery",
       "",
       "",
       200,
       {"bread.example"},
       {"sells"}},
      {"by reason",
       "GET",
       "/v1/audit?q=closed",
       "",
       "",
       200,
       {R"("op":"del")", R"("label":"Bakery")"},
       {R"("op":"new")"}},
      {"by operation", "GET", "/v1/audit?op=del", "", "", 200, {"closed down"}, {"Harbour"}},
      {"by site", "GET", "/v1/audit?site=central&op=del", "", "", 200, {"closed down"}, {}},
      {"no such site", "GET", "/v1/audit?site=Pumpwerk", "", "", 400, {"site list"}, {}},
      {"since a day", "GET", "/v1/audit?since=2020-01-01&op=del", "", "", 200, {"closed down"}, {}},
      {"until a day", "GET", "/v1/audit?until=2020-01-01", "", "", 200, {R"("items":[])"}, {}},
      {"no day", "GET", "/v1/audit?since=2020-01-32", "", "", 400, {"or a day"}, {}},
      {"the wrong way round",
       "GET",
       "/v1/audit?since=2020-01-02&until=2020-01-01",
       "",
       "",
       400,
       {R"("pointer":"/since")", "after until"},
       {}},
      {"no word", "GET", "/v1/audit?q=%20", "", "", 400, {"word"}, {}},
      {"no operation", "GET", "/v1/audit?op=edit", "", "", 400, {"release"}, {}},
      {"no source", "GET", "/v1/audit?source=carrier", "", "", 400, {"console"}, {}},
      {"of a record that is gone",
       "GET",
       fmt::format("/v1/customers/{}/audit", one),
       "",
       "",
       200,
       {R"("op":"new")", R"("op":"set")", R"("op":"del")"},
       {"Harbour"}},
      {"of a record, filtered",
       "GET",
       fmt::format("/v1/customers/{}/audit?op=new", one),
       "",
       "",
       200,
       {R"("op":"new")"},
       {R"("op":"del")"}},
      {"of nothing", "GET", fmt::format("/v1/customers/{}/audit", nobody), "", "", 404, {}, {}},
      {"of another kind", "GET", fmt::format("/v1/notes/{}/audit", one), "", "", 404, {}, {}},
      {"of no id", "GET", "/v1/customers/x/audit", "", "", 404, {}, {}},
      {"of no kind",
       "GET",
       fmt::format("/v1/gadgets/{}/audit", one),
       "",
       "",
       404,
       {"the kinds are"},
       {}},
  });
  const json::object page = read_json(get(fmt::format("/v1/customers/{}/audit?limit=2", one)));
  const std::string cursor(page.at("next_cursor").as_string());
  EXPECT_THAT(get(fmt::format("/v1/customers/{}/audit?cursor={}", one, cursor)).body,
              HasSubstr(R"("op":"new")"));
}

TEST_F(SiteHandlersTest, ASiteHasNoOtherSites) {
  check({{"site", "GET", "/v1/audit?site=central", "", "", 400, {"source=sync"}, {}}});
}

TEST_F(HandlersTest, TheExportIsStreamedAndProvesItself) {
  for (int i = 0; i < 700; ++i) {
    write([&](store::Connection& connection) -> Result<void> {
      log.append_own(connection, "customer", RecordId{}, R"({"k":"chg","op":"set","by":"uid:0"})");
      return {};
    });
  }
  RawClient client = RawClient::unix_socket(folder / "socket");
  const Answer answer = client.ask("GET /v1/audit:export HTTP/1.1\r\nHost: t\r\n\r\n");
  ASSERT_EQ(answer.status, 200u);
  store::ExportVerifier verifier;
  for (std::size_t from = 0; from < answer.body.size();) {
    const std::size_t end = answer.body.find('\n', from);
    ASSERT_NE(end, std::string::npos);
    const auto taken = verifier.take(std::string_view(answer.body).substr(from, end - from));
    ASSERT_TRUE(taken) << taken.error().detail;
    from = end + 1;
  }
  const auto report = verifier.finish();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rows, 700);
  EXPECT_EQ(*report->key, keys.sign.verify_key());
  // The connection is kept behind a body that has an end.
  EXPECT_EQ(client.ask("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").status, 200u);
  check({
      {"CSV",
       "GET",
       "/v1/audit:export?format=csv&kind=contact",
       "",
       "",
       200,
       {"n,recorded_at"},
       {"uid:0"}},
      {"no format", "GET", "/v1/audit:export?format=xml", "", "", 400, {"ndjson, csv"}, {}},
      {"head", "HEAD", "/v1/audit:export", "", "", 200, {}, {"row"}},
  });
}

TEST_F(HandlersTest, TheFeedIsFiltered) {
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two = make("customers", R"({"name":"Two"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", one));
  make("locations", fmt::format(R"({{"customer":"{}","name":"Quay"}})", two));
  check({
      {"two kinds",
       "GET",
       "/v1/changes?kind=contact&kind=location",
       "",
       "",
       200,
       {R"("n":3,)", R"("n":4,)", R"("last":4)"},
       {R"("n":1,)"}},
      {"a customer",
       "GET",
       "/v1/changes?customer=" + one,
       "",
       "",
       200,
       {R"("n":1,)", R"("n":3,)", R"("last":4)"},
       {R"("n":2,)", R"("n":4,)"}},
      {"both",
       "GET",
       "/v1/changes?kind=location&customer=" + one,
       "",
       "",
       200,
       {R"("items":[],"last":4)"},
       {}},
      {"no kind", "GET", "/v1/changes?kind=gadget", "", "", 400, {"gadget"}, {}},
      {"no customer", "GET", "/v1/changes?customer=x", "", "", 400, {"customer"}, {}},
      {"twice", "GET", "/v1/changes?after=1&after=2", "", "", 400, {"twice"}, {}},
      {"behind the end",
       "GET",
       "/v1/changes?after=5&wait=60",
       "",
       "",
       409,
       {"wrong_history", "after=4"},
       {}},
      {"behind the end, as a stream",
       "GET",
       "/v1/changes",
       "",
       "Accept: text/event-stream\r\nLast-Event-ID: 5\r\n",
       409,
       {"wrong_history"},
       {}},
      {"not an id", "GET", "/v1/changes", "", "Last-Event-ID: x\r\n", 400, {"Last-Event-ID"}, {}},
      {"another history",
       "GET",
       "/v1/changes?after=4&at=0123456789abcdef",
       "",
       "",
       409,
       {"another history"},
       {}},
  });
  const json::object feed = read_json(get("/v1/changes"));
  const std::string at(feed.at("at").as_string());
  check({{"this history",
          "GET",
          "/v1/changes?after=4&at=" + at,
          "",
          "",
          200,
          {fmt::format(R"({{"items":[],"last":4,"at":"{}"}})", at)},
          {}}});
}

TEST_F(HandlersTest, AStreamsPositionGoesOnOverWhatItsFilterPassesOver) {
  make("customers", R"({"name":"One"})");
  make("customers", R"({"name":"Two"})");
  RawClient stream = RawClient::unix_socket(folder / "socket");
  stream.send(
      "GET /v1/changes?kind=location HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\n\r\n");
  const std::string first = stream.receive_until("id: 2-");
  EXPECT_THAT(first, Not(HasSubstr("data:")));
}

}  // namespace
}  // namespace skerry::api
