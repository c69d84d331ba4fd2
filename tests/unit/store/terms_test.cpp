#include "store/terms.hpp"

#include <algorithm>

#include "store/hard_delete.hpp"
#include "store/scope_moves.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::store {
namespace {

using TermsTest = CatalogueTest;

TEST_F(TermsTest, AnEntitlementIsACopyOfItsOffering) {
  const RecordId id = make("entitlement", sold());
  const Record record = read("entitlement", id);
  EXPECT_EQ(record.value("product"), json::value(to_string(product)));
  EXPECT_EQ(record.value("seats"), json::value(10));
  EXPECT_EQ(record.value("concurrency"), json::value("node_lock"));
  EXPECT_EQ(record.value("license"), json::value("subscription"));
  EXPECT_EQ(record.value("type"), json::value("paid"));
  EXPECT_EQ(record.value("usage_reset"), json::value("on_renewal"));
  EXPECT_EQ(record.value("lease_seconds"), json::value(600));
  EXPECT_EQ(record.value("offline_lease_seconds"), json::value());
  EXPECT_EQ(value("entitlement", id, "features"),
            R"({"hdr":true,"render":500,"threads":"unlimited"})");
  EXPECT_EQ(value("entitlement", id, "attributes"), R"({"tier":"basic"})");
  EXPECT_EQ(value("entitlement", id, "overridden"), "null");
  EXPECT_EQ(value("entitlement", id, "starts_at"), R"("2026-05-28T20:26:40.000Z")");
  EXPECT_EQ(value("entitlement", id, "expires_at"), R"("2027-05-28T20:26:40.000Z")");
  EXPECT_EQ(value("entitlement", id, "maintenance_until"), R"("2026-11-28T20:26:40.000Z")");
}

// It is its customer's to see, and goes with what it is about.
TEST_F(TermsTest, ANoteMayBeAboutAnEntitlement) {
  const RecordId sale = make("entitlement", sold());
  const RecordId note =
      make("note", fmt::format(R"({{"subject":"{}","text":"renews in May"}})", to_string(sale)));
  EXPECT_EQ(read("note", note).scope.customer, customer);
  const Reader reader = database->read();
  std::vector<RecordId> seen;
  visit_records_of(*reader, customer, [&](const Record& record) {
    seen.push_back(record.id);
    return true;
  });
  EXPECT_EQ(std::count(seen.begin(), seen.end(), note), 1);
  EXPECT_EQ(find_dependants(*reader, *find_kind("entitlement"), sale)->to_text(), "1 note");
  EXPECT_EQ(find_dependants(*reader, *find_kind("customer"), customer)->to_text(),
            "1 entitlement, 1 note");
}

// What was sold stays what was sold.
TEST_F(TermsTest, AChangeOfTheOfferingChangesNoEntitlement) {
  const RecordId id = make("entitlement", sold());
  ASSERT_EQ(changed("offering", offering, R"({"seats":3})"), "");
  ASSERT_EQ(changed("edition", edition, R"({"features":{"render":1}})"), "");
  EXPECT_EQ(changed("entitlement", id, R"({"features":{"threads":8}})"), "");
  EXPECT_EQ(value("entitlement", id, "seats"), "10");
  EXPECT_EQ(value("entitlement", id, "features"), R"({"hdr":true,"render":500,"threads":8})");
}

TEST_F(TermsTest, WhatDiffersIsFlaggedAndCanBeTakenBack) {
  const RecordId id = make("entitlement", sold(R"(,"seats":4,"features":{"render":9})"));
  EXPECT_EQ(value("entitlement", id, "overridden"), R"(["features.render","seats"])");
  EXPECT_EQ(value("entitlement", id, "features"),
            R"({"hdr":true,"render":9,"threads":"unlimited"})");
  ASSERT_EQ(changed("entitlement", id, R"({"seats":null,"grace_seconds":5})"), "");
  EXPECT_EQ(value("entitlement", id, "seats"), "10");
  EXPECT_EQ(value("entitlement", id, "overridden"), R"(["features.render","grace_seconds"])");
  ASSERT_EQ(changed("entitlement", id, R"({"features":{"render":null}})"), "");
  EXPECT_EQ(value("entitlement", id, "overridden"), R"(["grace_seconds"])");
  ASSERT_EQ(changed("entitlement", id, R"({"grace_seconds":86400})"), "");  // as the product has it
  EXPECT_EQ(value("entitlement", id, "overridden"), "null");
}

TEST_F(TermsTest, AnotherOfferingGivesItsTermsButNotThoseOverridden) {
  const RecordId more = offer("PRO-50", R"("seats":50,"concurrency":"concurrent")");
  const RecordId id =
      make("entitlement", sold(R"(,"features":{"render":9},"concurrency":"node_lock")"));
  ASSERT_EQ(changed("entitlement", id, R"({"lease_seconds":30})"), "");
  ASSERT_EQ(changed("entitlement", id, fmt::format(R"({{"offering":"{}"}})", to_string(more))), "");
  EXPECT_EQ(value("entitlement", id, "seats"), "50");
  EXPECT_EQ(value("entitlement", id, "concurrency"), R"("concurrent")");
  EXPECT_EQ(value("entitlement", id, "lease_seconds"), "30");
  EXPECT_EQ(value("entitlement", id, "overridden"), R"(["features.render","lease_seconds"])");
  EXPECT_EQ(value("entitlement", id, "expires_at"), R"("2027-05-28T20:26:40.000Z")");
  EXPECT_EQ(number("SELECT count(*) FROM change_log WHERE kind='entitlement'"), 3);
}

TEST_F(TermsTest, AnotherProductIsAnotherEntitlement) {
  const RecordId id = make("entitlement", sold());
  const RecordId cad = product;
  product = make("product", R"({"sku":"X","name":"X","type":"software"})");
  edition = make("edition", body(R"("name":"Team")"));
  const RecordId other = offer("X-1", R"("seats":1)");
  EXPECT_EQ(changed("entitlement", id, fmt::format(R"({{"offering":"{}"}})", to_string(other))),
            "/offering other_product;");
  EXPECT_EQ(changed("offering", offering, fmt::format(R"({{"edition":"{}"}})", to_string(edition))),
            "/edition other_product;");
  EXPECT_EQ(changed("edition", edition, fmt::format(R"({{"product":"{}"}})", to_string(cad))),
            "/product in_use;");
}

TEST_F(TermsTest, ThePlanSaysWhenItStarts) {
  int plans = 0;
  const auto starting = [&](std::string_view members) {
    plan =
        make("plan", fmt::format(R"({{"name":"P{}","license":"subscription","duration":"P1M",{}}})",
                                 ++plans, members));
    offering = offer(fmt::format("S{}", plans), R"("seats":1)");
    return make("entitlement", sold());
  };
  const RecordId first = starting(R"("starts":"first_activation")");
  EXPECT_EQ(value("entitlement", first, "starts_at"), "null");
  EXPECT_EQ(value("entitlement", first, "expires_at"), "null");
  const RecordId dated = starting(R"("starts":"date","starts_on":"2026-07-31")");
  EXPECT_EQ(value("entitlement", dated, "starts_at"), R"("2026-07-31T00:00:00.000Z")");
  EXPECT_EQ(value("entitlement", dated, "expires_at"), R"("2026-08-31T00:00:00.000Z")");
  // Begun by hand: its end follows.
  ASSERT_EQ(changed("entitlement", first, R"({"starts_at":"2026-01-31T00:00:00Z"})"), "");
  EXPECT_EQ(value("entitlement", first, "expires_at"), R"("2026-02-28T00:00:00.000Z")");
}

TEST_F(TermsTest, KeysAreThoseOfTheProduct) {
  EXPECT_EQ(made("edition", body(R"("name":"E","features":{"nokey":1,"hdr":1,"render":true})")),
            "/features/hdr wrong_type;/features/nokey unknown_key;/features/render wrong_type;");
  EXPECT_EQ(made("edition", body(R"("name":"E","attributes":{"tier":7,"hdr":"x"})")),
            "/attributes/hdr unknown_key;/attributes/tier wrong_type;");
  make("attribute", body(R"("key":"seal","type":"string","pattern":"[A-Z]{3}")"));
  EXPECT_EQ(made("edition", body(R"("name":"E","attributes":{"seal":"AB"})")),
            "/attributes/seal wrong_type;");
  EXPECT_EQ(made("edition", body(R"("name":"E","attributes":{"seal":"ABC"})")), "");
  EXPECT_EQ(changed("offering", offering, R"({"feature_overdraft":{"hdr":1,"nokey":2}})"),
            "/feature_overdraft/hdr wrong_type;/feature_overdraft/nokey unknown_key;");
  EXPECT_EQ(changed("offering", offering, R"({"feature_overdraft":{"render":"10%"}})"), "");
  const auto refused = [&](std::string_view wrong) {
    return update(read("offering", offering), wrong).error().errors.at(0).detail;
  };
  EXPECT_EQ(refused(R"({"feature_overdraft":{"hdr":1}})"),
            "is a feature that is on or off: it has no overdraft");
  const std::string why = create("edition", body(R"("name":"E","features":{"threads":true})"))
                              .error()
                              .errors.at(0)
                              .detail;
  EXPECT_NE(why.find("from 0 on or \"unlimited\": the feature is an element_pool"), why.npos);
  EXPECT_EQ(made("entitlement", sold(R"(,"features":{"render":-1})")),
            "/features/render wrong_type;");
}

TEST_F(TermsTest, AnOrderIsOfTheSameCustomer) {
  const RecordId other = make("customer", R"({"name":"Island"})");
  const RecordId order =
      make("sales_order", fmt::format(R"({{"customer":"{}","order_ref":"1"}})", to_string(other)));
  EXPECT_EQ(made("entitlement", sold(fmt::format(R"(,"sales_order":"{}")", to_string(order)))),
            "/sales_order other_customer;");
  const std::string ours = fmt::format(R"({{"customer":"{}"}})", to_string(customer));
  ASSERT_EQ(changed("sales_order", order, ours), "");
  make("entitlement", sold(fmt::format(R"(,"sales_order":"{}")", to_string(order))));
  EXPECT_EQ(changed("sales_order", order, fmt::format(R"({{"customer":"{}"}})", to_string(other))),
            "/customer in_use;");
}

// Otherwise nobody could disable what has a feature that is gone.
TEST_F(TermsTest, WhatIsHeldOutlivesItsDefinition) {
  const RecordId id = make("entitlement", sold());
  const RecordId seal = make("feature", body(R"("key":"seal","type":"bool")"));
  ASSERT_EQ(changed("entitlement", id, R"({"features":{"seal":true}})"), "");
  ASSERT_TRUE(remove(read("feature", seal)));
  EXPECT_EQ(changed("entitlement", id, R"({"disabled_at":"2026-06-01T00:00:00Z"})"), "");
  EXPECT_EQ(changed("entitlement", id, R"({"features":{"seal":false}})"),
            "/features/seal unknown_key;");
}

// Otherwise nobody could sell an edition any more that sets what was deleted or changed.
TEST_F(TermsTest, WhatTheProductDefinesNoMoreIsNotSold) {
  const RecordId seal = make("feature", body(R"("key":"seal","type":"usage_count")"));
  const RecordId wax = make("feature", body(R"("key":"wax","type":"usage_count","amount":3)"));
  const RecordId hue = make("attribute", body(R"("key":"hue","type":"string")"));
  ASSERT_EQ(changed("edition", edition, R"({"features":{"seal":7,"wax":8},
                                            "attributes":{"hue":"red"}})"),
            "");
  ASSERT_EQ(changed("offering", offering, R"({"feature_overdraft":{"seal":1,"render":2}})"), "");
  ASSERT_TRUE(remove(read("feature", seal)));
  ASSERT_TRUE(remove(read("attribute", hue)));
  ASSERT_TRUE(remove(read("feature", wax)));
  make("feature", body(R"("key":"wax","type":"bool","enabled":true)"));
  const RecordId id = make("entitlement", sold());
  EXPECT_EQ(value("entitlement", id, "features"),
            R"({"hdr":true,"render":500,"threads":"unlimited","wax":true})");
  EXPECT_EQ(value("entitlement", id, "attributes"), R"({"tier":"basic"})");
  EXPECT_EQ(value("entitlement", id, "feature_overdraft"), R"({"render":2})");
  EXPECT_EQ(value("entitlement", id, "overridden"), "null");
}

}  // namespace
}  // namespace skerry::store
