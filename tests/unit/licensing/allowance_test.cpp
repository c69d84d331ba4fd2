#include "licensing/allowance.hpp"

#include <gmock/gmock.h>

#include "licensing/activation_codes.hpp"
#include "licensing/seat_rows.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::licensing {
namespace {

constexpr UnixMillis day_ms = 86'400'000;

class AllowanceTest : public store::CatalogueTest {
 protected:
  AllowanceTest() : entitlement(make("entitlement", sold())), plant(site("Plant")) {}

  std::optional<Allowance> at(Role as, const RecordId& machine, UnixMillis later = 0) {
    const store::Reader reader = database->read();
    return find_allowance(*reader, {as, SiteId{machine.bytes}, "m"}, entitlement,
                          clock.wall_ms() + later);
  }
  Allowance at_central(UnixMillis later = 0) { return *at(Role::central, RecordId{}, later); }
  std::string status(UnixMillis later = 0) {
    return std::string(to_text(at_central(later).status));
  }
  // "key=amount+overdraft" of the counted, "key" of the enabled ones.
  static std::string features(const Allowance& allowance) {
    std::string text;
    const auto amount = [](const Amount& each) {
      return each.limit ? std::to_string(*each.limit) : "*";
    };
    for (const AllowedFeature& each : allowance.features) {
      if (each.type == FeatureType::boolean)
        text += each.enabled ? each.key + " " : "";
      else
        text += each.key + "=" + amount(each.amount) + "+" + amount(each.overdraft) + " ";
    }
    return text;
  }
  void give(std::string_view members) {
    make("allocation", allocation(entitlement, plant,
                                  fmt::format(R"("until":"2026-06-30T00:00:00Z",{})", members)));
  }

  RecordId entitlement, plant;
};

TEST_F(AllowanceTest, CentralKeepsWhatNoSiteHolds) {
  ASSERT_EQ(changed("entitlement", entitlement,
                    R"({"overdraft":"5","feature_overdraft":{"render":"10%"}})"),
            "");
  give(R"("seats":4,"amounts":{"render":200})");
  const Allowance allowance = at_central();
  EXPECT_EQ(allowance.seats, Amount{6});
  EXPECT_EQ(allowance.overdraft, Amount{5});
  EXPECT_EQ(features(allowance), "hdr render=300+50 threads=*+* ");
  EXPECT_EQ(allowance.allocation, std::nullopt);
  EXPECT_EQ(allowance.product_sku, "CAD");
  EXPECT_EQ(allowance.edition, "Pro");
  EXPECT_EQ(allowance.lease_seconds, 600);
  EXPECT_EQ(allowance.offline_lease_seconds, offline_lease_seconds_default);
  EXPECT_EQ(allowance.attributes, (json::object{{"tier", "basic"}}));
}

TEST_F(AllowanceTest, AnOverdraftIsUsedUpLast) {
  ASSERT_EQ(changed("entitlement", entitlement, R"({"overdraft":"5"})"), "");
  give(R"("seats":12)");
  EXPECT_EQ(at_central().seats, Amount{0});
  EXPECT_EQ(at_central().overdraft, Amount{3});
}

TEST_F(AllowanceTest, ASiteHasWhatIsAllocatedToIt) {
  EXPECT_FALSE(at(Role::site, plant));
  give(R"("seats":4,"amounts":{"render":200})");
  const auto allowance = at(Role::site, plant);
  ASSERT_TRUE(allowance);
  EXPECT_EQ(allowance->seats, Amount{4});
  EXPECT_EQ(allowance->overdraft, Amount{0});
  EXPECT_EQ(features(*allowance), "hdr render=200+0 threads=0+0 ");
  EXPECT_EQ(allowance->issue, 1);
  EXPECT_EQ(allowance->seats_until(), allowance->allocated_until);
  EXPECT_FALSE(at(Role::site, site("Other")));
  const auto over = at(Role::site, plant, 60 * day_ms);
  EXPECT_EQ(over->seats, Amount{0});
  EXPECT_EQ(features(*over), "hdr render=0+0 threads=0+0 ");
}

TEST_F(AllowanceTest, TheStatusFollowsTheTime) {
  EXPECT_EQ(status(-1), "created");
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(status(365 * day_ms - 1), "active");
  EXPECT_EQ(status(365 * day_ms), "grace");
  EXPECT_EQ(status(366 * day_ms - 1), "grace");
  EXPECT_EQ(status(366 * day_ms), "expired");
  EXPECT_EQ(at_central().seats_until(), clock.wall_ms() + 366 * day_ms);
}

TEST_F(AllowanceTest, ItHasBegunWithItsFirstSeatHereBeforeItsRecordSaysSo) {
  plan = make("plan", R"({"name":"Month","license":"subscription","duration":"P1M",
                          "starts":"first_activation"})");
  offering = offer("USED", R"("seats":1)");
  entitlement = make("entitlement", sold());
  EXPECT_EQ(status(), "created");
  write([&](store::Connection& connection) -> Result<void> {
    write_start(connection, entitlement, clock.wall_ms());
    return {};
  });
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(at_central().expires_at, clock.wall_ms() + 31 * day_ms);
  EXPECT_EQ(status(31 * day_ms), "grace");
  EXPECT_EQ(status(32 * day_ms), "expired");
}

