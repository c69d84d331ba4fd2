// Bundles and exchanges through the API: what is refused, and what the refusal says to do.
#include <fmt/format.h>

#include "store/upstream.hpp"
#include "sync/trust.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

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
