// Lists of records and the search over all kinds, as clients see them.
#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

class RecordListsTest : public HandlersTest {
 protected:
  // The values of a member over all pages, as "a b".
  std::string walk(std::string target, const char* member) {
    std::string seen;
    for (int page = 0; page < 100; ++page) {
      const Answer answer = get(target);
      EXPECT_EQ(answer.status, 200u) << answer.body;
      json::object body = read_json(answer);
      for (json::value& item : body["items"].as_array()) {
        const json::value& value = item.as_object()[member];
        seen += seen.empty() ? "" : " ";
        seen += value.is_string() ? std::string(value.as_string()) : json::serialize(value);
      }
      const std::string link = answer.header("Link");
      EXPECT_EQ(link.empty(), body["next_cursor"].is_null());
      if (link.empty()) return seen;
      target = link.substr(1, link.find('>') - 1);
    }
    return "it never ends";
  }
};

TEST_F(RecordListsTest, ArchivedRecordsAreHiddenUnlessAskedForOrNamed) {
  make("customers", R"({"name":"Alpha live"})");
  clock.now += 1;
  make("customers", R"({"name":"Alpha old","archived_at":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(walk("/v1/customers", "name"), "Alpha live");
  EXPECT_EQ(walk("/v1/customers?archived=include", "name"), "Alpha live Alpha old");
  EXPECT_EQ(walk("/v1/customers?archived=only", "name"), "Alpha old");
  EXPECT_EQ(walk("/v1/customers?q=alpha", "name"), "Alpha live Alpha old");
  EXPECT_EQ(walk("/v1/customers?q=alpha&archived=exclude", "name"), "Alpha live");
  EXPECT_EQ(walk("/v1/customers?archived=exclude&q=alpha", "name"), "Alpha live");
}

TEST_F(RecordListsTest, FiltersForNoValue) {
  make("customers", R"({"name":"With","account_ref":"R1"})");
  make("customers", R"({"name":"Without"})");
  EXPECT_EQ(walk("/v1/customers?account_ref=null", "name"), "Without");
  EXPECT_EQ(walk("/v1/customers?account_ref=null&sort=-account_ref", "name"), "Without");
  EXPECT_EQ(walk("/v1/customers?name=null", "name"), "");  // a name, since none is without one
}

TEST_F(RecordListsTest, ChangedSince) {
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    clock.now += 1000;
    ids.push_back(make("customers", fmt::format(R"({{"name":"N{}"}})", i)));
  }
  clock.now = 1'790'000'000'000;
  ASSERT_EQ(patch("/v1/customers/" + ids[2], R"({"name":"Z2"})", "*").status, 200u);
  clock.now += 1000;
  ASSERT_EQ(patch("/v1/customers/" + ids[0], R"({"name":"Z0"})", "*").status, 200u);
  const std::string since = "/v1/customers?updated_since=2026-09-21T00:00:00Z";
  EXPECT_EQ(walk(since + "&limit=1", "name"), "Z2 Z0");
  EXPECT_EQ(walk(since + "&limit=1&sort=name", "name"), "Z0 Z2");
  EXPECT_EQ(walk(since + "&limit=1&sort=-updated_at", "name"), "Z0 Z2");
  EXPECT_EQ(walk(since + "&name=Z0", "name"), "Z0");
  EXPECT_EQ(walk("/v1/customers?limit=1&sort=updated_at", "name"), "N1 N3 Z2 Z0");
}

