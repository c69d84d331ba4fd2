// Sessions, mappings and exports over HTTP.
#include "api/import_sessions.hpp"

#include <fmt/format.h>
#include <future>
#include <gmock/gmock.h>

#include "core/timestamp.hpp"
#include "store/import_sessions.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

class ImportSessionsTest : public HandlersTest {
 protected:
  ~ImportSessionsTest() override { context->imports->stop(); }

  Answer start(const std::string& query, std::string_view csv, std::string_view headers = {}) {
    const std::string key = fmt::format("Idempotency-Key: {}\r\n", ++key_);
    return send("POST", "/v1/import-sessions" + query, csv,
                "Content-Type: text/csv\r\n" + (headers.empty() ? key : std::string(headers)));
  }
  int key_ = 0;
  // The importer does one thing after another: this comes behind all that waits.
  void await_imports() {
    std::promise<void> reached;
    asio::post(importer, [&reached] { reached.set_value(); });
    reached.get_future().wait();
  }
  // The session, once it has ended.
  json::object ended(const Answer& begun) {
    const std::string id(read_json(begun)["id"].as_string());
    await_imports();
    return read_json(get("/v1/import-sessions/" + id));
  }
};

TEST_F(ImportSessionsTest, RunsAndTellsWhatBecameOfIt) {
  const Answer begun =
      start("?kind=customers&mode=good-rows-only", "name,website\nAcme,\nBolt,x\nCog,\n");
  EXPECT_EQ(begun.status, 202u) << begun.body;
  const std::string id(read_json(begun)["id"].as_string());
  EXPECT_THAT(begun.head, HasSubstr("Location: /v1/import-sessions/" + id));
  json::object session = ended(begun);
  EXPECT_EQ(session["state"], json::value("done"));
  EXPECT_EQ(session["kind"], json::value("customers"));
  EXPECT_EQ(session["created"], json::value(2));
  EXPECT_EQ(session["rejected"], json::value(1));
  EXPECT_EQ(session["rows_total"], json::value(3));
  EXPECT_EQ(session["bytes_done"], session["bytes_total"]);
  EXPECT_EQ(session["finished_at"], json::value(format_timestamp(clock.now)));
  EXPECT_EQ(std::string(session["rejects"].as_string()), "/v1/import-sessions/" + id + "/rejects");
  const Answer rejects = get("/v1/import-sessions/" + id + "/rejects");
  EXPECT_EQ(rejects.body, "name,website,reason\nBolt,x,website: is not an http or https address\n");
  EXPECT_THAT(get("/v1/import-sessions").body, HasSubstr(id));
  const store::Reader reader = database->read();
  store::Cursor cursor = reader->query("SELECT line FROM change_log ORDER BY n DESC LIMIT 1");
  ASSERT_TRUE(cursor.next());
  EXPECT_THAT(std::string(cursor.text(0)), HasSubstr(R"("src":"import")"));
}

TEST_F(ImportSessionsTest, AFailedOneSaysWhy) {
  json::object bad = ended(start("?kind=customers", "name,website\nAcme,x\n"));
  EXPECT_EQ(bad["state"], json::value("failed"));
  EXPECT_EQ(bad["error"].at("code"), json::value("bad_input"));
  EXPECT_EQ(bad["errors"].at(0).at("code"), json::value("bad_url"));
  EXPECT_EQ(bad["created"], json::value(0));
  bad = ended(start("?kind=customers&map=name=Firm", "name\nAcme\n"));
  EXPECT_EQ(bad["error"].at("code"), json::value("bad_request"));
  EXPECT_EQ(log.last_n(), 0);
}

TEST_F(ImportSessionsTest, ARetryGetsTheSameSession) {
  const std::string_view key = "Idempotency-Key: once\r\n";
  const Answer first = start("?kind=customers", "name\nAcme\n", key);
  const Answer second = start("?kind=customers", "name\nAcme\n", key);
  EXPECT_EQ(second.status, 202u);
  EXPECT_EQ(read_json(second)["id"], read_json(first)["id"]);
  EXPECT_EQ(ended(first)["created"], json::value(1));
  EXPECT_EQ(log.last_n(), 1);
}

TEST_F(ImportSessionsTest, OnlySoManyMayWait) {
  std::promise<void> opened;
  asio::post(importer, [gate = opened.get_future().share()] { gate.wait(); });
  const std::string csv = "name\nAcme\n";
  for (std::size_t i = 0; i < ImportSessions::unfinished_max; ++i)
    EXPECT_EQ(start("?kind=customers", csv).status, 202u);
  const Answer refused = start("?kind=customers", csv);
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(refused.header("RateLimit-Policy"),
            "\"waiting-imports\";q=16;qu=\"concurrent-requests\"");
  opened.set_value();
  await_imports();
  EXPECT_EQ(start("?kind=customers", csv).status, 202u);
}

TEST_F(ImportSessionsTest, OneThatWasCutOffHasFailed) {
  const RecordId id = *parse_id<RecordId>(nobody);
  json::object done = ended(start("?kind=customers", "name\nAcme\n"));
  write([&](store::Connection& connection) -> Result<void> {
    store::keep_import(connection, {id, "customer", "writing", 1,
                                    R"({"id":"x","state":"writing","created":7,"updated":1,)"
                                    R"("finished_at":null})"});
    return {};
  });
  clock.now += 1000;
  ASSERT_TRUE(end_cut_imports(*context));  // as at the next start
  json::object session = read_json(get(fmt::format("/v1/import-sessions/{}", nobody)));
  EXPECT_EQ(session["state"], json::value("failed"));
  EXPECT_EQ(session["finished_at"], json::value(format_timestamp(clock.now)));
  EXPECT_EQ(session["error"].at("code"), json::value("stopping"));
  const RecordId other = *parse_id<RecordId>(done["id"].as_string());
  EXPECT_EQ(store::find_import(*database->read(), other)->state, "done");
  EXPECT_THAT(std::string(session["error"].at("detail").as_string()),
              HasSubstr("8 of its rows had been written"));
  EXPECT_EQ(post(fmt::format("/v1/import-sessions/{}:cancel", nobody), "").status, 202u);
  EXPECT_EQ(get(fmt::format("/v1/import-sessions/{}/rejects", nobody)).status, 404u);
}

