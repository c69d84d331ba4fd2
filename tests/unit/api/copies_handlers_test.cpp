// A copy of a site through the API: told by status, decided about at central, read only at a site.
#include <fmt/format.h>

#include "store/lost_ranges.hpp"
#include "store/quarantine.hpp"
#include "store/upstream.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

// Central with a site, a copy of it, and a row of the copy's in quarantine.
class CopiesTest : public HandlersTest {
 protected:
  CopiesTest() {
    write([&](store::Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, log, Role::central, random);
      const FieldValues values = read_new(*find_kind("site"), {{"name", "Plant"}}).value();
      SKERRY_TRY(store::Site site,
                 store::make_site(connection, writer, new_id<SiteId>(random), values, {}));
      site.epoch = store::insert_epoch(connection, site, new_id<EpochId>(random)).epoch;
      store::note_site(connection, site);
      copy = store::insert_epoch(connection, site, new_id<EpochId>(random));
      copy.fenced = true;
      copy.copy_at = clock.wall_ms();
      store::update_epoch(connection, copy);
      const std::string line =
          fmt::format(R"({{"k":"chg","t":"customer","id":"{}","op":"new","f":{{"name":"Kept"}},)"
                      R"("hlc":"019c8f2b1234-0003","by":"uid:0","src":"api","sv":1}})",
                      nobody);
      Hash hash{};
      hash[0] = 7;
      store::quarantine(connection, site, {0, copy.number, 2, hash, store::uid_of_hash(hash), line},
                        clock.wall_ms());
      return {};
    });
  }
  json::object copies() { return read_json(get("/v1/sites/Plant/copies")); }
  store::SiteEpoch copy;
};

TEST_F(CopiesTest, AreShownWithWhatWasKept) {
  const json::object shown = copies();
  EXPECT_EQ(shown.at("quarantined").as_int64(), 1);
  ASSERT_EQ(shown.at("items").as_array().size(), 1u);
  const json::object& listed = shown.at("items").as_array()[0].as_object();
  EXPECT_EQ(listed.at("epoch"), json::value(to_string(copy.epoch)));
  EXPECT_EQ(listed.at("standing"), json::value("fenced"));
  EXPECT_EQ(listed.at("quarantined").as_int64(), 1);
  check({{"status",
          "GET",
          "/v1/status",
          "",
          "",
          200,
          {"skerry site reauthorise Plant (or adopt, or discard)", R"("quarantined_rows":1)"},
          {}}});
}

TEST_F(CopiesTest, RowsAreAdoptedOnce) {
  const Answer adopted = post("/v1/sites/Plant:adopt", "");
  ASSERT_EQ(adopted.status, 200u) << adopted.body;
  json::object answer = read_json(adopted);
  EXPECT_EQ(answer["rows"].at("applied").as_int64(), 1);
  EXPECT_TRUE(answer["epoch"].is_null());
  EXPECT_EQ(answer["site"].at("name"), json::value("Plant"));
  EXPECT_EQ(copies().at("quarantined").as_int64(), 0);
  EXPECT_TRUE(copies().at("items").as_array().empty());
  EXPECT_EQ(get(fmt::format("/v1/customers/{}", nobody)).status, 200u);
  check({{"again", "POST", "/v1/sites/Plant:adopt", "", "", 404, {"quarantine"}, {}},
         {"the log",
          "GET",
          "/v1/audit?op=event",
          "",
          "",
          200,
          {R"("op":"event")", "copy_adopted", "uid:"},
          {}}});
}

TEST_F(CopiesTest, RowsAreDiscardedForGood) {
  const std::string target =
      fmt::format("/v1/sites/Plant:discard?epoch={}", to_string(copy.epoch).substr(0, 8));
  const Answer discarded = post(target, "", "Skerry-Reason: a test\r\n");
  ASSERT_EQ(discarded.status, 200u) << discarded.body;
  json::object answer = read_json(discarded);
  EXPECT_EQ(answer["rows"].at("rejected").as_int64(), 1);
  EXPECT_EQ(answer["epoch"], json::value(to_string(copy.epoch)));
  EXPECT_EQ(get(fmt::format("/v1/customers/{}", nobody)).status, 404u);
  check({{"the row", "GET", "/v1/audit?op=new", "", "", 200, {"Kept", "discarded"}, {}},
         {"the reason", "GET", "/v1/audit?op=event", "", "", 200, {"a test"}, {}}});
}