TEST_F(RecordListsTest, BetweenTwoTimes) {
  const std::string customer = make("customers", R"({"name":"One"})");
  const std::string place =
      make("locations", fmt::format(R"({{"customer":"{}","name":"Quay"}})", customer));
  const std::string product = make("products", R"({"sku":"P","name":"S","type":"device"})");
  const std::string asset =
      make("assets", fmt::format(R"({{"product":"{}","serial":"S"}})", product));
  for (const int day : {3, 1, 2}) {
    clock.now += 1000;
    make("moves", fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"2026-01-{:02}",
                                   "tracking_number":"T{}"}})",
                              asset, place, day, day));
  }
  clock.now += 1000;
  make("moves",
       fmt::format(R"({{"asset":"{}","to_location":"{}","tracking_number":"T0"}})", asset, place));
  const std::string moves = "/v1/moves?limit=1&";
  EXPECT_EQ(walk(moves + "arrived_at_since=2026-01-02", "tracking_number"), "T2 T3");
  EXPECT_EQ(walk(moves + "arrived_at_until=2026-01-02T00:00:00Z", "tracking_number"), "T1");
  EXPECT_EQ(walk(moves + "arrived_at_until=2026-01-03&arrived_at_since=2026-01-01T00:00:01Z",
                 "tracking_number"),
            "T2");
  EXPECT_EQ(walk(moves + "sort=-tracking_number&arrived_at_since=2026-01-01", "tracking_number"),
            "T3 T2 T1");
  // Whatever the order of the parameters, a page goes on where the one before it ended.
  const std::string changed = "updated_since=2000-01-01";
  EXPECT_EQ(walk(moves + "arrived_at_since=2026-01-01&" + changed, "tracking_number"), "T3 T1 T2");
  const std::string cursor = std::string(
      read_json(get(moves + "arrived_at_since=2026-01-01&" + changed))["next_cursor"].as_string());
  EXPECT_EQ(
      walk(moves + changed + "&arrived_at_since=2026-01-01&cursor=" + cursor, "tracking_number"),
      "T1 T2");
  check({
      {"no time", "GET", "/v1/moves?arrived_at_since=now", "", "", 400, {"arrived_at_since"}, {}},
      {"null", "GET", "/v1/moves?arrived_at_until=null", "", "", 400, {"arrived_at_until"}, {}},
      {"no day", "GET", "/v1/assets?scrapped_on_since=2026", "", "", 400, {"scrapped_on"}, {}},
      {"of a text", "GET", "/v1/moves?carrier_since=2026-01-01", "", "", 400, {"filtered"}, {}},
  });
}

TEST_F(RecordListsTest, CustomersByWhatTheyAre) {
  make("customers", R"({"name":"Pier","roles":["supplier"],"address":{"country":"NO"}})");
  clock.now += 1;
  make("customers", R"({"name":"Quay","disabled_at":"2026-01-02T00:00:00Z"})");
  EXPECT_EQ(walk("/v1/customers?roles=supplier", "name"), "Pier");
  EXPECT_EQ(walk("/v1/customers?roles=customer&disabled=true", "name"), "Quay");
  EXPECT_EQ(walk("/v1/customers?disabled=false", "name"), "Pier");
  EXPECT_EQ(walk("/v1/customers?country=NO", "name"), "Pier");
  EXPECT_EQ(walk("/v1/customers?country=null", "name"), "Quay");
  check({
      {"no role", "GET", "/v1/customers?roles=boss", "", "", 400, {"roles", "supplier"}, {}},
      {"no country", "GET", "/v1/customers?country=XX", "", "", 400, {"country", "ISO"}, {}},
      {"perhaps", "GET", "/v1/customers?disabled=null", "", "", 400, {"disabled", "true"}, {}},
      {"sorted", "GET", "/v1/customers?sort=country", "", "", 400, {"sorted"}, {}},
  });
}

TEST_F(RecordListsTest, CountsOnRequest) {
  for (int i = 0; i < 3; ++i) make("customers", fmt::format(R"({{"name":"N{}"}})", i % 2));
  const auto total = [&](const std::string& target) { return read_json(get(target))["total"]; };
  EXPECT_EQ(total("/v1/customers?count=true&limit=1"), 3);
  EXPECT_EQ(total("/v1/customers?count=true&name=N0"), 2);
  EXPECT_TRUE(total("/v1/customers?count=false").is_null());
  EXPECT_FALSE(read_json(get("/v1/customers?count=false")).contains("total"));
}

