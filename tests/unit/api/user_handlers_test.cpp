#include "tests/unit/api/people_fixture.hpp"

namespace skerry::api {
namespace {

TEST_F(PeopleTest, ACodeBecomesAPasswordOnce) {
  const std::string code = make_user("alice", "operator");
  EXPECT_EQ(sign_in("alice").status, 401u);
  const Answer claimed = claim(code);
  ASSERT_EQ(claimed.status, 200u) << claimed.body;
  EXPECT_EQ(claimed.header("Cache-Control"), "no-store");
  EXPECT_THAT(claimed.header("Set-Cookie"),
              testing::MatchesRegex("__Host-skerry=skry_session_[0-9A-Za-z]{36}; Path=/; Secure; "
                                    "HttpOnly; SameSite=Strict"));
  EXPECT_EQ(send_over_tcp("GET", "/v1/session", "", cookie_of(claimed)).body,
            R"({"kind":"user","name":"alice","role":"operator",)"
            R"("rights":["read","log","move","write"],"customers":null})");
  EXPECT_EQ(claim(code).status, 401u);
  EXPECT_EQ(sign_in("alice").status, 200u);
  EXPECT_EQ(sign_in("alice", "kelp-forest-lanterN").status, 401u);
  EXPECT_EQ(sign_in("nobody").body.substr(0, 300).find("nobody"), std::string::npos);
  EXPECT_THAT(get("/v1/users").body, Not(HasSubstr("scrypt")));
  EXPECT_THAT(get("/v1/users").body, Not(HasSubstr(code)));
}

TEST_F(PeopleTest, ACodeEnds) {
  const std::string of_admin = make_user("root", "admin");
  const std::string of_viewer = make_user("vera", "viewer");
  clock.now += 30 * 60'000;
  EXPECT_EQ(claim(of_admin).status, 401u);
  EXPECT_EQ(claim(of_viewer).status, 200u);
}

TEST_F(PeopleTest, AWeakPasswordLeavesTheCode) {
  const std::string code = make_user("alice", "viewer");
  const Answer weak = claim(code, "passwordpassword");
  EXPECT_EQ(weak.status, 422u);
  EXPECT_THAT(weak.body, HasSubstr(R"("pointer":"/password","code":"weak_password")"));
  EXPECT_THAT(weak.body, Not(HasSubstr("passwordpassword")));
  EXPECT_THAT(claim(code, "short").body, HasSubstr("15 characters"));
  EXPECT_EQ(claim(code).status, 200u);
}

TEST_F(PeopleTest, SessionsDoWhatTheRoleMayAndNoMore) {
  const std::string operates = user_with_session("oscar", "operator");
  const std::string views = user_with_session("vera", "viewer");
  const std::string moves = user_with_session("mona", "mover");
  const std::string applies = user_with_session("app", "application");
  const std::string_view body = R"({"name":"Acme"})";
  EXPECT_EQ(send_over_tcp("POST", "/v1/customers", body, operates).status, 201u);
  EXPECT_EQ(send_over_tcp("POST", "/v1/customers", body, views).status, 403u);
  EXPECT_EQ(send_over_tcp("POST", "/v1/customers", body, moves).status, 403u);
  EXPECT_EQ(send_over_tcp("POST", "/v1/moves", "{}", moves).status, 422u);
  EXPECT_EQ(send_over_tcp("POST", "/v1/moves", "{}", views).status, 403u);
  EXPECT_EQ(send_over_tcp("POST", "/v1/notes:batch", "{}", moves).status, 403u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", views).status, 200u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/audit", "", views).status, 403u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/audit", "", operates).status, 200u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/users", "", operates).status, 403u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", applies).status, 403u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/session", "", applies).status, 200u);
  EXPECT_THAT(get("/v1/audit").body, HasSubstr(R"("actor":"user:oscar","actor_name":null)"));
  await_log(R"("actor":"user:vera")");
}