TEST_F(CopiesTest, ACopyIsReauthorised) {
  check({
      {"nobody's", "POST", "/v1/sites/Mine:reauthorise", "", "", 404, {"no site"}, {}},
      {"another epoch", "POST", "/v1/sites/Plant:reauthorise?epoch=zz", "", "", 404, {"zz"}, {}},
      {"a query", "POST", "/v1/sites/Plant:reauthorise?epoc=1", "", "", 400, {"epoc"}, {}},
      {"the copy",
       "POST",
       "/v1/sites/Plant:reauthorise",
       "",
       "",
       200,
       {fmt::format(R"("epoch":"{}")", to_string(copy.epoch))},
       {}},
      {"its standing", "GET", "/v1/sites/Plant/copies", "", "", 200, {"authorised"}, {}},
      {"nothing to decide", "GET", "/v1/status", "", "", 200, {}, {"there is a copy"}},
      {"taken back",
       "POST",
       "/v1/sites/Plant:discard",
       "",
       "",
       200,
       {fmt::format(R"("withdrawn":"{}")", to_string(copy.epoch))},
       {}},
      {"the log", "GET", "/v1/audit?op=event", "", "", 200, {R"("withdrawn":{)"}, {}},
  });
}

TEST_F(SiteHandlersTest, ACopyIsReadOnlyAndSaysSo) {
  const std::string id = make("customers", R"({"name":"One"})");
  write([&](store::Connection& connection) -> Result<void> {
    store::Upstream upstream;
    upstream.life.ord = 1;
    upstream.copy_since = clock.wall_ms();
    store::write_upstream(connection, upstream);
    log.set_copy(true);
    return {};
  });
  check({
      {"create", "POST", "/v1/customers", R"({"name":"Two"})", "", 409, {"read_only_copy"}, {}},
      {"batch",
       "POST",
       "/v1/customers:batch",
       R"({"items":[{"op":"create","record":{"name":"Two"}}]})",
       "",
       422,
       {"read_only_copy"},
       {}},
      {"delete",
       "DELETE",
       fmt::format("/v1/customers/{}", id),
       "",
       "If-Match: \"1\"\r\n",
       409,
       {"read_only_copy"},
       {}},
      {"read", "GET", fmt::format("/v1/customers/{}", id), "", "", 200, {"One"}, {}},
      {"status",
       "GET",
       "/v1/status",
       "",
       "",
       200,
       {"this is a copy of the site", R"("copy_since":"2026)"},
       {}},
  });
  EXPECT_EQ(patch(fmt::format("/v1/customers/{}", id), R"({"name":"x"})", "\"1\"").status, 409u);
}

TEST_F(HandlersTest, WhatIsLostIsAcknowledgedOnce) {
  const auto lose_rows = [&](std::int64_t last) {
    write([&](store::Connection& connection) -> Result<void> {
      store::note_lost(connection, {EpochId{}, 3, last, 0, clock.wall_ms()});
      return {};
    });
  };
  lose_rows(4);
  const std::string target = "/v1/lost-ranges:acknowledge";
  const std::string open = R"("acknowledged_at":null)";
  check({
      {"named", "GET", "/v1/doctor", "", "", 200, {"skerry lost acknowledge"}, {}},
      {"tried", "POST", target + "?dry_run=true", "", "", 200, {R"("first":3)"}, {open}},
      {"still", "GET", "/v1/status", "", "", 200, {open}, {}},
      {"done", "POST", target, "", "Skerry-Reason: all typed\r\n", 200, {R"("last":4)"}, {open}},
      {"noted", "GET", "/v1/doctor", "", "", 200, {"acknowledged at"}, {"lost acknowledge"}},
      {"by whom", "GET", "/v1/audit?op=event", "", "", 200, {"lost_acknowledged", "all typed"}, {}},
      {"again", "POST", target, "", "", 200, {R"({"items":[]})"}, {}},
  });
  lose_rows(4);  // as each bundle of the site's says
  check({{"the same", "GET", "/v1/doctor", "", "", 200, {}, {"lost acknowledge"}}});
  lose_rows(5);
  check({{"more", "GET", "/v1/doctor", "", "", 200, {"skerry lost acknowledge"}, {}}});
}

}  // namespace
}  // namespace skerry::api
