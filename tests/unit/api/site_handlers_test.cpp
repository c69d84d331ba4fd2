// Sites as records: the fleet list, one site, its changes.
#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

constexpr std::string_view merge = "Content-Type: application/merge-patch+json\r\n";

class FleetTest : public HandlersTest {
 protected:
  std::string invite(std::string_view body) {
    const Answer answer = post("/v1/sites:invite", body);
    EXPECT_EQ(answer.status, 201u) << answer.body;
    return std::string(read_json(answer)["site"].as_object()["id"].as_string());
  }
  std::vector<std::string> names(std::string_view query) {
    std::vector<std::string> found;
    const Answer answer = get(fmt::format("/v1/sites{}", query));
    EXPECT_EQ(answer.status, 200u) << answer.body;
    const json::object page = read_json(answer);
    for (const json::value& item : page.at("items").as_array())
      found.emplace_back(item.at("name").as_string());
    return found;
  }
  std::string one(const std::string& id) { return "/v1/sites/" + id; }
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(FleetTest, AnInvitationMayNameTheId) {
  const std::string id = "922f1cc7-df47-4f78-8f1c-f32fe77b6676";
  EXPECT_EQ(invite(fmt::format(R"({{"name":"Lab","id":"{}"}})", id)), id);
  for (const char* bad : {R"("0199c0de-1234-7000-8000-000000000001")", R"("Lab")", "7", "null"}) {
    const Answer refused =
        post("/v1/sites:invite", fmt::format(R"({{"name":"Pier","size":1,"id":{}}})", bad));
    EXPECT_EQ(refused.status, 422u) << bad;
    EXPECT_THAT(refused.body, HasSubstr("bad_id"));
    EXPECT_THAT(refused.body, HasSubstr("unknown_field")) << "all complaints at once";
  }
  EXPECT_EQ(post("/v1/sites:invite", fmt::format(R"({{"name":"Pier","id":"{}"}})", id)).status,
            409u);
}

TEST_F(FleetTest, TheFleetIsAListLikeOthers) {
  const std::string acme = make("customers", R"({"name":"Acme"})");
  const std::string north = invite(R"({"name":"North pier"})");
  clock.now += 1000;
  invite(fmt::format(R"({{"name":"South pier","customer":"{}","scope":["{}"]}})", acme, acme));
  clock.now += 1000;
  const std::string lab = invite(R"({"name":"Lab"})");
  EXPECT_THAT(names("?sort=name"), ElementsAre("Lab", "North pier", "South pier"));
  EXPECT_THAT(names("?sort=-name&limit=1"), ElementsAre("South pier"));
  EXPECT_THAT(names("?q=pier"), UnorderedElementsAre("North pier", "South pier"));
  EXPECT_THAT(names("?customer=" + acme), ElementsAre("South pier"));
  EXPECT_THAT(names("?name=Lab"), ElementsAre("Lab"));
  EXPECT_THAT(names("?status=active"), IsEmpty());
  EXPECT_THAT(names("?status=invited&contact_at=null&sort=-updated_at"),
              ElementsAre("Lab", "South pier", "North pier"));
  EXPECT_THAT(names("?updated_since=2026-05-28T20:26:41Z"), ElementsAre("South pier", "Lab"));
  EXPECT_THAT(get("/v1/sites?count=true").body, HasSubstr(R"("total":3)"));
  EXPECT_EQ(post(one(lab) + ":archive", "").status, 200u);
  EXPECT_THAT(names(""), UnorderedElementsAre("North pier", "South pier"));
  EXPECT_THAT(names("?archived=only"), ElementsAre("Lab"));
  // Page after page.
  const json::object first = read_json(get("/v1/sites?sort=name&limit=1"));
  const std::string cursor(first.at("next_cursor").as_string());
  EXPECT_THAT(names("?sort=name&limit=1&cursor=" + cursor), ElementsAre("South pier"));
  // Found beside records of other kinds, and exported.
  EXPECT_THAT(get("/v1/search?q=north").body, HasSubstr(R"("kind":"site","label":"North pier")"));
  const Answer csv = get("/v1/exports/sites?name=South%20pier");
  EXPECT_THAT(csv.body, HasSubstr("id,name,customer,scope,status,sign_key"));
  EXPECT_THAT(csv.body, HasSubstr(fmt::format(",South pier,{},{},invited", acme, acme)));
  EXPECT_THAT(get("/v1/exports/sites?format=ndjson").body, HasSubstr(R"("name":"North pier")"));
  EXPECT_THAT(get("/v1/changes?after=0&kind=site").body, HasSubstr(north));
}

TEST_F(FleetTest, OneSiteIsReadAndChangedLikeOtherRecords) {
  const std::string acme = make("customers", R"({"name":"Acme"})");
  const std::string id = invite(R"({"name":"Pier"})");
  const Answer answer = get(one(id));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.header("ETag"), "\"1\"");
  for (const char* text : {R"("scope":"all")", R"("status":"invited")", R"("customer":null)",
                           R"("contact_at":null)", R"("confirmed":0)"})
    EXPECT_THAT(answer.body, HasSubstr(text));
  EXPECT_THAT(answer.body, Not(HasSubstr("code_hash")));
  EXPECT_EQ(get(one(id), "If-None-Match: \"1\"\r\n").status, 304u);
  const std::string body =
      fmt::format(R"({{"name":"Quay","customer":"{0}","scope":["{0}"]}})", acme);
  EXPECT_EQ(send("PATCH", one(id), body, merge).status, 428u);
  const Answer changed = patch(one(id), body, "\"1\"");
  EXPECT_EQ(changed.status, 200u) << changed.body;
  EXPECT_EQ(changed.header("ETag"), "\"2\"");
  EXPECT_THAT(changed.body, HasSubstr(fmt::format(R"("scope":["{}"])", acme)));
  const Answer stale = patch(one(id), R"({"scope":"all"})", "\"1\"");
  EXPECT_EQ(stale.status, 412u);
  EXPECT_THAT(stale.body, HasSubstr(R"("current":{)"));
  const Answer history = get(one(id) + "/audit");
  EXPECT_THAT(history.body, HasSubstr(R"("scope":{"old":"all")"));
  EXPECT_THAT(history.body, HasSubstr(R"("source":"api")"));
  EXPECT_THAT(history.body, HasSubstr(R"("op":"new")"));
}