TEST_F(PeopleTest, AnotherSiteMakesABrowserDoNothing) {
  const std::string session = cookie_of(claim(make_user("alice", "operator")));
  const std::string_view body = R"({"name":"Acme"})";
  const auto create = [&](std::string_view headers) {
    return send_over_tcp("POST", "/v1/customers", body, session + std::string(headers)).status;
  };
  EXPECT_EQ(create(""), 403u);
  EXPECT_EQ(create("X-Skerry-Source: console\r\nSec-Fetch-Site: cross-site\r\n"), 403u);
  EXPECT_EQ(create("X-Skerry-Source: console\r\nSec-Fetch-Site: same-site\r\n"), 403u);
  EXPECT_EQ(create("X-Skerry-Source: console\r\nSec-Fetch-Site: same-origin\r\n"), 201u);
  EXPECT_EQ(create("X-Skerry-Source: console\r\nSec-Fetch-Site: none\r\n"), 201u);
  EXPECT_EQ(create("X-Skerry-Source: console\r\n"), 201u);
  EXPECT_EQ(
      send_over_tcp("GET", "/v1/customers", "", session + "Sec-Fetch-Site: cross-site\r\n").status,
      403u);
  EXPECT_EQ(sign_in("alice", good_password, "Sec-Fetch-Site: cross-site\r\n").status, 403u);
  EXPECT_THAT(get("/v1/audit").body, HasSubstr(R"("source":"console")"));
}

TEST_F(PeopleTest, ASessionEnds) {
  const std::string session = user_with_session("alice", "viewer");
  const auto status = [&] { return send_over_tcp("GET", "/v1/customers", "", session).status; };
  EXPECT_EQ(status(), 200u);
  clock.now += 31 * 60'000;
  EXPECT_EQ(status(), 401u);
  const std::string other = cookie_of(sign_in("alice", good_password, session));  // the old one too
  const Answer out = send_over_tcp("DELETE", "/v1/session", "", other + "X-Skerry-Source: c\r\n");
  EXPECT_EQ(out.status, 204u);
  EXPECT_THAT(out.header("Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", other).status, 401u);
  EXPECT_EQ(send("DELETE", "/v1/session").status, 400u);
}

