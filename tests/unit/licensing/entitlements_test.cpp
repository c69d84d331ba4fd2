#include "licensing/entitlements.hpp"

#include "licensing/activation_codes.hpp"
#include "licensing/receipts.hpp"
#include "store/allocations.hpp"
#include "store/hard_delete.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;
using store::Record;

class EntitlementsTest : public store::CatalogueTest {
 protected:
  EntitlementsTest()
      : order(make("sales_order",
                   fmt::format(R"({{"customer":"{}","order_ref":"O-1"}})", to_string(customer)))) {}

  template <class What>
  auto act(What what) {
    return run([&](Connection& connection) {
      store::RecordWriter writer(connection, log, role, random);
      return what(Acting{connection, writer, because, random, clock.wall_ms()});
    });
  }
  // "" or what it was refused for.
  std::string renewed(const RecordId& id) {
    const auto record = act([&](const Acting& acting) { return renew(acting, id, std::nullopt); });
    return record ? "" : complaints(record.error());
  }
  std::string ends(const RecordId& id) {
    const Record record = read("entitlement", id);
    std::string text;
    for (const char* field : {"expires_at", "maintenance_until", "renewed_at"}) {
      const json::string* time = record.value(field).if_string();
      text += time ? std::string(time->c_str(), 10) + " " : "- ";
    }
    return text;
  }

  // As that machine: what waits of one entitlement, or of all.
  std::size_t confirm_as(Role as, const RecordId& site, std::optional<RecordId> of = {}) {
    return *run([&](Connection& connection) {
      store::RecordWriter writer(connection, log, role, random);
      return confirm_allocations(connection, writer, {as, SiteId{site.bytes}, "plant"}, random,
                                 clock.wall_ms(), author, of);
    });
  }
  void run_of(const RecordId& id, std::string_view sql) {
    ASSERT_TRUE(run([&](Connection& connection) -> Result<void> {
      connection.execute(sql, id);
      return {};
    }));
  }

  RecordId order;
  store::Author because{"uid:0", "api", "rq-1", "sunk"};
};

// One of none would end before its holder heard of it.
TEST_F(EntitlementsTest, ALeaseLastsASecondAtLeast) {
  const RecordId id = make("entitlement", sold());
  EXPECT_EQ(changed("entitlement", id, R"({"lease_seconds":0})"), "/lease_seconds out_of_range;");
  EXPECT_EQ(changed("entitlement", id, R"({"lease_seconds":1,"offline_lease_seconds":0})"), "");
}

TEST_F(EntitlementsTest, ARenewalGoesOnFromTheExpiry) {
  const RecordId id = make("entitlement", sold());
  EXPECT_EQ(ends(id), "2027-05-28 2026-11-28 - ");
  EXPECT_EQ(renewed(id), "");
  EXPECT_EQ(ends(id), "2028-05-28 2027-05-28 2026-05-28 ");
}

TEST_F(EntitlementsTest, InTheGraceItStillDoesAndBehindItFromNowOn) {
  const RecordId id = make("entitlement", sold());
  clock.now = clock.now + 365LL * 86'400'000;  // expired, within its day of grace
  EXPECT_EQ(renewed(id), "");
  EXPECT_EQ(ends(id), "2028-05-28 2027-05-28 2027-05-28 ");
  clock.now = clock.now + (366 + 10) * 86'400'000LL;  // ten days over: 2028-06-07
  EXPECT_EQ(renewed(id), "");
  EXPECT_EQ(ends(id), "2029-06-07 2028-12-07 2028-06-07 ");
}

TEST_F(EntitlementsTest, ARenewalTakesNoMaintenanceAway) {
  plan = make("plan", R"({"name":"Month","license":"subscription","duration":"P1M"})");
  offering = offer("PRO-1M", R"("seats":10,"maintenance":"P1Y")");
  const RecordId id = make("entitlement", sold());
  EXPECT_EQ(renewed(id), "");
  EXPECT_EQ(ends(id), "2026-07-28 2028-05-28 2026-05-28 ");
  clock.now = clock.now + 70 * 86'400'000LL;  // over: 2026-08-06
  EXPECT_EQ(renewed(id), "");
  EXPECT_EQ(ends(id), "2026-09-06 2028-05-28 2026-08-06 ");
}