TEST_F(FleetTest, WhatIsWrongIsNamedAndChangesNothing) {
  const std::string id = invite(R"({"name":"Pier"})");
  invite(R"({"name":"Quay"})");
  const std::string address = one(id);
  const std::string tag = fmt::format("If-Match: \"1\"\r\n{}", merge);
  check({
      {"not this way",
       "POST",
       "/v1/sites",
       R"({"name":"Shed"})",
       "",
       405,
       {R"("code":"method_not_allowed")", "/v1/sites:invite", "skerry site invite"},
       {}},
      {"nor this",
       "POST",
       "/v1/sites:batch",
       R"({"items":[{"record":{"name":"Shed"}}]})",
       "",
       405,
       {"/v1/sites:invite"},
       {}},
      {"nor by a file",
       "POST",
       "/v1/imports/sites",
       "name\nShed\n",
       "Content-Type: text/csv\r\nIdempotency-Key: n\r\n",
       400,
       {"skerry site invite"},
       {}},
      {"it stays", "DELETE", address, "", "If-Match: \"1\"\r\n", 405, {"skerry site revoke"}, {}},
      {"a status is not written",
       "PATCH",
       address,
       R"({"status":"active"})",
       tag,
       422,
       {R"("pointer":"/status")", "read_only"},
       {}},
      {"nor a contact", "PATCH", address, R"({"contact_at":null})", tag, 422, {"read_only"}, {}},
      {"an unknown field", "PATCH", address, R"({"nonsense":1})", tag, 422, {"unknown_field"}, {}},
      {"a name that is taken",
       "PATCH",
       address,
       R"({"name":"Quay"})",
       tag,
       409,
       {"duplicate_key"},
       {}},
      {"central's name",
       "PATCH",
       address,
       R"({"name":"CENTRAL"})",
       tag,
       422,
       {R"("pointer":"/name")", "reserved"},
       {}},
      {"an invitation of central",
       "POST",
       "/v1/sites:invite",
       R"({"name":"central"})",
       "Idempotency-Key: c\r\n",
       422,
       {R"("pointer":"/name")", "reserved"},
       {}},
      {"no scope", "PATCH", address, R"({"scope":"most"})", tag, 422, {R"("/scope")"}, {}},
      {"a scope of nobody",
       "PATCH",
       address,
       fmt::format(R"({{"scope":["{}"]}})", nobody),
       tag,
       422,
       {"reference_not_found"},
       {}},
      {"nobody's",
       "PATCH",
       address,
       fmt::format(R"({{"customer":"{}"}})", nobody),
       tag,
       422,
       {"reference_not_found"},
       {}},
      {"no invitation",
       "POST",
       "/v1/sites:invite",
       R"({"scope":"all","id":"x"})",
       "",
       422,
       {R"("/name")", R"("/id")"},
       {}},
      {"no site", "GET", one(std::string(nobody)), "", "", 404, {}, {}},
      {"no filter", "GET", "/v1/sites?scope=all", "", "", 400, {"known here"}, {}},
  });
  EXPECT_EQ(get(address).header("ETag"), "\"1\"");
  EXPECT_EQ(send("DELETE", address, "", "If-Match: \"1\"\r\n").header("Allow"),
            "GET, HEAD, PATCH, OPTIONS");
}

TEST_F(FleetTest, ACustomerOfASiteIsNotDeletedUnderIt) {
  const std::string acme = make("customers", R"({"name":"Acme"})");
  invite(fmt::format(R"({{"name":"Pier","customer":"{}"}})", acme));
  const Answer refused = send("DELETE", "/v1/customers/" + acme, "", "If-Match: \"1\"\r\n");
  EXPECT_EQ(refused.status, 409u);
  EXPECT_THAT(refused.body, HasSubstr("refers to it, and sites are not deleted"));
  EXPECT_THAT(refused.body, Not(HasSubstr("token")));
  EXPECT_EQ(get("/v1/customers/" + acme).status, 200u);
}