TEST_F(PeopleTest, TheOwnSessionsAreListedAndEnded) {
  const std::string alice = user_with_session("alice", "viewer");
  const std::string other = cookie_of(sign_in("alice"));
  const std::string bob = user_with_session("bob", "operator");
  const auto list = [&](std::string_view headers) {
    return read_json(send_over_tcp("GET", "/v1/sessions", "", headers)).at("items").as_array();
  };
  const auto end = [&](const json::value& of, std::string_view headers, std::string_view how = "") {
    const std::string target =
        fmt::format("/v1/sessions/{}{}", of.at("id").as_string().c_str(), how);
    return send_over_tcp("DELETE", target, "", headers).status;
  };
  const json::array own = list(alice);
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0].at("user"), "alice");
  EXPECT_NE(own[0].at("current"), own[1].at("current"));
  EXPECT_EQ(own[0].at("from"), "127.0.0.1");
  const json::value& left = own[own[0].at("current").as_bool() ? 1U : 0U];
  EXPECT_EQ(end(left, bob), 404u) << "another's is not there for him";
  EXPECT_EQ(end(left, alice, "?dry_run=true"), 200u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", other).status, 200u);
  EXPECT_EQ(end(left, alice), 200u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", other).status, 401u);
  EXPECT_EQ(list(alice).size(), 1u);
  EXPECT_EQ(end(left, alice), 404u);
  const json::object token = read_json(post("/v1/tokens", R"({"name":"t","access":["write"]})"));
  const std::string_view secret = token.at("token").as_string();
  EXPECT_TRUE(list(fmt::format("Authorization: Bearer {}\r\n", secret)).empty());
  const Answer everybodys = get("/v1/sessions");
  EXPECT_EQ(read_json(everybodys).at("items").as_array().size(), 2u);
  EXPECT_EQ(everybodys.header("Cache-Control"), "no-store");
  EXPECT_THAT(get("/v1/audit").body, HasSubstr("session_ended"));
}

TEST_F(PeopleTest, WhatIsDoneToAUserCountsAtOnce) {
  for (const char* verb : {":disable", ":reset"}) {
    SCOPED_TRACE(verb);
    const std::string name = fmt::format("alice{}", verb[1]);
    const std::string session = user_with_session(name, "operator");
    EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", session).status, 200u);
    EXPECT_EQ(post(fmt::format("/v1/users/{}{}", name, verb), "").status, 200u);
    EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", session).status, 401u);
    EXPECT_EQ(sign_in(name).status, 401u);
  }
  EXPECT_EQ(post("/v1/users/aliced:enable", "").status, 200u);
  EXPECT_EQ(sign_in("aliced").status, 200u);
  const std::string session = user_with_session("bert", "operator");
  EXPECT_EQ(patch("/v1/users/bert", R"({"role":"viewer"})", "\"2\"").status, 200u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", session).status, 401u);
  EXPECT_THAT(sign_in("bert").body, HasSubstr(R"("role":"viewer")"));
}

TEST_F(PeopleTest, AUserExpires) {
  const std::string session =
      user_with_session("alice", "viewer", R"(,"expires_at":"2026-06-01T00:00:00Z")");
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", session).status, 200u);
  clock.now = 1'790'000'000'000;
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", session).status, 401u);
  EXPECT_EQ(sign_in("alice").status, 401u);
}

TEST_F(PeopleTest, NobodyChangesHisOwnAccount) {
  const std::string session = user_with_session("root", "admin");
  EXPECT_EQ(
      send_over_tcp("PATCH", "/v1/users/root", R"({"role":"viewer"})", session + "If-Match: *\r\n")
          .status,
      403u);
  for (const char* verb : {":disable", ":enable", ":reset"})
    EXPECT_EQ(send_over_tcp("POST", fmt::format("/v1/users/root{}", verb), "", session).status,
              403u);
  make_user("vera", "viewer");
  EXPECT_EQ(send_over_tcp("POST", "/v1/users/vera:disable", "", session).status, 200u);
}

TEST_F(PeopleTest, APasswordIsChangedByItsOwner) {
  const std::string first = user_with_session("alice", "viewer");
  const std::string second = cookie_of(sign_in("alice")) + "X-Skerry-Source: console\r\n";
  const auto change = [&](std::string_view current, std::string_view password) {
    return send_over_tcp("POST", "/v1/session:password",
                         fmt::format(R"({{"current":"{}","password":"{}"}})", current, password),
                         second);
  };
  EXPECT_THAT(change("wrong", "gravel tide umbrella").body, HasSubstr(R"("/current")"));
  EXPECT_THAT(change(good_password, "alicealicealice").body, HasSubstr("names of the user"));
  const Answer changed = change(good_password, "gravel tide umbrella");
  ASSERT_EQ(changed.status, 200u) << changed.body;
  for (const std::string& old : {first, second})
    EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", old).status, 401u);
  EXPECT_EQ(send_over_tcp("GET", "/v1/customers", "", cookie_of(changed)).status, 200u);
  EXPECT_EQ(sign_in("alice").status, 401u);
  EXPECT_EQ(sign_in("alice", "gravel tide umbrella").status, 200u);
  EXPECT_EQ(post("/v1/session:password", R"({"current":"a","password":"b"})").status, 403u);
}

TEST_F(PeopleTest, GuessesAreBraked) {
  user_with_session("alice", "viewer");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_in("alice", "wrong").status, 401u) << i;
  const Answer refused = sign_in("alice");
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.header("Retry-After"), "900");
  EXPECT_THAT(refused.header("RateLimit-Policy"), HasSubstr("\"sign-ins\";q=5;w=900"));
  EXPECT_THAT(refused.body,
              HasSubstr("wait 15 minutes, or on the machine itself: skerry user reset"));
  clock.now += 890'000;
  EXPECT_EQ(sign_in("alice").header("Retry-After"), "10");
  clock.now += 10'000;
  EXPECT_EQ(sign_in("alice").status, 200u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(claim("skry_code_x").status, 401u) << i;
  EXPECT_EQ(claim("skry_code_x").status, 429u);
}

TEST_F(PeopleTest, ABusyMachineIsNoWrongGuess) {
  user_with_session("alice", "viewer");
  {
    std::vector<PasswordThread::Place> places;
    for (int i = 0; i < password_hashes_waiting_max; ++i)
      places.push_back(context->passwords->take_place().value());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("alice").status, 503u) << i;
  }
  EXPECT_EQ(sign_in("alice").status, 200u);
}

