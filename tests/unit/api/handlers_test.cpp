#include <fmt/format.h>
#include <unistd.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

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
      {"twice the same key",
       "POST",
       "/v1/customers",
       R"({"name":"a","name":"b"})",
       "",
       400,
       {"bad_json"},
       {}},
      {"no name",
       "POST",
       "/v1/customers",
       "{}",
       "",
       422,
       {"validation_failed", R"("pointer":"/name")", "required"},
       {}},
      {"every complaint",
       "POST",
       "/v1/customers",
       R"({"nam":"x","website":"ftp://x","id":7})",
       "",
       422,
       {R"("/nam")", R"("/website")", R"("/id")", R"("/name")"},
       {}},
      {"a bad id",
       "POST",
       "/v1/customers",
       R"({"name":"x","id":"7"})",
       "",
       422,
       {R"("/id")"},
       {R"("/name")"}},
      {"a zero id",
       "POST",
       "/v1/customers",
       R"({"name":"x","id":"00000000-0000-0000-0000-000000000000"})",
       "",
       422,
       {R"("/id")"},
       {}},
      {"a taken id",
       "POST",
       "/v1/customers",
       fmt::format(R"({{"name":"x","id":"{}"}})", id),
       "",
       409,
       {"already_exists"},
       {}},
      {"a taken key",
       "POST",
       "/v1/customers",
       R"({"name":"x","account_ref":"A1"})",
       "",
       409,
       {"duplicate_key", R"("/account_ref")"},
       {}},
      {"a reference to nothing",
       "POST",
       "/v1/contacts",
       fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", nobody),
       "",
       422,
       {"reference_not_found", R"("/customer")"},
       {}},
      {"a query parameter",
       "POST",
       "/v1/customers?x=1",
       R"({"name":"x"})",
       "",
       400,
       {"bad_request"},
       {}},
      {"a form",
       "POST",
       "/v1/customers",
       "name=x",
       "Content-Type: text/plain\r\n",
       415,
       {"unsupported_media"},
       {}},
      {"no UUID in the path", "GET", "/v1/customers/7", "", "", 404, {"/v1/customers lists"}, {}},
      {"no such id",
       "GET",
       fmt::format("/v1/customers/{}", nobody),
       "",
       "",
       404,
       {"not_found"},
       {}},
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
      "/v1/customers/" +
      make("customers",
           R"({"name":"One","description":"old","address":{"city":"Ulm","line1":"1"}})");
  check({
      {"no If-Match",
       "PATCH",
       target,
       R"({"name":"Two"})",
       "",
       428,
       {"precondition_required", "ETag"},
       {}},
      {"no entity tag",
       "PATCH",
       target,
       R"({"name":"Two"})",
       "If-Match: 1\r\n",
       400,
       {"If-Match"},
       {}},
      {"a weak tag",
       "PATCH",
       target,
       R"({"name":"Two"})",
       "If-Match: W/\"1\"\r\n",
       412,
       {"precondition_failed"},
       {}},
      {"unknown field",
       "PATCH",
       target,
       R"({"nam":"Two"})",
       "If-Match: \"1\"\r\n",
       422,
       {R"("/nam")"},
       {}},
      {"required away",
       "PATCH",
       target,
       R"({"name":null})",
       "If-Match: \"1\"\r\n",
       422,
       {R"("/name")", "required"},
       {}},
      {"no such record",
       "PATCH",
       fmt::format("/v1/customers/{}", nobody),
       "{}",
       "If-Match: *\r\n",
       404,
       {"not_found"},
       {}},
      {"changed",
       "PATCH",
       target,
       R"({"name":"Two","description":null,"address":{"city":null}})",
       "If-Match: \"1\"\r\nContent-Type: application/merge-patch+json\r\n",
       200,
       {R"("name":"Two")", R"("description":null)", R"("address":{"line1":"1"})",
        R"("revision":2)"},
       {}},
      {"any revision",
       "PATCH",
       target,
       R"({"name":"Three"})",
       "If-Match: *\r\n",
       200,
       {R"("revision":3)"},
       {}},
      {"no change",
       "PATCH",
       target,
       R"({"name":"Three"})",
       "If-Match: \"3\"\r\n",
       200,
       {R"("revision":3)"},
       {}},
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
      {"no If-Match",
       "DELETE",
       "/v1/customers/" + customer,
       "",
       "",
       428,
       {"precondition_required"},
       {}},
      {"referred to",
       "DELETE",
       "/v1/customers/" + customer,
       "",
       "If-Match: *\r\n",
       409,
       {"in_use", "1 contact"},
       {}},
      {"stale",
       "DELETE",
       "/v1/contacts/" + contact,
       "",
       "If-Match: \"2\"\r\n",
       412,
       {R"("current":{)", R"("revision":1)"},
       {}},
      {"deleted", "DELETE", "/v1/contacts/" + contact, "", "If-Match: \"1\"\r\n", 204, {}, {}},
      {"gone", "GET", "/v1/contacts/" + contact, "", "", 404, {}, {}},
      {"gone already",
       "DELETE",
       "/v1/contacts/" + contact,
       "",
       "If-Match: *\r\n",
       404,
       {"not_found"},
       {}},
      {"its id stays taken",
       "POST",
       "/v1/contacts",
       fmt::format(R"({{"id":"{}","customer":"{}","email":"a@b.example"}})", contact, customer),
       "",
       409,
       {"already_exists"},
       {}},
      {"now free", "DELETE", "/v1/customers/" + customer, "", "If-Match: *\r\n", 204, {}, {}},
  });
}