TEST_F(EntitlementsTest, WhatHasNoPeriodOrHasNotBegunIsNotRenewed) {
  plan = make("plan", R"({"name":"Ever","license":"perpetual"})");
  offering = offer("EVER", R"("seats":1)");
  EXPECT_EQ(renewed(make("entitlement", sold())), "/duration not_a_subscription;");
  plan = make("plan", R"({"name":"Later","license":"subscription","duration":"P1Y",
                          "starts":"manual"})");
  offering = offer("LATER", R"("seats":1)");
  const RecordId id = make("entitlement", sold());
  EXPECT_EQ(renewed(id), "/starts_at not_begun;");
  const auto refused = act([&](const Acting& acting) { return renew(acting, id, std::nullopt); });
  EXPECT_EQ(refused.error().detail, "starts_at is not set: start it first");
  const auto begun = [&] {
    return act([&](const Acting& acting) { return start(acting, id, std::nullopt); });
  };
  EXPECT_EQ(begun()->revision, 2);
  EXPECT_EQ(begun()->revision, 2);  // once
  EXPECT_EQ(ends(id), "2027-05-28 - - ");
  EXPECT_EQ(renewed(id), "");
  ASSERT_EQ(changed("entitlement", id, R"({"expires_at":null})"), "");
  EXPECT_EQ(renewed(id), "/expires_at required;");
}

TEST_F(EntitlementsTest, TheRevisionIsTheOneThatWasSeen) {
  const RecordId id = make("entitlement", sold());
  for (const auto verb : {renew, start, reclaim}) {
    const auto refused = act([&](const Acting& acting) { return verb(acting, order, 1); });
    EXPECT_EQ(refused.error().code, Errc::not_found);
  }
  const auto refused = act([&](const Acting& acting) { return renew(acting, id, 7); });
  EXPECT_EQ(refused.error().code, Errc::precondition_failed);
}

TEST_F(EntitlementsTest, AnOrderGetsAllOfItsLinesOrNone) {
  const auto lines = [&](std::vector<std::string> skus) {
    return act([&](const Acting& acting) { return entitle(acting, order, skus); });
  };
  const auto made = lines({"PRO-1Y", "PRO-1Y"});
  ASSERT_TRUE(made);
  ASSERT_EQ(made->size(), 2u);
  EXPECT_EQ((*made)[1].value("sales_order"), json::value(to_string(order)));
  EXPECT_EQ((*made)[1].value("customer"), json::value(to_string(customer)));
  EXPECT_EQ(complaints(lines({"PRO-1Y", "A", "B"}).error()),
            "/skus/1 unknown_sku;/skus/2 unknown_sku;");
  ASSERT_EQ(changed("offering", offering, R"({"archived_at":"2026-01-01"})"), "");
  EXPECT_EQ(complaints(lines({"PRO-1Y"}).error()), "/skus/0 unknown_sku;");
  EXPECT_EQ(number("SELECT count(*) FROM entitlement"), 2);
}

TEST_F(EntitlementsTest, CodesAreMadeOrOnesOwnAndNeverTaken) {
  const auto codes = [&](std::vector<std::string> own, std::size_t count) {
    return act([&](const Acting& acting) { return add_codes(acting, order, own, count); });
  };
  const auto made = codes({}, 3);
  ASSERT_EQ(made->size(), 3u);
  for (const NewCode& each : *made) {
    const std::string canonical = *canonical_code(each.code);
    EXPECT_EQ(each.record.value("digest"), json::value(to_hex(digest_of(canonical))));
    EXPECT_EQ(each.record.value("hint"), json::value(hint_of(canonical)));
  }
  EXPECT_EQ(codes({"acme-2026-x"}, 0)->front().code, "acme-2026-x");
  const auto taken = codes({"another-one", "ACME 2026 X"}, 0);
  EXPECT_EQ(taken.error().code, Errc::duplicate_key);
  EXPECT_EQ(complaints(taken.error()), "/codes/1 duplicate_key;");
  EXPECT_TRUE(taken.error().next.starts_with("choose another code"));
  EXPECT_EQ(taken.error().detail.find("acme"), std::string::npos);
  EXPECT_EQ(complaints(codes({"short"}, 0).error()), "/codes/0 bad_code;");
  EXPECT_EQ(number("SELECT count(*) FROM activation_code"), 4);
}