TEST_F(AllowanceTest, ADisabledCustomerSuspendsAllButWhatIsDisabledByItself) {
  ASSERT_EQ(changed("customer", customer, R"({"disabled_at":"2026-01-01"})"), "");
  EXPECT_EQ(status(), "customer_disabled");
  ASSERT_EQ(changed("entitlement", entitlement, R"({"disabled_at":"2026-01-01"})"), "");
  EXPECT_EQ(status(), "disabled");
  ASSERT_EQ(changed("customer", customer, R"({"disabled_at":null})"), "");
  EXPECT_EQ(status(), "disabled");
  ASSERT_EQ(changed("entitlement", entitlement, R"({"disabled_at":null})"), "");
  EXPECT_EQ(status(), "active");
}

TEST_F(AllowanceTest, UsageStartsAgainAsTheOfferingSays) {
  const UnixMillis start = clock.wall_ms();
  EXPECT_EQ(at_central(100 * day_ms).usage_since, start);
  ASSERT_EQ(changed("entitlement", entitlement, R"({"usage_reset":"never"})"), "");
  EXPECT_EQ(at_central(100 * day_ms).usage_since, 0);
  ASSERT_EQ(changed("entitlement", entitlement, R"({"usage_reset":"monthly"})"), "");
  EXPECT_EQ(at_central().usage_since, start);
  EXPECT_EQ(at_central(31 * day_ms - 1).usage_since, start);
  EXPECT_EQ(at_central(31 * day_ms).usage_since, start + 31 * day_ms);    // 28 May, 28 June
  EXPECT_EQ(at_central(365 * day_ms).usage_since, start + 365 * day_ms);  // a year of months
}

TEST_F(AllowanceTest, ACodeOpensAllOfItsOrder) {
  const RecordId order = make(
      "sales_order", fmt::format(R"({{"customer":"{}","order_ref":"1"}})", to_string(customer)));
  const std::string members = fmt::format(R"(,"sales_order":"{}")", to_string(order));
  const RecordId first = make("entitlement", sold(members));
  const RecordId second = make("entitlement", sold(members));
  const Hash digest = digest_of("ABCDEFGH");
  RecordId code;
  write([&](store::Connection& connection) -> Result<void> {
    const Kind& kind = *find_kind("activation_code");
    SKERRY_TRY(const store::Record made, store::RecordWriter(connection, log, role, random)
                                             .make(kind, new_record_id(clock.wall_ms(), random),
                                                   {{0, json::value(to_string(order))},
                                                    {1, json::value(to_hex(digest))},
                                                    {2, json::value("EFGH")}},
                                                   author));
    code = made.id;
    return {};
  });
  const auto opened = [&] {
    const store::Reader reader = database->read();
    return find_allowances(*reader, {Role::central, {}, "m"}, digest, clock.wall_ms());
  };
  ASSERT_EQ(opened().size(), 2u);
  const std::vector<RecordId> found{opened()[0].entitlement, opened()[1].entitlement};
  EXPECT_THAT(found, testing::UnorderedElementsAre(first, second));  // made in one millisecond
  EXPECT_EQ(opened()[0].code_digests, std::vector<Hash>{digest});
  const store::Reader reader = database->read();
  EXPECT_EQ(all_allowances(*reader, {Role::central, {}, "m"}, clock.wall_ms()).size(), 3u);
  const auto of_customers = [&](const std::vector<RecordId>& ids) {
    return find_allowances(*reader, {Role::central, {}, "m"}, ids, clock.wall_ms()).size();
  };
  EXPECT_EQ(of_customers({customer}), 3u);
  EXPECT_EQ(of_customers({order}), 0u);
  ASSERT_EQ(changed("activation_code", code, R"({"disabled_at":"2026-01-01"})"), "");
  EXPECT_TRUE(opened().empty());
}

}  // namespace
}  // namespace skerry::licensing