TEST_F(HandlersTest, ListsFollowTheirCursors) {
  for (int i = 0; i < 7; ++i) {
    clock.now += 1;
    make("customers", fmt::format(R"({{"name":"N{}"{}}})", 9 - i,
                                  i % 2 ? fmt::format(R"(,"account_ref":"R{}")", i) : ""));
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
  EXPECT_EQ(walk("/v1/customers?limit=2&q=n", "name"), "N3 N4 N5 N6 N7 N8 N9 ");
  EXPECT_EQ(walk("/v1/customers?limit=1&q=n9", "name"), "N9 ");
}

TEST_F(HandlersTest, ListsFilterAndRefuse) {
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two =
      make("customers", R"({"name":"Two","archived_at":"2026-01-01T00:00:00Z"})");
  make("contacts",
       fmt::format(R"({{"customer":"{}","email":"ada@x.example","last_name":"Löve"}})", one));
  make("contacts", fmt::format(R"({{"customer":"{}","email":"bob@x.example"}})", two));
  check({
      {"default", "GET", "/v1/customers", "", "", 200, {"One", R"("next_cursor":null)"}, {"Two"}},
      {"with the archived",
       "GET",
       "/v1/customers?archived=include",
       "",
       "",
       200,
       {"One", "Two"},
       {}},
      {"only the archived", "GET", "/v1/customers?archived=only", "", "", 200, {"Two"}, {"One"}},
      {"by customer", "GET", "/v1/contacts?customer=" + one, "", "", 200, {"ada@"}, {"bob@"}},
      {"by customer and more",
       "GET",
       "/v1/contacts?customer=" + one + "&email=bob%40x.example",
       "",
       "",
       200,
       {R"("items":[])"},
       {}},
      {"words", "GET", "/v1/contacts?q=lov+ada", "", "", 200, {"ada@"}, {"bob@"}},
      {"no word", "GET", "/v1/contacts?q=%2B%2B", "", "", 400, {"no word"}, {}},
      {"search", "GET", "/v1/search?q=tw", "", "", 200, {R"("kind":"customer")", "Two"}, {"One"}},
      {"search over kinds",
       "GET",
       "/v1/search?q=x.example",
       "",
       "",
       200,
       {R"("kind":"contact")", "ada@", "bob@"},
       {}},
      {"search for nothing", "GET", "/v1/search", "", "", 400, {"q"}, {}},
      {"unknown field",
       "GET",
       "/v1/customers?colour=red",
       "",
       "",
       400,
       {"colour", "account_ref"},
       {}},
      {"a field without index",
       "GET",
       "/v1/customers?description=x",
       "",
       "",
       400,
       {"description", "known here"},
       {}},
      {"unknown order", "GET", "/v1/customers?sort=website", "", "", 400, {"website"}, {}},
      {"no id", "GET", "/v1/contacts?customer=7", "", "", 400, {"customer"}, {}},
      {"limit 0", "GET", "/v1/customers?limit=0", "", "", 400, {"500"}, {}},
      {"limit 501", "GET", "/v1/customers?limit=501", "", "", 400, {"500"}, {}},
      {"limit x", "GET", "/v1/customers?limit=1x", "", "", 400, {"500"}, {}},
      {"archived x", "GET", "/v1/customers?archived=x", "", "", 400, {"exclude"}, {}},
      {"forged cursor", "GET", "/v1/customers?cursor=AAAA", "", "", 400, {"bad_cursor"}, {}},
      {"sorted search", "GET", "/v1/customers?q=one&sort=name", "", "", 400, {"sort"}, {}},
      {"unknown kind", "GET", "/v1/gadgets", "", "", 404, {"the kinds are"}, {}},
  });
}

TEST_F(HandlersTest, ACursorBelongsToItsList) {
  for (int i = 0; i < 3; ++i) make("customers", R"({"name":"N"})");
  const std::string cursor(read_json(get("/v1/customers?limit=1"))["next_cursor"].as_string());
  EXPECT_EQ(get("/v1/customers?limit=2&cursor=" + cursor).status, 200u);
  EXPECT_EQ(get("/v1/customers?sort=name&cursor=" + cursor).status, 400u);
  EXPECT_EQ(get("/v1/contacts?cursor=" + cursor).status, 400u);
}

}  // namespace
}  // namespace skerry::api