TEST_F(RecordListsTest, RefusesWhatItDoesNotKnow) {
  check({
      {"unknown field",
       "GET",
       "/v1/customers?colour=red",
       "",
       "",
       400,
       {"bad_request", "colour", "account_ref", "updated_since"},
       {"scope_customer"}},
      {"an empty filter", "GET", "/v1/customers?name=", "", "", 400, {"leave it out"}, {"/docs"}},
      {"none by an empty one",
       "GET",
       "/v1/customers?account_ref=",
       "",
       "",
       400,
       {"account_ref=null"},
       {"send null", "/docs"}},
      {"a column of ours", "GET", "/v1/customers?scope_customer=x", "", "", 400, {"filtered"}, {}},
      {"a field that only sorts",
       "GET",
       "/v1/customers?updated_at=2026-01-01T00:00:00Z",
       "",
       "",
       400,
       {"filtered", "updated_since"},
       {}},
      {"unknown order",
       "GET",
       "/v1/customers?sort=website",
       "",
       "",
       400,
       {"sorted", "updated_at"},
       {}},
      {"two orders", "GET", "/v1/customers?sort=name,-id", "", "", 400, {"sorted"}, {}},
      {"no time", "GET", "/v1/customers?updated_since=now", "", "", 400, {"updated_since"}, {}},
      {"scrapped customers", "GET", "/v1/customers?scrapped=only", "", "", 400, {"scrapped"}, {}},
      {"counted perhaps", "GET", "/v1/customers?count=1", "", "", 400, {"true or false"}, {}},
      {"counted search", "GET", "/v1/customers?q=a&count=true", "", "", 400, {"count"}, {}},
      {"sorted search", "GET", "/v1/customers?q=a&sort=name", "", "", 400, {"sort"}, {}},
      {"no boolean", "GET", "/v1/contacts?customer=x", "", "", 400, {"customer"}, {}},
  });
}

TEST_F(RecordListsTest, AssetsByWhereTheyAreAndByCustomFields) {
  make("custom_fields", R"({"record_kind":"asset","key":"color","type":"text"})");
  make("custom_fields", R"({"record_kind":"asset","key":"size","type":"number"})");
  make("custom_fields", R"({"record_kind":"asset","key":"new","type":"boolean"})");
  make("custom_fields", R"({"record_kind":"asset","key":"until","type":"date"})");
  const std::string mode =
      make("custom_fields",
           R"({"record_kind":"asset","key":"mode","type":"option","options":["a","b"]})");
  const std::string product = make("products", R"({"sku":"P","name":"S","type":"device"})");
  const auto asset = [&](const char* serial, const char* custom) {
    clock.now += 1;
    return make("assets", fmt::format(R"({{"product":"{}","serial":"{}","custom":{}}})", product,
                                      serial, custom));
  };
  asset("S1", R"({"color":"red","size":1.5,"new":true})");
  asset("S2", R"({"color":"red","size":2,"until":"2026-03-02","mode":"a"})");
  asset("S3", R"({"color":"deep blue"})");
  EXPECT_EQ(walk("/v1/assets?custom.color=red&limit=1", "serial"), "S1 S2");
  EXPECT_EQ(walk("/v1/assets?custom.color=deep+blue", "serial"), "S3");
  EXPECT_EQ(walk("/v1/assets?custom.size=1.50", "serial"), "S1");
  EXPECT_EQ(walk("/v1/assets?custom.size=2.0", "serial"), "S2");
  EXPECT_EQ(walk("/v1/assets?custom.new=true", "serial"), "S1");
  EXPECT_EQ(walk("/v1/assets?custom.until=2026-03-02&custom.mode=a", "serial"), "S2");
  ASSERT_EQ(patch("/v1/custom_fields/" + mode, R"({"options":["b"]})", "*").status, 200u);
  EXPECT_EQ(walk("/v1/assets?custom.mode=a", "serial"), "S2");
  EXPECT_EQ(walk("/v1/assets?custom.mode=c", "serial"), "") << "like one that nobody chose";
  EXPECT_EQ(walk("/v1/assets?custom.color=red&sort=-serial", "serial"), "S2 S1");
  EXPECT_EQ(walk("/v1/assets?custom.size=null", "serial"), "S3");
  EXPECT_EQ(walk("/v1/assets?custom.new=null&custom.color=red", "serial"), "S2");
  EXPECT_EQ(walk("/v1/assets?in_transit=false&location=null", "serial"), "S1 S2 S3");
  EXPECT_EQ(walk("/v1/assets?in_transit=true", "serial"), "");
  check({
      {"unknown", "GET", "/v1/assets?custom.weight=1", "", "", 400, {"weight", "custom.color"}, {}},
      {"of another kind",
       "GET",
       "/v1/contacts?custom.color=1",
       "",
       "",
       400,
       {"there are none"},
       {}},
      {"no key", "GET", "/v1/assets?custom.=1", "", "", 400, {"custom"}, {}},
      {"no value", "GET", "/v1/assets?custom.color=", "", "", 400, {"must not be empty"}, {}},
      {"no number", "GET", "/v1/assets?custom.size=big", "", "", 400, {"number"}, {}},
      {"no boolean", "GET", "/v1/assets?custom.new=1", "", "", 400, {"boolean"}, {}},
      {"no date", "GET", "/v1/assets?custom.until=2026", "", "", 400, {"date"}, {}},
      {"no flag", "GET", "/v1/assets?in_transit=1", "", "", 400, {"in_transit"}, {}},
      {"no third", "GET", "/v1/assets?in_transit=null", "", "", 400, {"true or false"}, {}},
      {"no status", "GET", "/v1/assets?status=fine", "", "", 400, {"operational"}, {}},
      {"whose", "GET", "/v1/assets?at_customer=null", "", "", 400, {"at_customer"}, {}},
  });
}

