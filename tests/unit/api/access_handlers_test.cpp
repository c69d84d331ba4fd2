#include <fmt/format.h>
#include <unistd.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

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
      {"another body",
       "POST",
       "/v1/customers",
       R"({"name":"Two"})",
       key,
       422,
       {"idempotency_mismatch"},
       {}},
      {"another route",
       "POST",
       "/v1/notes",
       R"({"name":"One"})",
       key,
       422,
       {"idempotency_mismatch"},
       {}},
      {"too long",
       "POST",
       "/v1/customers",
       R"({"name":"One"})",
       fmt::format("Idempotency-Key: {}\r\n", std::string(256, 'k')),
       400,
       {"255"},
       {}},
      {"a refusal is not kept",
       "POST",
       "/v1/customers",
       "{}",
       "Idempotency-Key: other\r\n",
       422,
       {},
       {}},
      {"so the key is free",
       "POST",
       "/v1/customers",
       R"({"name":"Three"})",
       "Idempotency-Key: other\r\n",
       201,
       {},
       {}},
  });
  constexpr std::int64_t day = 24ll * 3600 * 1000;
  const auto status_of_another = [&] {
    return post("/v1/customers", R"({"name":"Two"})", key).status;
  };
  clock.wrong_by = 365 * day;
  EXPECT_EQ(status_of_another(), 422u);
  clock.wrong_by = -365 * day;
  EXPECT_EQ(status_of_another(), 422u);
  clock.now += 8 * day;
  EXPECT_EQ(status_of_another(), 201u);  // forgotten after 7 days of run time
}

TEST_F(HandlersTest, AKeyInUseIsSaidToBeRunning) {
  ASSERT_TRUE(context->running_keys->enter(fmt::format("uid:{}", ::getuid()), "k"));
  EXPECT_THAT(post("/v1/customers", R"({"name":"One"})", "Idempotency-Key: k\r\n").body,
              HasSubstr("idempotency_running"));
  context->running_keys->leave(fmt::format("uid:{}", ::getuid()), "k");
  EXPECT_EQ(post("/v1/customers", R"({"name":"One"})", "Idempotency-Key: k\r\n").status, 201u);
}

// A route that forgets the key would carry the request out a second time.
// Of open routes only: the exchange answers by content, calls about seats by their nonce.
TEST_F(HandlersTest, EveryPostThatNeedsARightHeedsTheKey) {
  const std::string who = fmt::format("uid:{}", ::getuid());
  ASSERT_TRUE(context->running_keys->enter(who, "walk"));
  const auto fill = [](std::string path, std::string_view name, std::string_view value) {
    if (const std::size_t at = path.find(name); at != std::string::npos)
      path.replace(at, name.size(), value);
    return path;
  };
  int walked = 0;
  for (const Route& route : all_routes()) {
    if (route.method != Method::post || route.access == Access::open) continue;
    if (route.access == Access::any) continue;  // the answer signs in: no secret is kept
    const std::string target =
        fill(fill(std::string(route.path), "{plural}", "customers"), "{id}", nobody);
    SCOPED_TRACE(target);
    const bool is_table = route.path.starts_with("/v1/import");
    const Answer answer = post(
        target, route.body == Body::none ? "" : "{}",
        fmt::format("Idempotency-Key: walk\r\n{}", is_table ? "Content-Type: text/csv\r\n" : ""));
    EXPECT_EQ(answer.status, 409u) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("idempotency_running"));
    ++walked;
  }
  EXPECT_GE(walked, 12);
  context->running_keys->leave(who, "walk");
}

TEST_F(HandlersTest, ARetriedInvitationInvitesOnce) {
  const std::string key = "Idempotency-Key: plant\r\n";
  const Answer first = post("/v1/sites:invite", R"({"name":"Plant"})", key);
  const Answer again = post("/v1/sites:invite", R"({"name":"Plant"})", key);
  EXPECT_EQ(first.status, 201u) << first.body;
  EXPECT_EQ(again.status, 201u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(post("/v1/sites:invite", R"({"name":"Mine"})", key).status, 422u);
  EXPECT_EQ(read_json(get("/v1/sites"))["items"].as_array().size(), 1u);
}

TEST_F(HandlersTest, OfASpooledBodyTheHashIsCompared) {
  const std::string key = "Idempotency-Key: csv\r\nContent-Type: text/csv\r\n";
  EXPECT_EQ(post("/v1/imports/customers", "name\nOne\n", key).status, 200u);
  EXPECT_EQ(post("/v1/imports/customers", "name\nOne\n", key).header("Idempotency-Replayed"),
            "true");
  EXPECT_EQ(post("/v1/imports/customers", "name\nTwo\n", key).status, 422u);
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

  const std::string target =
      fmt::format("/v1/tokens/{}", std::string_view(token["id"].as_string()));
  EXPECT_THAT(send("DELETE", target).body, HasSubstr(R"("revoked_at":"2026)"));
  const Answer refused = send_with_token(secret, "GET", "/v1/customers");
  EXPECT_EQ(refused.status, 401u);
  EXPECT_THAT(refused.body, HasSubstr("revoked"));
  EXPECT_EQ(send("DELETE", target).status, 200u);  // again: no harm
  EXPECT_EQ(post("/v1/tokens", R"({"name":"crm","access":["read"]})").status,
            201u);  // name is free
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
      {"no name",
       "POST",
       "/v1/tokens",
       R"({"name":" ","access":["read"]})",
       "",
       422,
       {R"("/name")"},
       {}},
      {"a long name",
       "POST",
       "/v1/tokens",
       fmt::format(R"({{"name":"{}","access":["read"]}})", std::string(101, 'x')),
       "",
       422,
       {R"("/name")"},
       {}},
      {"no access",
       "POST",
       "/v1/tokens",
       R"({"name":"a","access":[]})",
       "",
       422,
       {R"("/access")"},
       {}},
      {"unknown access",
       "POST",
       "/v1/tokens",
       R"({"name":"a","access":["root"]})",
       "",
       422,
       {"read, write, seats, admin"},
       {}},
      {"seats of nobody",
       "POST",
       "/v1/tokens",
       R"({"name":"a","access":["seats"]})",
       "",
       422,
       {R"("/customers")"},
       {}},
      {"unknown member",
       "POST",
       "/v1/tokens",
       R"({"name":"a","access":["read"],"x":1})",
       "",
       422,
       {R"("/x")"},
       {}},
      {"in the past",
       "POST",
       "/v1/tokens",
       R"({"name":"a","access":["read"],"expires_at":"2020-01-01T00:00:00Z"})",
       "",
       422,
       {R"("/expires_at")"},
       {}},
      {"taken",
       "POST",
       "/v1/tokens",
       R"({"name":"taken","access":["read"]})",
       "",
       409,
       {"duplicate_key"},
       {}},
      {"no id", "DELETE", "/v1/tokens/7", "", "", 404, {"not_found"}, {}},
      {"no such token",
       "DELETE",
       fmt::format("/v1/tokens/{}", nobody),
       "",
       "",
       404,
       {"not_found"},
       {}},
  });
}

}  // namespace
}  // namespace skerry::api
