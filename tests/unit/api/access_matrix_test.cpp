// Every route of the table against everybody who may ask: a route that is added is covered by
// itself. No handler runs: each request has a body that is refused behind the rights.
#include <map>

#include "tests/unit/api/people_fixture.hpp"

namespace skerry::api {
namespace {

std::string fill(std::string path) {
  const std::pair<std::string_view, std::string_view> values[] = {
      {"{plural}", "moves"}, {"{id}", nobody},   {"{name}", "n"}, {"{code}", "not_found"},
      {"{licence}", nobody}, {"{kind}", "note"}, {"{key}", "k"},  {"{field}", "f"}};
  for (const auto& [name, value] : values)
    if (const std::size_t at = path.find(name); at != std::string::npos)
      path.replace(at, name.size(), value);
  return path;
}

bool reached_its_handler(unsigned status) { return status == 400 || status == 415; }

class AccessMatrixTest : public PeopleTest {
 protected:
  std::string token(std::string_view name, std::string_view access, std::string_view more = "") {
    json::object made = read_json(
        post("/v1/tokens", fmt::format(R"({{"name":"{}","access":[{}]{}}})", name, access, more)));
    ids_[std::string(name)] = made["id"].as_string();
    return fmt::format("Authorization: Bearer {}\r\n", std::string_view(made["token"].as_string()));
  }
  void revoke(const std::string& name) { send("DELETE", "/v1/tokens/" + ids_[name]); }

  unsigned ask(const Route& route, std::string_view headers) {
    std::string with(headers);
    if (route.body == Body::json) with += "Content-Type: text/plain\r\n";
    if (route.body != Body::none) with += "Content-Encoding: gzip\r\n";
    const Answer answer =
        send_over_tcp(to_string(route.method), fill(std::string(route.path)), "x", with);
    last_ = answer.body;
    return answer.status;
  }
  // `rights`: those this caller has, written out by hand.
  void walk(std::string_view who, std::string_view headers, std::string_view rights,
            unsigned otherwise) {
    for (const Route& route : all_routes()) {
      SCOPED_TRACE(fmt::format("{}: {} {}", who, to_string(route.method), route.path));
      const std::string wanted = fmt::format(" {} ", to_string(route.access));
      const bool may = route.access == Access::open ||
                       fmt::format(" {} ", rights).find(wanted) != std::string::npos;
      const unsigned status = ask(route, headers);
      if (may)
        EXPECT_TRUE(reached_its_handler(status)) << status << last_;
      else
        EXPECT_EQ(status, otherwise) << last_;
      ++walked_;
    }
  }

  std::map<std::string, std::string> ids_;
  std::string last_;
  std::size_t walked_ = 0;
};

TEST_F(AccessMatrixTest, Tokens) {
  walk("nobody", "", "", 401);
  walk("read", token("r", R"("read")"), "any read log", 403);
  walk("write", token("w", R"("write")"), "any move write", 403);
  walk("read and write", token("rw", R"("read","write")"), "any read log move write", 403);
  walk("admin", token("a", R"("admin")"), "any read log move write exchange admin", 403);
  EXPECT_EQ(walked_, 5 * all_routes().size());
}

TEST_F(AccessMatrixTest, TokensThatCountNoMore) {
  const std::string revoked = token("gone", R"("admin")");
  const std::string expired =
      token("late", R"("admin")", R"(,"expires_at":"2026-06-01T00:00:00Z")");
  revoke("gone");
  clock.now = 1'790'000'000'000;
  std::size_t asked = 0;
  for (const Route& route : all_routes()) {
    SCOPED_TRACE(route.path);
    for (const std::string& who : {revoked, expired}) {
      const unsigned status = ask(route, who);
      // Who guesses tokens is braked, so most of these are not even looked up.
      EXPECT_TRUE(status == 401 || status == 429) << status;
      ++asked;
    }
  }
  EXPECT_EQ(asked, 2 * all_routes().size());
}

TEST_F(AccessMatrixTest, Roles) {
  const std::pair<std::string_view, std::string_view> roles[] = {
      {"admin", "any read log move write exchange admin"},
      {"operator", "any read log move write"},
      {"mover", "any read move"},
      {"viewer", "any read"},
      {"auditor", "any read log"},
      {"application", "any"}};
  for (const auto& [role, rights] : roles) {
    const std::string session = user_with_session(fmt::format("a-{}", role), role);
    walk(role, session, rights, 403);
  }
  EXPECT_EQ(walked_, 6 * all_routes().size());
}

// A session that ended is nobody's: only what is open to everybody stays so.
TEST_F(AccessMatrixTest, SessionsThatCountNoMore) {
  const std::string disabled = user_with_session("dora", "admin");
  post("/v1/users/dora:disable", "");
  const std::string idle = user_with_session("ida", "admin");
  const std::string expired =
      user_with_session("emil", "admin", R"(,"expires_at":"2026-06-01T00:00:00Z")");
  clock.now = 1'790'000'000'000;
  for (const Route& route : all_routes()) {
    SCOPED_TRACE(route.path);
    for (const std::string& who : {disabled, idle, expired}) {
      const unsigned status = ask(route, who);
      EXPECT_TRUE(route.access == Access::open || status == 401 || status == 429) << status;
    }
  }
}

// Without the header that no other site can add, a cookie changes nothing.
TEST_F(AccessMatrixTest, ACookieAloneChangesNothing) {
  const std::string cookie = cookie_of(claim(make_user("root", "admin")));
  for (const Route& route : all_routes()) {
    if (route.access == Access::open) continue;
    SCOPED_TRACE(route.path);
    const unsigned status = ask(route, cookie);
    if (route.method == Method::get)
      EXPECT_TRUE(reached_its_handler(status)) << status;
    else
      EXPECT_EQ(status, 403u);
  }
}

// Who is limited to customers has what routes about the whole machine never show.
TEST_F(AccessMatrixTest, CustomersAreALimit) {
  const std::string customer = make("customers", R"({"name":"Acme"})");
  const std::string limit = fmt::format(R"(,"customers":["{}"])", customer);
  const std::string by_token = token("t", R"("read","write")", limit);
  const std::string by_role = user_with_session("oscar", "operator", limit);
  for (const std::string& who : {by_token, by_role}) {
    for (const Route& route : all_routes()) {
      SCOPED_TRACE(route.path);
      const bool is_free = route.access == Access::open || route.access == Access::any;
      const bool is_held = route.access == Access::admin || route.access == Access::exchange;
      const unsigned status = ask(route, who);
      if (is_free || (!is_held && route.reach == Reach::customers))
        EXPECT_TRUE(reached_its_handler(status)) << status << last_;
      else
        EXPECT_EQ(status, 403u);
    }
  }
}

}  // namespace
}  // namespace skerry::api