TEST_F(PeopleTest, AResetLetsABrakedUserIn) {
  user_with_session("alice", "viewer");
  for (int i = 0; i < 5; ++i) sign_in("alice", "wrong");
  for (int i = 0; i < 15; ++i) claim("skry_code_x");
  ASSERT_EQ(sign_in("alice").status, 429u);
  const json::object reset = read_json(post("/v1/users/alice:reset", ""));
  EXPECT_EQ(claim(reset.at("code").as_string()).status, 200u);
  EXPECT_EQ(sign_in("alice").status, 200u);
}

TEST_F(PeopleTest, TheLogHasEveryDecision) {
  const std::string session = user_with_session("alice", "viewer");
  sign_in("alice");
  sign_in("alice", "wrong");
  for (int i = 0; i < 6; ++i) claim("skry_code_x");
  send_over_tcp("GET", "/v1/users", "", session);
  send_with_token("skry_api_x", "GET", "/v1/customers");
  patch("/v1/users/alice", R"({"role":"operator"})", "*");
  post("/v1/users/alice:disable", "");
  post("/v1/users/alice:enable", "");
  post("/v1/users/alice:reset", "");
  json::object token = read_json(post("/v1/tokens", R"({"name":"crm","access":["read"]})"));
  send("DELETE", fmt::format("/v1/tokens/{}", std::string_view(token["id"].as_string())));
  for (const char* event :
       {"user_made", "password_chosen", "signed_in", "sign_in_failed", "sign_in_braked",
        "code_refused", "denied", "token_refused", "user_changed", "user_disabled", "user_enabled",
        "user_reset", "token_made", "token_revoked"})
    await_log(fmt::format(R"("detail":"{}")", event));
  EXPECT_THAT(get("/v1/audit?op=event").body, Not(HasSubstr("kelp")));
}

TEST_F(PeopleTest, RepeatedRefusalsAreCounted) {
  const std::string session = user_with_session("alice", "viewer");
  for (int i = 0; i < 20; ++i) send_over_tcp("GET", "/v1/users", "", session);
  clock.now += 60'000;
  send_over_tcp("GET", "/v1/users", "", session);
  await_log(R"("more_before":{"old":null,"new":19})");
}

TEST_F(PeopleTest, UsersAreReadStrictly) {
  make_user("taken", "viewer");
  const auto body = [](std::string_view text) { return std::string(text); };
  check({
      {"nothing", "POST", "/v1/users", "{}", "", 422, {R"("/name")", R"("/role")"}, {}},
      {"a bad name",
       "POST",
       "/v1/users",
       body(R"({"name":"A b","role":"viewer"})"),
       "",
       422,
       {R"("/name")"},
       {}},
      {"no role",
       "POST",
       "/v1/users",
       body(R"({"name":"a","role":"root"})"),
       "",
       422,
       {"admin, operator, mover"},
       {}},
      {"an unknown member",
       "POST",
       "/v1/users",
       body(R"({"name":"a","role":"viewer","x":1})"),
       "",
       422,
       {R"("/x")"},
       {}},
      {"a taken name",
       "POST",
       "/v1/users",
       body(R"({"name":"taken","role":"viewer"})"),
       "",
       409,
       {"duplicate_key"},
       {}},
      {"no customers",
       "POST",
       "/v1/users",
       body(R"({"name":"a","role":"viewer","customers":[]})"),
       "",
       422,
       {R"("/customers")"},
       {}},
      {"customers that are none",
       "POST",
       "/v1/users",
       fmt::format(R"({{"name":"a","role":"viewer","customers":["{}"]}})", nobody),
       "",
       422,
       {R"("/customers")", "reference_not_found"},
       {}},
      {"a limited administrator",
       "POST",
       "/v1/users",
       fmt::format(R"({{"name":"a","role":"admin","customers":["{}"]}})", nobody),
       "",
       422,
       {"is not limited"},
       {}},
      {"nobody", "GET", "/v1/users/nobody", "", "", 404, {"skerry user list"}, {}},
      {"without If-Match", "PATCH", "/v1/users/taken", "{}", "", 428, {}, {}},
      {"an old revision", "PATCH", "/v1/users/taken", "{}", "If-Match: \"7\"\r\n", 412, {}, {}},
      {"a name is not changed",
       "PATCH",
       "/v1/users/taken",
       body(R"({"name":"b"})"),
       "If-Match: *\r\n",
       422,
       {R"("/name")"},
       {}},
      {"a sign-in without a name",
       "POST",
       "/v1/session",
       body(R"({"password":"x"})"),
       "",
       422,
       {R"("/name")"},
       {}},
      {"a claim of no text",
       "POST",
       "/v1/session:claim",
       body(R"({"code":7,"password":"x"})"),
       "",
       422,
       {R"("/code")"},
       {}},
  });
}