TEST_F(EntitlementsTest, AReclaimFreesAtOnce) {
  const RecordId id = make("entitlement", sold());
  const RecordId plant = site("Plant");
  const RecordId given =
      make("allocation", allocation(id, plant, R"("seats":10,"until":"2026-12-01T00:00:00Z")"));
  const auto reclaimed = [&] {
    return act([&](const Acting& acting) { return reclaim(acting, given, std::nullopt); });
  };
  because.reason = " ";
  EXPECT_EQ(reclaimed().error().code, Errc::bad_request);
  because.reason = "sunk";
  const auto back = reclaimed();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->value("disputed_seats"), json::value(10));
  EXPECT_EQ(made("allocation",
                 allocation(id, site("Other"), R"("seats":10,"until":"2026-12-01T00:00:00Z")")),
            "");
  EXPECT_EQ(complaints(reclaimed().error()), "/seats nothing_allocated;");
}

TEST_F(EntitlementsTest, AllOfItGoesWithItsCustomerUnlessSomeIsInUse) {
  ASSERT_TRUE(act([&](const Acting& acting) { return add_codes(acting, order, {}, 2); }));
  ASSERT_TRUE(act([&](const Acting& acting) { return entitle(acting, order, {"PRO-1Y"}); }));
  const RecordId id = make("entitlement", sold());
  const RecordId given =
      make("allocation", allocation(id, site("Plant"), R"("seats":5,"until":"2026-12-01")"));
  const auto deleted = [&] {
    return run([&](Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, log, role, random);
      const Kind& kind = *find_kind("customer");
      SKERRY_TRY(const auto dependants, store::find_dependants(connection, kind, customer));
      SKERRY_TRY_VOID(store::hard_delete(connection, writer, kind, customer, std::nullopt,
                                         "Harbour", dependants.token(customer), author));
      return {};
    });
  };
  EXPECT_EQ(deleted().error().code, Errc::in_use);
  ASSERT_TRUE(act([&](const Acting& acting) { return reclaim(acting, given, std::nullopt); }));
  const auto execute = [&](std::string_view sql) { run_of(id, sql); };
  execute(
      "INSERT INTO seat VALUES(randomblob(16),?1,'here','','','',1,2,'lease',0,1,1,x'','{}','{}')");
  EXPECT_EQ(deleted().error().code, Errc::in_use);
  execute("DELETE FROM seat WHERE entitlement=?1");
  const auto done = deleted();
  EXPECT_TRUE(done) << done.error().detail;
  for (const char* table : {"sales_order", "activation_code", "entitlement", "allocation"})
    EXPECT_EQ(number(fmt::format("SELECT count(*) FROM {}", table)), 0) << table;
}

TEST_F(EntitlementsTest, AForcedReductionCutsTheNewestAllocations) {
  const RecordId id = make("entitlement", sold());
  const auto give = [&](std::string_view name, int seats) {
    clock.now += 10;  // ids of one millisecond come in any order
    return make("allocation",
                allocation(id, site(name),
                           fmt::format(R"("seats":{},"until":"2026-12-01T00:00:00Z")", seats)));
  };
  const RecordId older = give("Older", 6);
  const RecordId newer = give("Newer", 4);
  const auto reduced = [&](std::int64_t seats) {
    return act([&](const Acting& acting) { return reduce(acting, id, seats, std::nullopt); });
  };
  because.reason = "";
  EXPECT_EQ(reduced(7).error().code, Errc::bad_request);
  because.reason = "not paid";
  for (const std::int64_t wrong : {0, 10, 11})
    EXPECT_EQ(complaints(reduced(wrong).error()), "/seats out_of_range;") << wrong;
  ASSERT_TRUE(reduced(5));
  const auto numbers = [&](const RecordId& of) {
    return value("allocation", of, "seats") + " " + value("allocation", of, "disputed_seats");
  };
  EXPECT_EQ(numbers(newer), "0 4");
  EXPECT_EQ(numbers(older), "5 1");
  EXPECT_EQ(value("entitlement", id, "seats"), "5");
  EXPECT_EQ(value("entitlement", id, "overridden"), R"(["seats"])");
}

