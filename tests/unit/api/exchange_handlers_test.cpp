// Bundles and exchanges through the API: what is refused, and what the refusal says to do.
#include <fmt/format.h>

#include "core/text.hpp"
#include "store/upstream.hpp"
#include "sync/trust.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

constexpr const char* bundle_type = "Content-Type: application/vnd.skerry.bundle\r\n";

TEST_F(HandlersTest, RefusalsOfCentralSayWhatToDo) {
  check({
      {"a site's work",
       "POST",
       "/v1/exchange:online",
       "{}",
       "",
       409,
       {"wrong_role", R"("next":"at a site: skerry exchange --online")"},
       {}},
      {"no such conflict",
       "GET",
       fmt::format("/v1/conflicts/{}", nobody),
       "",
       "",
       404,
       {R"("next":"skerry conflict list --all")"},
       {}},
      {"no such conflict to resolve",
       "POST",
       fmt::format("/v1/conflicts/{}:resolve", nobody),
       R"({"choose":"winner"})",
       "",
       404,
       {R"("next":"skerry conflict list --all")"},
       {}},
      {"rows of central's log that nobody needs",
       "POST",
       "/v1/bundles:export",
       R"({"from":1})",
       "",
       422,
       {R"("/site")", "must name the site"},
       {}},
  });
}

TEST_F(HandlersTest, ASiteThatNothingCanBePackedForHoldsUpNoOther) {
  write([&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, log, Role::central, random);
    for (const std::string name : {"Broken", "Whole"}) {
      SKERRY_TRY(const FieldValues values, read_new(*find_kind("site"), {{"name", name}}));
      SKERRY_TRY(store::Site site,
                 store::make_site(connection, writer, new_id<SiteId>(random), values, {}));
      site.status = store::SiteStatus::active;
      site.sign_key = crypto::SigningKey::generate().verify_key().to_text();
      site.age_recipient =
          name == "Broken" ? "none" : crypto::AgeIdentity::generate(random).recipient().to_text();
      SKERRY_TRY_VOID(store::change_site(connection, writer, site, {}));
    }
    return {};
  });
  const json::object answer = read_json(post("/v1/bundles:export", R"({"always":true})"));
  EXPECT_EQ(answer.at("bundles").as_array().size(), 1U);
  ASSERT_EQ(answer.at("failed").as_array().size(), 1U);
  const json::object& failed = answer.at("failed").as_array()[0].as_object();
  EXPECT_EQ(failed.at("name"), json::value("Broken"));
  EXPECT_EQ(failed.at("code"), json::value("bad_input"));
  EXPECT_FALSE(failed.at("next").as_string().empty());
  check({{"asked for alone",
          "POST",
          "/v1/bundles:export",
          R"({"site":"Broken"})",
          "",
          422,
          {"bad_input"},
          {}}});
}

TEST_F(HandlersTest, TheInboxIsReadInPages) {
  const auto bring = [&](int number) {
    const Answer refused = post(fmt::format("/v1/bundles?name={}.skb", number),
                                fmt::format("no bundle {}", number), bundle_type);
    EXPECT_THAT(refused.body, HasSubstr("corrupt_bundle"));
  };
  for (int i = 1; i <= 5; ++i) bring(i);
  std::string names;
  std::string target = "/v1/inbox?limit=2";
  for (int page = 0; page < 3; ++page) {
    const Answer answer = get(target);
    const json::object body = read_json(answer);
    for (const json::value& item : body.at("items").as_array())
      names.append(item.at("name").as_string()) += ' ';
    if (page == 0) bring(6);  // what comes meanwhile moves no page
    EXPECT_EQ(answer.header("Link").empty(), page == 2);
    EXPECT_EQ(body.at("next_cursor").is_null(), page == 2);
    if (page < 2)
      target =
          fmt::format("/v1/inbox?limit=2&cursor={}", body.at("next_cursor").as_string().c_str());
  }
  EXPECT_EQ(names, "5.skb 4.skb 3.skb 2.skb 1.skb ");
  const std::string foreign = target.substr(target.find("cursor="));
  check({{"of another list", "GET", "/v1/conflicts?" + foreign, "", "", 400, {"bad_cursor"}, {}},
         {"made up", "GET", "/v1/inbox?cursor=MTIz", "", "", 400, {"bad_cursor"}, {}}});
}

TEST_F(HandlersTest, ALongNameInTheInboxIsCutBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 200; ++i) name += "%C3%BC";  // ü, in two bytes
  post("/v1/bundles?name=" + name, "no bundle", bundle_type);
  const std::string shown(
      read_json(get("/v1/inbox")).at("items").at(0).at("name").as_string().c_str());
  EXPECT_EQ(shown.size(), 254u);
  EXPECT_TRUE(is_utf8(shown));
}

// A client cannot send what is over every limit: it tells of it, and sends the beginning.
TEST_F(HandlersTest, AFileOverEveryLimitIsRecordedToo) {
  check({{"told of",
          "POST",
          "/v1/bundles?name=vast.skb&bytes=700000000000",
          "its beginning",
          bundle_type,
          422,
          {"limit_exceeded", "700000000000 bytes", "at most 33554432"},
          {}},
         {"a beginning of what could be sent",
          "POST",
          "/v1/bundles?name=small.skb&bytes=33554432",
          "its beginning",
          bundle_type,
          400,
          {"without bytes"},
          {}},
         {"recorded",
          "GET",
          "/v1/inbox",
          "",
          "",
          200,
          {R"("name":"vast.skb")", R"("outcome":"limit_exceeded")", "700000000000 bytes"},
          {"small.skb"}}});
}

TEST_F(SiteHandlersTest, RefusalsOfASiteSayWhatToDo) {
  check({
      {"central's work",
       "POST",
       "/v1/sites:invite",
       R"({"name":"Plant"})",
       "",
       409,
       {"wrong_role", R"("next":"run it at central")"},
       {}},
      {"row 0",
       "POST",
       "/v1/bundles:export",
       R"({"from":0})",
       "",
       422,
       {R"("/from")", "1 or more"},
       {"always (true"}},
      {"a site without a name",
       "POST",
       "/v1/bundles:export",
       R"({"site":""})",
       "",
       422,
       {R"("/site")", "a site's name or id"},
       {}},
      {"an unknown wish",
       "POST",
       "/v1/bundles:export",
       R"({"form":1})",
       "",
       422,
       {R"("/form")", "unknown_field"},
       {}},
  });
}

TEST_F(SiteHandlersTest, ASilentCentralIsNotASilentDaemon) {
  write([&](store::Connection& connection) -> Result<void> {
    store::write_identity(connection, {Role::site, new_id<SiteId>(random), "plant"});
    sync::Trust trust;
    trust.signing_keys.push_back(crypto::SigningKey::generate().verify_key());
    trust.recipients.push_back(crypto::AgeIdentity::generate(random).recipient());
    sync::save_trust(connection, trust);
    store::write_upstream(connection, {});
    return {};
  });
  online.url = "http://127.0.0.1:1";
  int waits = 0;
  online.wait = [&](std::int64_t ms) {
    if (ms > 0) ++waits;
    return true;
  };
  const Answer answer = post("/v1/exchange:online", "{}");
  EXPECT_EQ(answer.status, 502u);
  EXPECT_THAT(answer.body, HasSubstr(R"("code":"central_unreachable")"));
  EXPECT_THAT(answer.body, HasSubstr("central does not answer"));
  EXPECT_THAT(answer.body, HasSubstr(R"("next":)"));
  EXPECT_EQ(waits, 4);  // it was tried again
}

}  // namespace
}  // namespace skerry::api