TEST_F(PeopleTest, ADryRunChangesNothing) {
  const std::string session = user_with_session("alice", "viewer");
  const std::string users = get("/v1/users").body;
  const auto dry = [&](std::string_view method, std::string target, std::string_view body,
                       std::string_view headers = "") {
    return send(method, target + "?dry_run=true", body, headers);
  };
  const Answer made = dry("POST", "/v1/users", R"({"name":"bob","role":"viewer"})");
  EXPECT_EQ(made.status, 201u) << made.body;
  EXPECT_THAT(made.body, Not(HasSubstr("skry_code_")));
  EXPECT_EQ(dry("POST", "/v1/users", R"({"name":"alice","role":"viewer"})").status, 409u);
  const Answer changed =
      dry("PATCH", "/v1/users/alice", R"({"role":"operator"})", "If-Match: *\r\n");
  EXPECT_EQ(changed.status, 200u) << changed.body;
  EXPECT_THAT(changed.body, HasSubstr(R"("role":"operator")"));
  EXPECT_EQ(dry("POST", "/v1/users/alice:disable", "").status, 200u);
  EXPECT_THAT(dry("POST", "/v1/users/alice:reset", "").body, Not(HasSubstr("skry_code_")));
  EXPECT_EQ(dry("POST", "/v1/users/nobody:reset", "").status, 404u);
  EXPECT_EQ(get("/v1/users").body, users);
  EXPECT_EQ(send_over_tcp("GET", "/v1/session", "", session).status, 200u) << "signed in still";
  EXPECT_EQ(sign_in("alice").status, 200u);

  const std::string_view token = R"({"name":"crm","access":["read"]})";
  EXPECT_THAT(dry("POST", "/v1/tokens", token).body, Not(HasSubstr("skry_api_")));
  const json::object kept = read_json(post("/v1/tokens", token));
  const std::string tokens = get("/v1/tokens").body;
  const std::string place = "/v1/tokens/" + std::string(kept.at("id").as_string());
  EXPECT_THAT(dry("DELETE", place, "").body, Not(HasSubstr(R"("revoked_at":null)")));
  EXPECT_EQ(get("/v1/tokens").body, tokens);
  EXPECT_EQ(send("POST", "/v1/users?dry_run=maybe", R"({"name":"bob","role":"viewer"})").status,
            400u);
}

TEST_F(PeopleTest, ARetriedResetGivesNoOtherCode) {
  make_user("alice", "viewer");
  const std::string key = "Idempotency-Key: once\r\n";
  const Answer first = post("/v1/users/alice:reset", "", key);
  const Answer again = post("/v1/users/alice:reset", "", key);
  EXPECT_THAT(first.body, HasSubstr("skry_code_"));
  EXPECT_THAT(again.body, Not(HasSubstr("skry_code_")));
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(claim(read_json(first)["code"].as_string()).status, 200u);
}

}  // namespace
}  // namespace skerry::api
