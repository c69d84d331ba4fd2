#include "tests/unit/api/machine_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "api/handlers/entity_tag.hpp"

namespace skerry::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view nobody = "0199c0de-0000-7000-8000-000000000001";

// A request, and what its answer must and must not say.
struct Case {
  const char* name;
  const char* method;
  std::string target;
  std::string body;
  std::string headers;
  unsigned status;
  std::vector<std::string> present;
  std::vector<std::string> absent;
};

class HandlersTest : public MachineTest {
 protected:
  using MachineTest::MachineTest;
  void check(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
      SCOPED_TRACE(each.name);
      const Answer answer = send(each.method, each.target, each.body, each.headers);
      EXPECT_EQ(answer.status, each.status) << answer.body;
      for (const std::string& text : each.present) EXPECT_THAT(answer.body, HasSubstr(text));
      for (const std::string& text : each.absent) EXPECT_THAT(answer.body, Not(HasSubstr(text)));
    }
  }
};

class SiteHandlersTest : public HandlersTest {
 protected:
  SiteHandlersTest() : HandlersTest(Role::site) {}
};

TEST_F(HandlersTest, CreatesARecordAndReadsItBack) {
  const Answer made = post("/v1/customers", R"({"name":"Örtliche \"GmbH\"","account_ref":"A1"})");
  ASSERT_EQ(made.status, 201u) << made.body;
  const std::string id(read_json(made)["id"].as_string());
  EXPECT_EQ(made.header("Location"), "/v1/customers/" + id);
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_THAT(made.body, HasSubstr(R"("roles":["customer"])"));

  const Answer read = get("/v1/customers/" + id);
  EXPECT_EQ(read.status, 200u);
  EXPECT_EQ(read.body, made.body);
  EXPECT_EQ(read.header("ETag"), "\"1\"");
  EXPECT_EQ(send("HEAD", "/v1/customers/" + id).status, 200u);
}

