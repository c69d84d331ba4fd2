#include <fmt/format.h>
#include <future>
#include <gmock/gmock.h>

#include "tests/unit/api/machine_fixture.hpp"

namespace skerry::api {
namespace {

using testing::HasSubstr;

class ImportsTest : public MachineTest {
 protected:
  Answer import(const std::string& query, std::string_view csv,
                const std::string& plural = "customers") {
    return send("POST", "/v1/imports/" + plural + query, csv,
                fmt::format("Content-Type: text/csv\r\nIdempotency-Key: {}\r\n", ++key_));
  }
  int key_ = 0;
  std::string source_of_last_change() {
    const store::Reader reader = database->read();
    store::Cursor cursor = reader->query("SELECT line FROM change_log ORDER BY n DESC LIMIT 1");
    return cursor.next() ? std::string(cursor.text(0)) : "no row";
  }
};

TEST_F(ImportsTest, WritesAndCounts) {
  const std::string csv = "Company,Key,Colour\nAcme,A1,red\nBolt,A2,blue\n";
  const std::string query = "?map=name=Company&map=account_ref=Key";
  const Answer first = import(query, csv);
  EXPECT_EQ(first.status, 200u) << first.body;
  EXPECT_EQ(first.body,
            R"({"rows":2,"created":2,"updated":0,"unchanged":0,"rejected":0,"parents_created":0,)"
            R"("dry_run":false,"errors":[],"errors_left_out":0,"ignored_columns":["Colour"]})");
  EXPECT_THAT(source_of_last_change(), HasSubstr(R"("src":"import")"));
  EXPECT_THAT(import(query, csv).body, HasSubstr(R"("created":0,"updated":0,"unchanged":2)"));
  EXPECT_EQ(log.last_n(), 2);
}

TEST_F(ImportsTest, NeedsAKeyAndTheFileItself) {
  const auto status_of = [&](std::string_view headers) {
    return send("POST", "/v1/imports/customers", "name\nAcme\n", std::string(headers)).status;
  };
  EXPECT_EQ(status_of("Content-Type: text/csv\r\n"), 400u);
  EXPECT_EQ(status_of("Idempotency-Key:\r\n"), 400u);
  const std::string key = "Idempotency-Key: one\r\nContent-Type: ";
  EXPECT_EQ(status_of(key + "text/csv; charset=ISO-8859-1\r\n"), 415u);
  EXPECT_EQ(status_of(key + "multipart/form-data; boundary=x\r\n"), 415u);
  for (const char* type : {"application/json", "application/x-ndjson", "text/html; charset=utf-8"})
    EXPECT_EQ(status_of(key + type + "\r\n"), 415u) << type;
  EXPECT_THAT(send("POST", "/v1/imports/customers", "{}", key + "application/json\r\n").body,
              HasSubstr("as text/csv, application/csv, text/plain, "));
  EXPECT_EQ(log.last_n(), 0);
  EXPECT_EQ(status_of(key + "text/csv; charset=\"UTF-8\"; header=present\r\n"), 200u);
  EXPECT_EQ(log.last_n(), 1);
  for (const char* type : {"application/csv", "Text/Plain;charset=utf-8", ""})
    EXPECT_EQ(send("POST", "/v1/imports/customers?dry_run=true", "name\nB\n",
                   fmt::format("Idempotency-Key: of {}\r\nContent-Type: {}\r\n", type, type))
                  .status,
              200u)
        << type;
}

TEST_F(ImportsTest, ADryRunWritesNothing) {
  const Answer good = import("?dry_run=true", "name\nAcme\n");
  EXPECT_EQ(good.status, 200u) << good.body;
  EXPECT_THAT(good.body, HasSubstr(R"("created":1)"));
  EXPECT_THAT(good.body, HasSubstr(R"("dry_run":true)"));
  const Answer bad = import("?dry_run=true", "name,website\nAcme,x\n");
  EXPECT_EQ(bad.status, 200u) << bad.body;
  EXPECT_THAT(bad.body, HasSubstr(R"("errors":[{"row":2,"column":"website","code":"bad_url")"));
  EXPECT_EQ(log.last_n(), 0);
}

TEST_F(ImportsTest, ABadFileIsAProblemWithEveryPlace) {
  const Answer answer = import("", "name,website\nAcme,x\n\"\",\nBolt\n");
  EXPECT_EQ(answer.status, 422u);
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"bad_input")"));
  EXPECT_THAT(answer.body, HasSubstr("the file has 3 errors; nothing was written"));
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"row 2, column website","code":"bad_url")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"row 3, column name","code":"required")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"row 4","code":"ragged_row")"));
  EXPECT_THAT(import("", "").body, HasSubstr(R"("pointer":"file","code":"empty_file")"));
  EXPECT_EQ(log.last_n(), 0);
}

TEST_F(ImportsTest, RefusesARequestItDoesNotUnderstand) {
  const std::string csv = "name\nAcme\n";
  EXPECT_EQ(import("", csv, "gadgets").status, 404u);
  EXPECT_EQ(import("?dryrun=true", csv).status, 400u);
  EXPECT_EQ(import("?dry_run=yes", csv).status, 400u);
  EXPECT_EQ(import("?map=name", csv).status, 400u);
  EXPECT_EQ(import("?map==x", csv).status, 400u);
  const Answer no_header = import("?map=name=Company", csv);
  EXPECT_EQ(no_header.status, 400u);
  EXPECT_THAT(no_header.body, HasSubstr("no column Company"));
  EXPECT_THAT(import("?map=nmae=name", csv).body, HasSubstr("no field nmae"));
  EXPECT_EQ(log.last_n(), 0);
}

// Each may take minutes.
TEST_F(ImportsTest, NeitherImportsNorOtherWorkWaitForEachOther) {
  for (asio::thread_pool* held : {&worker, &importer}) {
    std::promise<void> go_on;
    asio::post(*held, [waits = go_on.get_future().share()] { waits.wait(); });
    if (held == &worker)
      EXPECT_EQ(import("", "name\nAcme\n").status, 200u);
    else
      EXPECT_EQ(get("/v1/digest").status, 200u);
    go_on.set_value();
  }
}

}  // namespace
}  // namespace skerry::api