TEST_F(FleetTest, OnlyAdministratorsWriteIt) {
  const std::string id = invite(R"({"name":"Pier"})");
  const Answer made = post("/v1/tokens", R"({"name":"crm","access":["read","write"]})");
  const std::string token(read_json(made)["token"].as_string());
  EXPECT_EQ(send_with_token(token, "GET", "/v1/sites").status, 200u);
  EXPECT_EQ(send_with_token(token, "GET", one(id)).status, 200u);
  for (const char* verb : {":archive", ":unarchive"})
    EXPECT_EQ(send_with_token(token, "POST", one(id) + verb).status, 403u) << verb;
  EXPECT_EQ(send_with_token(token, "POST", "/v1/sites:archive?name=Pier").status, 403u);
  const Answer refused = send_with_token(token, "PATCH", one(id), R"({"scope":[]})");
  EXPECT_EQ(refused.status, 403u);
  EXPECT_THAT(refused.body, HasSubstr("admin"));
  EXPECT_EQ(get(one(id)).header("ETag"), "\"1\"");
}

// Who invited, admitted and revoked a site stands in its history.
TEST_F(FleetTest, ARevocationIsInTheHistory) {
  const std::string id = invite(R"({"name":"Pier"})");
  const Answer revoked = post(one(id) + ":revoke", "", "Skerry-Reason: stolen\r\n");
  EXPECT_EQ(revoked.status, 200u);
  EXPECT_THAT(revoked.body, HasSubstr(R"("status":"revoked")"));
  const Answer history = get(one(id) + "/audit?op=set");
  EXPECT_THAT(history.body, HasSubstr(R"("status":{"old":"invited","new":"revoked"})"));
  EXPECT_THAT(history.body, HasSubstr(R"("reason":"stolen")"));
}

TEST_F(SiteHandlersTest, ASiteKnowsNothingOfTheFleet) {
  EXPECT_EQ(get("/v1/sites").body, R"({"items":[],"next_cursor":null})");
  const Answer refused = send("PATCH", fmt::format("/v1/sites/{}", nobody), R"({"name":"x"})",
                              fmt::format("If-Match: \"1\"\r\n{}", merge));
  EXPECT_EQ(refused.status, 409u);
  EXPECT_THAT(refused.body, HasSubstr("owned_by_central"));
}

TEST_F(FleetTest, ADryRunIsRefusedLikeTheChangeAndKeepsNothing) {
  const std::string id = invite(R"({"name":"Pier"})");
  invite(R"({"name":"Quay"})");
  const std::string once = fmt::format("{}If-Match: \"1\"\r\n", merge);
  const auto dry = [&](std::string_view name, std::string_view query = "?dry_run=true") {
    return send("PATCH", one(id) + std::string(query), fmt::format(R"({{"name":"{}"}})", name),
                once);
  };
  const Answer good = dry("Dock");
  EXPECT_EQ(good.status, 200u) << good.body;
  EXPECT_THAT(good.body, HasSubstr(R"("name":"Dock")"));
  EXPECT_GE(dry("central").status, 400u);
  EXPECT_GE(dry("Quay").status, 400u);
  EXPECT_EQ(dry("Dock", "?dry_run=maybe").status, 400u);
  const Answer still = get(one(id));
  EXPECT_EQ(still.header("ETag"), "\"1\"");
  EXPECT_THAT(still.body, HasSubstr(R"("name":"Pier")"));
}

// Not even the answer to the key of the request.
TEST_F(FleetTest, AnInvitationThatIsOnlyTriedLeavesNothing) {
  const std::string body = R"({"name":"Pier"})";
  const std::string keyed = "Content-Type: application/json\r\nIdempotency-Key: one\r\n";
  const Answer tried = send("POST", "/v1/sites:invite?dry_run=true", body, keyed);
  EXPECT_EQ(tried.status, 201u) << tried.body;
  EXPECT_THAT(tried.body, HasSubstr(R"("status":"invited")"));
  EXPECT_THAT(names(""), IsEmpty());
  const std::string bundle(read_json(tried)["bundle"].as_object()["name"].as_string());
  EXPECT_EQ(get("/v1/outbox/" + bundle).status, 404u);
  EXPECT_EQ(send("POST", "/v1/sites:invite", body, keyed).status, 201u);
  EXPECT_EQ(post("/v1/sites:invite?dry_run=true", R"({"name":"central"})").status,
            post("/v1/sites:invite", R"({"name":"central"})").status);
}

TEST_F(HandlersTest, AnEmptyIdempotencyKeyIsNone) {
  const Answer answer = send("POST", "/v1/customers", R"({"name":"Acme"})",
                             "Content-Type: application/json\r\nIdempotency-Key: \r\n");
  EXPECT_EQ(answer.status, 400u) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("1 to 255"));
}

}  // namespace
}  // namespace skerry::api