TEST_F(HandlersTest, RefusesWhatIsNotARecord) {
  const std::string id = make("customers", R"({"name":"One","account_ref":"A1"})");
  check({
      {"unknown kind", "POST", "/v1/gadgets", "{}", "", 404, {"not_found", "customers"}, {}},
      {"no JSON", "POST", "/v1/customers", "{", "", 400, {"bad_json"}, {}},
      {"empty body", "POST", "/v1/customers", "", "", 400, {"bad_json"}, {}},
      {"an array", "POST", "/v1/customers", "[]", "", 400, {"bad_json"}, {}},
      {"twice the same key", "POST", "/v1/customers", R"({"name":"a","name":"b"})", "", 400, {"bad_json"}, {}},
      {"no name", "POST", "/v1/customers", "{}", "", 422, {"validation_failed", R"("pointer":"/name")", "required"}, {}},
      {"every complaint", "POST", "/v1/customers", R"({"nam":"x","website":"ftp://x","id":7})", "", 422,
       {R"("/nam")", R"("/website")", R"("/id")", R"("/name")"}, {}},
      {"a bad id", "POST", "/v1/customers", R"({"name":"x","id":"7"})", "", 422, {R"("/id")"}, {R"("/name")"}},
      {"a zero id", "POST", "/v1/customers", R"({"name":"x","id":"00000000-0000-0000-0000-000000000000"})", "", 422, {R"("/id")"}, {}},
      {"a taken id", "POST", "/v1/customers", fmt::format(R"({{"name":"x","id":"{}"}})", id), "", 409, {"already_exists"}, {}},
      {"a taken key", "POST", "/v1/customers", R"({"name":"x","account_ref":"A1"})", "", 409, {"duplicate_key", R"("/account_ref")"}, {}},
      {"a reference to nothing", "POST", "/v1/contacts",
       fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", nobody), "", 422, {"reference_not_found", R"("/customer")"}, {}},
      {"a query parameter", "POST", "/v1/customers?x=1", R"({"name":"x"})", "", 400, {"bad_request"}, {}},
      {"a form", "POST", "/v1/customers", "name=x", "Content-Type: text/plain\r\n", 415, {"unsupported_media"}, {}},
      {"no UUID in the path", "GET", "/v1/customers/7", "", "", 404, {"not_found"}, {}},
      {"no such id", "GET", fmt::format("/v1/customers/{}", nobody), "", "", 404, {"not_found"}, {}},
      {"another kind's id", "GET", "/v1/contacts/" + id, "", "", 404, {"not_found"}, {}},
      {"unknown kind, read", "GET", "/v1/gadgets/" + id, "", "", 404, {"not_found"}, {}},
  });
  EXPECT_EQ(log.last_n(), 1);  // nothing but the first record was written
}

TEST_F(HandlersTest, AClientMayChooseTheId) {
  const std::string body = fmt::format(R"({{"id":"{}","name":"Mine"}})", nobody);
  EXPECT_EQ(make("customers", body), nobody);
}

TEST_F(HandlersTest, AnswersNotModified) {
  const std::string target = "/v1/customers/" + make("customers", R"({"name":"One"})");
  for (const char* tag : {"\"1\"", "W/\"1\"", "*", "\"7\", \"1\""}) {
    const Answer answer = get(target, fmt::format("If-None-Match: {}\r\n", tag));
    EXPECT_EQ(answer.status, 304u) << tag;
    EXPECT_EQ(answer.header("ETag"), "\"1\"");
    EXPECT_TRUE(answer.body.empty());
  }
  EXPECT_EQ(get(target, "If-None-Match: \"2\"\r\n").status, 200u);
}

TEST_F(HandlersTest, PatchesUnderARevision) {
  const std::string target =
      "/v1/customers/" + make("customers", R"({"name":"One","description":"old","address":{"city":"Ulm","line1":"1"}})");
  check({
      {"no If-Match", "PATCH", target, R"({"name":"Two"})", "", 428, {"precondition_required", "ETag"}, {}},
      {"no entity tag", "PATCH", target, R"({"name":"Two"})", "If-Match: 1\r\n", 400, {"If-Match"}, {}},
      {"a weak tag", "PATCH", target, R"({"name":"Two"})", "If-Match: W/\"1\"\r\n", 412, {"precondition_failed"}, {}},
      {"unknown field", "PATCH", target, R"({"nam":"Two"})", "If-Match: \"1\"\r\n", 422, {R"("/nam")"}, {}},
      {"required away", "PATCH", target, R"({"name":null})", "If-Match: \"1\"\r\n", 422, {R"("/name")", "required"}, {}},
      {"no such record", "PATCH", fmt::format("/v1/customers/{}", nobody), "{}", "If-Match: *\r\n", 404, {"not_found"}, {}},
      {"changed", "PATCH", target, R"({"name":"Two","description":null,"address":{"city":null}})",
       "If-Match: \"1\"\r\nContent-Type: application/merge-patch+json\r\n", 200,
       {R"("name":"Two")", R"("description":null)", R"("address":{"line1":"1"})", R"("revision":2)"}, {}},
      {"any revision", "PATCH", target, R"({"name":"Three"})", "If-Match: *\r\n", 200, {R"("revision":3)"}, {}},
      {"no change", "PATCH", target, R"({"name":"Three"})", "If-Match: \"3\"\r\n", 200, {R"("revision":3)"}, {}},
  });
  EXPECT_EQ(log.last_n(), 3);
}

TEST_F(HandlersTest, AStalePatchGetsTheRecordAsItIs) {
  const std::string target = "/v1/customers/" + make("customers", R"({"name":"One"})");
  ASSERT_EQ(patch(target, R"({"name":"Two","description":"d"})", "\"1\"").status, 200u);
  const Answer answer = patch(target, R"({"name":"Mine","description":"d"})", "\"1\"");
  EXPECT_EQ(answer.status, 412u);
  EXPECT_EQ(answer.header("ETag"), "\"2\"");
  json::object body = read_json(answer);
  EXPECT_EQ(body["code"].as_string(), "precondition_failed");
  EXPECT_EQ(body["current"].as_object()["name"].as_string(), "Two");
  ASSERT_EQ(body["errors"].as_array().size(), 1u) << answer.body;  // the description agrees
  EXPECT_EQ(body["errors"].as_array()[0].as_object()["pointer"].as_string(), "/name");
}

TEST_F(HandlersTest, DeletesWhatNothingRefersTo) {
  const std::string customer = make("customers", R"({"name":"One"})");
  const std::string contact =
      make("contacts", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", customer));
  check({
      {"no If-Match", "DELETE", "/v1/customers/" + customer, "", "", 428, {"precondition_required"}, {}},
      {"referred to", "DELETE", "/v1/customers/" + customer, "", "If-Match: *\r\n", 409, {"in_use", contact}, {}},
      {"stale", "DELETE", "/v1/contacts/" + contact, "", "If-Match: \"2\"\r\n", 412, {R"("current":{)", R"("revision":1)"}, {}},
      {"deleted", "DELETE", "/v1/contacts/" + contact, "", "If-Match: \"1\"\r\n", 204, {}, {}},
      {"gone", "GET", "/v1/contacts/" + contact, "", "", 404, {}, {}},
      {"gone already", "DELETE", "/v1/contacts/" + contact, "", "If-Match: *\r\n", 404, {"not_found"}, {}},
      {"its id stays taken", "POST", "/v1/contacts",
       fmt::format(R"({{"id":"{}","customer":"{}","email":"a@b.example"}})", contact, customer), "", 409, {"already_exists"}, {}},
      {"now free", "DELETE", "/v1/customers/" + customer, "", "If-Match: *\r\n", 204, {}, {}},
  });
}

TEST_F(HandlersTest, ListsFollowTheirCursors) {
  for (int i = 0; i < 7; ++i) {
    clock.now += 1;
    make("customers", fmt::format(R"({{"name":"N{}"{}}})", 9 - i, i % 2 ? fmt::format(R"(,"account_ref":"R{}")", i) : ""));
  }
  const auto walk = [&](std::string target, const char* member) {
    std::string seen;
    for (int page = 0; page < 10; ++page) {
      const Answer answer = get(target);
      EXPECT_EQ(answer.status, 200u) << answer.body;
      json::object body = read_json(answer);
      for (json::value& item : body["items"].as_array()) {
        const json::value& value = item.as_object()[member];
        seen += value.is_null() ? "-" : std::string(value.as_string());
        seen += ' ';
      }
      const std::string link = answer.header("Link");
      EXPECT_EQ(link.empty(), body["next_cursor"].is_null());
      if (link.empty()) break;
      target = link.substr(1, link.find('>') - 1);
    }
    return seen;
  };
  EXPECT_EQ(walk("/v1/customers?limit=3", "name"), "N9 N8 N7 N6 N5 N4 N3 ");
  EXPECT_EQ(walk("/v1/customers?limit=2&sort=-id", "name"), "N3 N4 N5 N6 N7 N8 N9 ");
  EXPECT_EQ(walk("/v1/customers?limit=2&sort=name", "name"), "N3 N4 N5 N6 N7 N8 N9 ");
  EXPECT_EQ(walk("/v1/customers?limit=3&sort=-name", "name"), "N9 N8 N7 N6 N5 N4 N3 ");
  EXPECT_EQ(walk("/v1/customers?limit=2&sort=account_ref", "account_ref"), "R1 R3 R5 - - - - ");
  EXPECT_EQ(walk("/v1/customers?limit=3&sort=-account_ref", "account_ref"), "R5 R3 R1 - - - - ");
  EXPECT_EQ(walk("/v1/customers?limit=1&account_ref=R3", "name"), "N6 ");
  EXPECT_EQ(walk("/v1/customers?limit=2&q=n", "name"), "");  // one letter is a whole word
  EXPECT_EQ(walk("/v1/customers?limit=1&q=n9", "name"), "N9 ");
}

TEST_F(HandlersTest, ListsFilterAndRefuse) {
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two = make("customers", R"({"name":"Two","archived_at":"2026-01-01T00:00:00Z"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"ada@x.example","last_name":"Löve"}})", one));
  make("contacts", fmt::format(R"({{"customer":"{}","email":"bob@x.example"}})", two));
  check({
      {"default", "GET", "/v1/customers", "", "", 200, {"One", R"("next_cursor":null)"}, {"Two"}},
      {"with the archived", "GET", "/v1/customers?archived=include", "", "", 200, {"One", "Two"}, {}},
      {"only the archived", "GET", "/v1/customers?archived=only", "", "", 200, {"Two"}, {"One"}},
      {"by customer", "GET", "/v1/contacts?customer=" + one, "", "", 200, {"ada@"}, {"bob@"}},
      {"by customer and more", "GET", "/v1/contacts?customer=" + one + "&email=bob%40x.example", "", "", 200, {R"("items":[])"}, {}},
      {"words", "GET", "/v1/contacts?q=lov+ada", "", "", 200, {"ada@"}, {"bob@"}},
      {"no word", "GET", "/v1/contacts?q=%2B%2B", "", "", 200, {R"("items":[])"}, {}},
      {"search", "GET", "/v1/search?q=tw", "", "", 200, {R"("kind":"customer")", "Two"}, {"One"}},
      {"search over kinds", "GET", "/v1/search?q=x.example", "", "", 200, {R"("kind":"contact")", "ada@", "bob@"}, {}},
      {"search for nothing", "GET", "/v1/search", "", "", 400, {"q"}, {}},
      {"unknown field", "GET", "/v1/customers?colour=red", "", "", 400, {"colour", "account_ref"}, {}},
      {"a field without index", "GET", "/v1/customers?description=x", "", "", 400, {"description", "known here"}, {}},
      {"unknown order", "GET", "/v1/customers?sort=website", "", "", 400, {"website"}, {}},
      {"no id", "GET", "/v1/contacts?customer=7", "", "", 400, {"customer"}, {}},
      {"limit 0", "GET", "/v1/customers?limit=0", "", "", 400, {"500"}, {}},
      {"limit 501", "GET", "/v1/customers?limit=501", "", "", 400, {"500"}, {}},
      {"limit x", "GET", "/v1/customers?limit=1x", "", "", 400, {"500"}, {}},
      {"archived x", "GET", "/v1/customers?archived=x", "", "", 400, {"exclude"}, {}},
      {"forged cursor", "GET", "/v1/customers?cursor=AAAA", "", "", 400, {"bad_cursor"}, {}},
      {"sorted search", "GET", "/v1/customers?q=one&sort=name", "", "", 400, {"sort"}, {}},
      {"unknown kind", "GET", "/v1/gadgets", "", "", 404, {"not_found"}, {}},
  });
}

TEST_F(HandlersTest, ACursorBelongsToItsList) {
  for (int i = 0; i < 3; ++i) make("customers", R"({"name":"N"})");
  const std::string cursor(read_json(get("/v1/customers?limit=1"))["next_cursor"].as_string());
  EXPECT_EQ(get("/v1/customers?limit=2&cursor=" + cursor).status, 200u);
  EXPECT_EQ(get("/v1/customers?sort=name&cursor=" + cursor).status, 400u);
  EXPECT_EQ(get("/v1/contacts?cursor=" + cursor).status, 400u);
}

TEST_F(HandlersTest, ARetryGetsTheSameAnswer) {
  const std::string key = "Idempotency-Key: order-17\r\n";
  const Answer first = post("/v1/customers", R"({"name":"One"})", key);
  const Answer again = post("/v1/customers", R"({"name":"One"})", key);
  EXPECT_EQ(first.status, 201u);
  EXPECT_EQ(again.status, 201u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Location"), first.header("Location"));
  EXPECT_EQ(again.header("ETag"), "\"1\"");
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(log.last_n(), 1);
  check({
      {"another body", "POST", "/v1/customers", R"({"name":"Two"})", key, 422, {"idempotency_mismatch"}, {}},
      {"another route", "POST", "/v1/notes", R"({"name":"One"})", key, 422, {"idempotency_mismatch"}, {}},
      {"too long", "POST", "/v1/customers", R"({"name":"One"})", fmt::format("Idempotency-Key: {}\r\n", std::string(256, 'k')), 400, {"255"}, {}},
      {"a refusal is not kept", "POST", "/v1/customers", "{}", "Idempotency-Key: other\r\n", 422, {}, {}},
      {"so the key is free", "POST", "/v1/customers", R"({"name":"Three"})", "Idempotency-Key: other\r\n", 201, {}, {}},
  });
  clock.now += 8ll * 24 * 3600 * 1000;
  EXPECT_EQ(post("/v1/customers", R"({"name":"Two"})", key).status, 201u);  // forgotten after 7 days
}

TEST_F(HandlersTest, AKeyInUseIsSaidToBeRunning) {
  ASSERT_TRUE(context->running_keys->enter(fmt::format("uid:{}", ::getuid()), "k"));
  EXPECT_THAT(post("/v1/customers", R"({"name":"One"})", "Idempotency-Key: k\r\n").body,
              HasSubstr("idempotency_running"));
  context->running_keys->leave(fmt::format("uid:{}", ::getuid()), "k");
  EXPECT_EQ(post("/v1/customers", R"({"name":"One"})", "Idempotency-Key: k\r\n").status, 201u);
}

TEST_F(HandlersTest, TokensOpenWhatTheyMay) {
  const Answer made = post("/v1/tokens", R"({"name":"crm","access":["write","read"]})");
  ASSERT_EQ(made.status, 201u) << made.body;
  json::object token = read_json(made);
  const std::string secret(token["token"].as_string());
  EXPECT_EQ(json::serialize(token["access"]), R"(["read","write"])");
  EXPECT_EQ(made.header("Cache-Control"), "no-store");
  EXPECT_THAT(get("/v1/tokens").body, Not(HasSubstr(secret)));

  EXPECT_EQ(send_with_token(secret, "GET", "/v1/customers").status, 200u);
  EXPECT_EQ(send_with_token(secret, "POST", "/v1/customers", R"({"name":"One"})").status, 201u);
  EXPECT_EQ(send_with_token(secret, "GET", "/v1/tokens").status, 403u);
  EXPECT_EQ(send_with_token("", "GET", "/v1/customers").status, 401u);
  EXPECT_EQ(send_with_token("skry_api_x", "GET", "/v1/customers").status, 401u);
  EXPECT_THAT(get("/v1/audit").body, HasSubstr(R"("actor":"token:crm")"));

  const std::string target = fmt::format("/v1/tokens/{}", std::string_view(token["id"].as_string()));
  EXPECT_THAT(send("DELETE", target).body, HasSubstr(R"("revoked_at":"2026)"));
  const Answer refused = send_with_token(secret, "GET", "/v1/customers");
  EXPECT_EQ(refused.status, 401u);
  EXPECT_THAT(refused.body, HasSubstr("revoked"));
  EXPECT_EQ(send("DELETE", target).status, 200u);  // again: no harm
  EXPECT_EQ(post("/v1/tokens", R"({"name":"crm","access":["read"]})").status, 201u);  // name is free
}

TEST_F(HandlersTest, TokensExpireAndNoteTheirUse) {
  json::object token = read_json(
      post("/v1/tokens", R"({"name":"t","access":["read"],"expires_at":"2026-06-01T00:00:00Z"})"));
  const std::string secret(token["token"].as_string());
  EXPECT_EQ(send_with_token(secret, "GET", "/v1/customers").status, 200u);
  while (get("/v1/tokens").body.find(R"("last_used_at":null)") != std::string::npos) {
  }
  clock.now = 1'790'000'000'000;
  EXPECT_THAT(send_with_token(secret, "GET", "/v1/customers").body, HasSubstr("expired"));
}

TEST_F(HandlersTest, RefusesBadTokens) {
  ASSERT_EQ(post("/v1/tokens", R"({"name":"taken","access":["read"]})").status, 201u);
  check({
      {"nothing", "POST", "/v1/tokens", "{}", "", 422, {R"("/name")", R"("/access")"}, {}},
      {"no name", "POST", "/v1/tokens", R"({"name":" ","access":["read"]})", "", 422, {R"("/name")"}, {}},
      {"a long name", "POST", "/v1/tokens", fmt::format(R"({{"name":"{}","access":["read"]}})", std::string(101, 'x')), "", 422, {R"("/name")"}, {}},
      {"no access", "POST", "/v1/tokens", R"({"name":"a","access":[]})", "", 422, {R"("/access")"}, {}},
      {"unknown access", "POST", "/v1/tokens", R"({"name":"a","access":["root"]})", "", 422, {"read, write, admin"}, {}},
      {"unknown member", "POST", "/v1/tokens", R"({"name":"a","access":["read"],"x":1})", "", 422, {R"("/x")"}, {}},
      {"in the past", "POST", "/v1/tokens", R"({"name":"a","access":["read"],"expires_at":"2020-01-01T00:00:00Z"})", "", 422, {R"("/expires_at")"}, {}},
      {"taken", "POST", "/v1/tokens", R"({"name":"taken","access":["read"]})", "", 409, {"duplicate_key"}, {}},
      {"no id", "DELETE", "/v1/tokens/7", "", "", 404, {"not_found"}, {}},
      {"no such token", "DELETE", fmt::format("/v1/tokens/{}", nobody), "", "", 404, {"not_found"}, {}},
  });
}

TEST_F(HandlersTest, TheFeedHasEveryChangeOnce) {
  const std::string target = "/v1/customers/" + make("customers", R"({"name":"One"})");
  patch(target, R"({"name":"Two"})", "*");
  send("DELETE", target, "", "If-Match: *\r\n");
  json::object feed = read_json(get("/v1/changes"));
  const json::array& items = feed["items"].as_array();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(feed["last"].as_int64(), 3);
  for (std::int64_t n = 1; n <= 3; ++n)
    EXPECT_EQ(items[static_cast<std::size_t>(n - 1)].at("n").as_int64(), n);
  EXPECT_EQ(items[0].at("op").as_string(), "new");
  EXPECT_EQ(json::serialize(items[1].at("fields")), R"({"name":{"old":"One","new":"Two"}})");
  EXPECT_EQ(items[2].at("op").as_string(), "del");
  EXPECT_EQ(items[1].at("disposition").as_string(), "applied");
  EXPECT_EQ(items[1].at("site").as_string(), "central");
  check({
      {"behind two", "GET", "/v1/changes?after=2", "", "", 200, {R"("n":3)", R"("last":3)"}, {R"("n":2)"}},
      {"limited", "GET", "/v1/changes?after=0&limit=1", "", "", 200, {R"("last":1)"}, {R"("n":2)"}},
      {"nothing new", "GET", "/v1/changes?after=3", "", "", 200, {R"({"items":[],"last":3})"}, {}},
      {"not a number", "GET", "/v1/changes?after=-1", "", "", 400, {"after"}, {}},
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
  stream.send("GET /v1/changes HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\nLast-Event-ID: 2\r\n\r\n");
  const std::string first = stream.receive_until("id: 3\n");
  EXPECT_THAT(first, HasSubstr("text/event-stream"));
  EXPECT_THAT(first, Not(HasSubstr("id: 2\n")));
  make("customers", R"({"name":"Late"})");
  EXPECT_THAT(stream.receive_until("Late"), HasSubstr("id: 4\n"));
}

TEST_F(HandlersTest, TheAuditIsFiltered) {
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two = make("customers", R"({"name":"Two"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", one));
  send("PATCH", "/v1/customers/" + two, R"({"name":"Zwei"})", "If-Match: *\r\nX-Skerry-Source: cli\r\n");
  check({
      {"newest first", "GET", "/v1/audit?limit=1", "", "", 200, {"Zwei"}, {R"("n":1,)", R"("next_cursor":null)"}},
      {"by kind", "GET", "/v1/audit?kind=contact", "", "", 200, {"a@b.example"}, {"One"}},
      {"by record", "GET", "/v1/audit?record=" + two, "", "", 200, {"Zwei", R"("old":"Two")"}, {"One"}},
      {"by source", "GET", "/v1/audit?source=cli", "", "", 200, {"Zwei"}, {"One"}},
      {"by actor", "GET", "/v1/audit?actor=token:crm", "", "", 200, {R"("items":[])"}, {}},
      {"since later", "GET", "/v1/audit?since=2030-01-01T00:00:00Z", "", "", 200, {R"("items":[])"}, {}},
      {"until later", "GET", "/v1/audit?until=2030-01-01T00:00:00Z", "", "", 200, {"One"}, {}},
      {"unknown kind", "GET", "/v1/audit?kind=gadget", "", "", 400, {"gadget"}, {}},
      {"bad time", "GET", "/v1/audit?since=yesterday", "", "", 400, {"since"}, {}},
      {"unknown filter", "GET", "/v1/audit?colour=red", "", "", 400, {"colour"}, {}},
      {"verified", "POST", "/v1/audit:verify", "", "", 200, {R"({"rows":4,"logs":1})"}, {}},
  });
  const std::string cursor(read_json(get("/v1/audit?limit=3"))["next_cursor"].as_string());
  EXPECT_THAT(get("/v1/audit?cursor=" + cursor).body, HasSubstr(R"("n":1,)"));
}

TEST_F(HandlersTest, ABrokenChainIsNamed) {
  make("customers", R"({"name":"One"})");
  make("customers", R"({"name":"Two"})");
  write([](store::Connection& connection) -> Result<void> {
    connection.execute("UPDATE change_log SET line=replace(line,'One','Won') WHERE n=1");
    return {};
  });
  const Answer answer = post("/v1/audit:verify", "");
  EXPECT_GE(answer.status, 500u);
  EXPECT_THAT(answer.body, HasSubstr("row 1"));
}

TEST_F(SiteHandlersTest, ASitesOwnChangesAreUndecided) {
  make("customers", R"({"name":"One"})");
  EXPECT_THAT(get("/v1/changes").body, HasSubstr(R"("disposition":"pending")"));
  check({{"central's field", "POST", "/v1/customers",
          R"({"name":"x","disabled_at":"2026-01-01T00:00:00Z"})", "", 409, {"owned_by_central"}, {}}});
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
      {"a problem", "GET", "/problems/precondition_failed", "", "", 200, {R"("status":412)", "exit_code"}, {}},
      {"no problem", "GET", "/problems/none", "", "", 404, {"not_found"}, {}},
  });
}

TEST(EntityTagTest, ReadsIfMatch) {
  EXPECT_EQ(required_revision("").error().code, Errc::precondition_required);
  EXPECT_EQ(required_revision("17").error().code, Errc::bad_request);
  EXPECT_EQ(required_revision("\"1\", \"2\"").error().code, Errc::bad_request);
  EXPECT_EQ(*required_revision(" * "), std::nullopt);
  EXPECT_EQ(*required_revision("\"17\""), 17);
  for (const char* other : {"\"\"", "\"017\"", "\"x\"", "\"-1\"", "W/\"17\""})
    EXPECT_EQ(*required_revision(other), -1) << other;
}

}  // namespace
}  // namespace skerry::api