TEST_F(RecordListsTest, ACursorBelongsToItsFilters) {
  for (int i = 0; i < 3; ++i) make("customers", R"({"name":"Same"})");
  const auto cursor = [&](const std::string& target) {
    return std::string(read_json(get(target))["next_cursor"].as_string());
  };
  const std::string plain = cursor("/v1/customers?limit=1");
  const std::string searched = cursor("/v1/customers?limit=1&q=same");
  EXPECT_EQ(get("/v1/customers?q=same&cursor=" + searched).status, 200u);
  check({
      {"q left out", "GET", "/v1/customers?cursor=" + searched, "", "", 400, {"bad_cursor"}, {}},
      {"q added", "GET", "/v1/customers?q=same&cursor=" + plain, "", "", 400, {"bad_cursor"}, {}},
      {"another q", "GET", "/v1/customers?q=sam&cursor=" + searched, "", "", 400, {"cursor"}, {}},
      {"archived", "GET", "/v1/customers?archived=only&cursor=" + plain, "", "", 400, {}, {}},
      {"another kind", "GET", "/v1/locations?cursor=" + plain, "", "", 400, {"bad_cursor"}, {}},
      {"cut", "GET", "/v1/customers?cursor=" + plain.substr(0, 20), "", "", 400, {}, {}},
  });
}

TEST_F(RecordListsTest, TheSearchNamesKindAndLabel) {
  const std::string customer = make("customers", R"({"name":"Acme Harbour"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"acme@x.example"}})", customer));
  make("locations", fmt::format(R"({{"customer":"{}","name":"Harbour of Acme"}})", customer));
  const Answer answer = get("/v1/search?q=acm");
  EXPECT_EQ(answer.status, 200u);
  json::array items = read_json(answer)["items"].as_array();
  ASSERT_EQ(items.size(), 3u);
  for (json::value& item : items) {
    json::object& hit = item.as_object();
    const std::string_view kind = hit["kind"].as_string();
    EXPECT_EQ(hit["label"].as_string(), kind == "customer"  ? "Acme Harbour"
                                        : kind == "contact" ? "acme@x.example"
                                                            : "Harbour of Acme");
    EXPECT_EQ(hit["record"].as_object()["revision"], 1);
  }
  EXPECT_EQ(read_json(get("/v1/search?q=acm&limit=2"))["items"].as_array().size(), 2u);
}

TEST_F(RecordListsTest, ASearchForNoWordIsRefusedEverywhere) {
  make("customers", R"({"name":"Acme"})");
  for (const char* list : {"customers", "sites", "search", "audit", "exports/customers"})
    for (const char* blanks : {"", "%20", "%09%20", "---"}) {
      const Answer answer = get(fmt::format("/v1/{}?q={}", list, blanks));
      EXPECT_EQ(answer.status, 400u) << list << answer.body;
      EXPECT_THAT(answer.body, HasSubstr("q names no word")) << list;
    }
}

}  // namespace
}  // namespace skerry::api
