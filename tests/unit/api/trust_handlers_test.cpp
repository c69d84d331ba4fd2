// What a machine says of whom it trusts: its own page, status, doctor, metrics.
#include "sync/trust_office.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

class TrustHandlersTest : public HandlersTest {
 protected:
  // A generation with one root; with `next`, central's keys are others from then on.
  void adopt(UnixMillis expires_at, const sync::Keys* next = nullptr) {
    sync::TrustWish wish;
    if (!sync::trust_of(*node)->generation) wish.add_roots = {root.verify_key()};
    wish.threshold = 1;
    wish.expires_at = expires_at;
    wish.next = next;
    auto draft = sync::draft_trust(*node, wish);
    ASSERT_TRUE(draft) << draft.error().detail;
    sync::sign(draft->generations.back(), root);
    const auto adopted = sync::adopt_trust(*node, draft->generations, next, {"uid:0", "cli", {}});
    ASSERT_TRUE(adopted) << adopted.error().detail;
  }
  std::string doctor() { return get("/v1/doctor").body; }
  std::string status() { return get("/v1/status").body; }

  const crypto::SigningKey root = crypto::SigningKey::generate();
  static constexpr UnixMillis year_ms = 365ll * 24 * 3600 * 1000;
};

TEST_F(TrustHandlersTest, CentralsOwnKeyIsAllThereIsAtFirst) {
  check({{"first",
          "GET",
          "/v1/trust",
          "",
          "",
          200,
          {R"("generation":0)", R"("roots":[])", R"("expires_at":null)", R"("adopted_at":null)",
           keys.sign.verify_key().to_text()},
          {}}});
  EXPECT_THAT(doctor(), HasSubstr("no offline root"));
  EXPECT_THAT(get("/metrics").body, Not(HasSubstr("skerry_trust")));
}

TEST_F(TrustHandlersTest, AnExpiryIsShownEverywhereAndStopsNothing) {
  adopt(clock.now + year_ms);
  EXPECT_THAT(get("/v1/trust").body, HasSubstr(R"("generation":1)"));
  EXPECT_THAT(get("/v1/trust").body, HasSubstr(root.verify_key().to_text()));
  EXPECT_THAT(doctor(), HasSubstr("generation 1 is in force"));
  EXPECT_THAT(status(), Not(HasSubstr("of trust")));
  EXPECT_THAT(get("/metrics").body, HasSubstr("skerry_trust_generation 1"));
  clock.now += year_ms - 1000;
  EXPECT_THAT(status(), HasSubstr("generation 1 of trust expires on"));
  EXPECT_THAT(get("/v1/trust").body, HasSubstr(R"("expired":false)"));
  clock.now += 2000;
  EXPECT_THAT(status(), HasSubstr("generation 1 of trust expired on"));
  EXPECT_THAT(doctor(), HasSubstr("generation 1 of trust expired on"));
  EXPECT_THAT(get("/v1/trust").body, HasSubstr(R"("expired":true)"));
  EXPECT_EQ(post("/v1/customers", R"({"name":"All the same"})").status, 201u);
}

TEST_F(TrustHandlersTest, ACentralWithoutItsKeySaysSo) {
  adopt(clock.now + year_ms);
  const sync::Keys next{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
  adopt(clock.now + year_ms, &next);  // this process goes on with the old ones
  EXPECT_THAT(status(), HasSubstr("names another key for central"));
  EXPECT_THAT(doctor(), HasSubstr("skerry trust rotate FILE --central-keys"));
}

TEST_F(SiteHandlersTest, ASiteWithoutACentralTrustsNobody) {
  check({{"nobody", "GET", "/v1/trust", "", "", 409, {"not_enrolled", "skerry enrol"}, {}},
         {"a question", "GET", "/v1/trust?x=1", "", "", 400, {}, {}}});
}

}  // namespace
}  // namespace skerry::api