// What a seat holds and what was used is confirmed like seats.
TEST_F(EntitlementsTest, ASiteConfirmsAmountsThatFit) {
  const RecordId id = make("entitlement", sold());
  const RecordId plant = site("Plant");
  make("allocation", allocation(id, plant,
                                R"("seats":5,"amounts":{"render":20,"threads":4},)"
                                R"("until":"2026-12-01T00:00:00Z")"));
  const auto confirmed = [&] { return confirm_as(Role::site, plant, id); };
  const auto execute = [&](std::string_view sql) { run_of(id, sql); };
  execute(
      "INSERT INTO seat VALUES(randomblob(16),?1,'a','','','',1,2,'lease',0,1,1,x'',"
      "'{\"threads\":5}','{}')");
  EXPECT_EQ(confirmed(), 0u);
  execute("UPDATE seat SET held='{\"threads\":4}' WHERE entitlement=?1");
  execute(fmt::format("INSERT INTO feature_use VALUES(?1,'render',21,{})",
                      store::usage_since(read("entitlement", id), clock.now)));
  EXPECT_EQ(confirmed(), 0u);
  execute("UPDATE feature_use SET used=20 WHERE entitlement=?1");
  EXPECT_EQ(confirmed(), 1u);
  EXPECT_EQ(text("SELECT in_use||' '||amounts FROM allocation_receipt"),
            R"(1 {"render":20,"threads":4})");
}

// An end that comes earlier waits for seats that are leased beyond it.
TEST_F(EntitlementsTest, ASiteConfirmsAnEndBehindEveryLease) {
  const RecordId id = make("entitlement", sold());
  const RecordId plant = site("Plant");
  make("allocation", allocation(id, plant, R"("seats":5,"until":"2026-12-01T00:00:00Z")"));
  const auto confirmed = [&] { return confirm_as(Role::site, plant, id); };
  const auto execute = [&](std::string_view sql) { run_of(id, sql); };
  execute(
      "INSERT INTO seat VALUES(randomblob(16),?1,'away','','','',1,9000000000000,'borrowed',0,1,1,"
      "x'','{}','{}')");
  EXPECT_EQ(confirmed(), 0u);
  execute("UPDATE seat SET until=1796083200000 WHERE entitlement=?1");  // the end itself
  EXPECT_EQ(confirmed(), 1u);
}

// Issue by issue, for its own allocations alone.
TEST_F(EntitlementsTest, ASiteConfirmsEachIssueOnce) {
  const RecordId id = make("entitlement", sold());
  const RecordId plant = site("Plant");
  const RecordId given =
      make("allocation", allocation(id, plant, R"("seats":5,"until":"2026-12-01T00:00:00Z")"));
  make("allocation", allocation(id, site("Other"), R"("seats":5,"until":"2026-12-01T00:00:00Z")"));
  const auto confirmed = [&](Role as) { return confirm_as(as, plant); };
  EXPECT_EQ(confirmed(Role::central), 0u);
  // Seven seats are out, and five are allocated: what was taken back is not free yet (H26).
  ASSERT_TRUE(run([&](Connection& connection) -> Result<void> {
    for (int seat = 0; seat < 7; ++seat)
      connection.execute(
          "INSERT INTO seat VALUES(randomblob(16),?1,?2,'','','',1,2,'lease',0,1,1,x'','','')", id,
          fmt::format("press-{}", seat));
    return {};
  }));
  EXPECT_EQ(confirmed(Role::site), 0u);
  ASSERT_TRUE(run([&](Connection& connection) -> Result<void> {
    connection.execute("DELETE FROM seat WHERE machine>='press-5'");
    return {};
  }));
  EXPECT_EQ(confirmed(Role::site), 1u);
  EXPECT_EQ(text("SELECT issue||' '||in_use FROM allocation_receipt"), "1 5");
  // Written here it is central's word and not the site's: it confirms nothing.
  EXPECT_EQ(read("allocation", given).derived[0], json::value(0));
}

}  // namespace
}  // namespace skerry::licensing