TEST_F(ImportSessionsTest, AfterAStopNothingBegins) {
  context->imports->stop();
  const Answer refused = start("?kind=customers", "name\nAcme\n");
  EXPECT_EQ(refused.status, 503u) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("stopping"));
  EXPECT_EQ(post("/v1/imports/customers", "name\nAcme\n",
                 "Content-Type: text/csv\r\nIdempotency-Key: n\r\n")
                .status,
            503u);
  EXPECT_EQ(log.last_n(), 0);
}

TEST_F(ImportSessionsTest, RefusesWhatItDoesNotUnderstand) {
  const std::string unknown = fmt::format("/v1/import-sessions/{}", nobody);
  check({
      {"no kind",
       "POST",
       "/v1/import-sessions",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {"kind"},
       {}},
      {"unknown kind",
       "POST",
       "/v1/import-sessions?kind=gadgets",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       404,
       {"customers"},
       {}},
      {"no body",
       "POST",
       "/v1/import-sessions?kind=customers",
       "",
       "Idempotency-Key: n\r\n",
       422,
       {"empty_file"},
       {}},
      {"unknown mode",
       "POST",
       "/v1/import-sessions?kind=customers&mode=x",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {"good-rows-only"},
       {}},
      {"unknown mapping",
       "POST",
       "/v1/import-sessions?kind=customers&mapping=x",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       404,
       {"no mapping x"},
       {}},
      {"bad name",
       "POST",
       "/v1/import-sessions?kind=customers&save_mapping=a%2Fb",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {"save_mapping"},
       {}},
      {"unknown parameter",
       "POST",
       "/v1/import-sessions?kind=customers&x=1",
       "name\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {},
       {}},
      {"unknown session", "GET", unknown, "", "", 404, {}, {}},
      {"unknown rejects", "GET", unknown + "/rejects", "", "", 404, {}, {}},
      {"cancel an unknown one", "POST", unknown + ":cancel", "", "", 404, {}, {}},
      {"no id", "GET", "/v1/import-sessions/x", "", "", 404, {}, {}},
  });
}

TEST_F(ImportSessionsTest, MappingsAreSavedUsedAndForgotten) {
  const std::string query =
      "?kind=customers&map=name=Firm&set=description=x&ignore=Colour&save_mapping=crm";
  EXPECT_EQ(ended(start(query, "Firm,Colour\nAcme,red\n"))["state"], json::value("done"));
  EXPECT_EQ(ended(start("?kind=customers&mapping=crm", "Firm,Colour\nBolt,red\n"))["created"],
            json::value(1));
  check({
      {"list",
       "GET",
       "/v1/mappings",
       "",
       "",
       200,
       {R"("name":"crm")", R"("kind":"customers")"},
       {}},
      {"show",
       "GET",
       "/v1/mappings/crm",
       "",
       "",
       200,
       {R"("map":[{"field":"name","header":"Firm"}])", R"("ignore":["Colour"])"},
       {}},
      {"of another kind",
       "POST",
       "/v1/imports/contacts?mapping=crm",
       "Firm\nA\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {"is for the kind customer"},
       {}},
      {"forget", "DELETE", "/v1/mappings/crm", "", "", 204, {}, {}},
      {"forget again", "DELETE", "/v1/mappings/crm", "", "", 404, {}, {}},
      {"show nothing", "GET", "/v1/mappings/crm", "", "", 404, {}, {}},
  });
}

TEST_F(ImportSessionsTest, ExportsAllThatTheFiltersSelect) {
  for (int i = 0; i < 1'100; ++i)
    make("customers", fmt::format(R"({{"name":"C{}","account_ref":"{}"}})", i, i));
  const Answer csv = get("/v1/exports/customers");
  EXPECT_EQ(csv.status, 200u);
  EXPECT_EQ(std::count(csv.body.begin(), csv.body.end(), '\n'), 1'101);
  EXPECT_THAT(csv.head, HasSubstr("Content-Type: text/csv; charset=utf-8"));
  EXPECT_THAT(csv.head, HasSubstr("filename=\"customers.csv\""));
  const Answer lines = get("/v1/exports/customers?format=ndjson&account_ref=7");
  EXPECT_THAT(lines.body, HasSubstr(R"("name":"C7")"));
  EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 1);
  check({
      {"no such kind", "GET", "/v1/exports/gadgets", "", "", 404, {"the kinds are"}, {}},
      {"no such format", "GET", "/v1/exports/customers?format=xls", "", "", 400, {"ndjson"}, {}},
      {"no such filter", "GET", "/v1/exports/customers?colour=red", "", "", 400, {}, {}},
      {"a page", "GET", "/v1/exports/customers?limit=5", "", "", 400, {"holds all records"}, {}},
  });
  const Answer again = send("POST", "/v1/imports/customers", csv.body,
                            "Content-Type: text/csv\r\nIdempotency-Key: back\r\n");
  EXPECT_THAT(again.body, HasSubstr(R"("created":0,"updated":0,"unchanged":1100)"));
}

}  // namespace
}  // namespace skerry::api
