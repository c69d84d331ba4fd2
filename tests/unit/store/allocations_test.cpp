#include "store/allocations.hpp"

#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::store {
namespace {

class AllocationsTest : public CatalogueTest {
 protected:
  AllocationsTest()
      : entitlement(make("entitlement", sold())), plant(site("Plant")), mine(site("Mine")) {}

  std::string give(const RecordId& to, std::int64_t seats, std::string_view members = "") {
    return made("allocation", allocation(entitlement, to,
                                         fmt::format(R"("seats":{},"until":"{}"{})", seats,
                                                     "2026-12-01T00:00:00Z", members)));
  }
  RecordId given(const RecordId& to) {
    const Reader reader = database->read();
    auto row = reader->query("SELECT id FROM allocation WHERE site=?1", to);
    return row.next() ? row.id<RecordId>(0) : RecordId{};
  }
  std::int64_t taken() {
    const Reader reader = database->read();
    return counted_of(*reader, sold_one(*reader), clock.wall_ms()).seats;
  }
  Record sold_one(Connection& connection) {
    return *find_record(connection, *find_kind("entitlement"), entitlement);
  }
  std::string held(const RecordId& id) {
    return value("allocation", id, "held_seats") + " " + value("allocation", id, "issue");
  }

  RecordId entitlement, plant, mine;
};

TEST_F(AllocationsTest, H26_NoMoreIsGivenThanWasSold) {
  EXPECT_EQ(give(plant, 6), "");
  EXPECT_EQ(give(mine, 5), "/seats oversold;");
  EXPECT_EQ(give(mine, 4), "");
  EXPECT_EQ(changed("allocation", given(mine), R"({"seats":5})"), "/seats oversold;");
  EXPECT_EQ(taken(), 10);
}

TEST_F(AllocationsTest, AnOverdraftMayBeGivenToo) {
  ASSERT_EQ(changed("entitlement", entitlement, R"({"overdraft":"20%"})"), "");
  EXPECT_EQ(give(plant, 13), "/seats oversold;");
  EXPECT_EQ(give(plant, 12), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"overdraft":"1"})"), "/seats in_use;");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"overdraft":"unlimited"})"), "");
  EXPECT_EQ(give(mine, 5000), "");
}

TEST_F(AllocationsTest, CountedFeaturesAreGivenTheSameWay) {
  EXPECT_EQ(give(plant, 1, R"(,"amounts":{"render":300,"threads":"unlimited"})"), "");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":201})"), "/amounts/render oversold;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":"unlimited"})"), "/amounts/render oversold;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"hdr":1,"nokey":1})"),
            "/amounts/hdr not_counted;/amounts/nokey not_counted;");
  EXPECT_EQ(give(mine, 1, R"(,"amounts":{"render":true})"), "/amounts/render bad_amount;");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"features":{"render":299}})"),
            "/features/render in_use;");
}

TEST_F(AllocationsTest, WhatIsTakenBackCountsUntilTheSiteConfirmedIt) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  EXPECT_EQ(held(id), "8 2");
  EXPECT_EQ(taken(), 8);
  EXPECT_EQ(give(mine, 3), "/seats oversold;");
  receipt(id, mine, 2, 0);  // another site says nothing about it
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 1, 0);  // nor does a receipt of what was before
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 2, 5);  // still more in use than is allowed
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 2, 3);
  EXPECT_EQ(taken(), 3);
  EXPECT_EQ(give(mine, 7), "");
}

TEST_F(AllocationsTest, UnconfirmedChangesCountWithTheirMost) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  ASSERT_EQ(changed("allocation", id, R"({"seats":5})"), "");
  EXPECT_EQ(held(id), "8 3");
  receipt(id, plant, 2, 3);  // of a change that was changed again
  EXPECT_EQ(taken(), 8);
  receipt(id, plant, 3, 3);
  EXPECT_EQ(taken(), 5);
  ASSERT_EQ(changed("allocation", id, R"({"seats":9})"), "");  // more needs no word
  EXPECT_EQ(held(id), "null 4");
  EXPECT_EQ(taken(), 9);
}

TEST_F(AllocationsTest, TheEndFreesWhatNobodyConfirmed) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"until":"2026-06-01T00:00:00Z"})"), "");
  clock.now = 1'782'000'000'000;  // 2026-06-21: over, for all that central knows, in December
  EXPECT_EQ(taken(), 8);
  clock.now = 1'796'083'200'000;  // 2026-12-01
  EXPECT_EQ(taken(), 0);
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":1})"), "");
}

TEST_F(AllocationsTest, OnlyASiteThatSeesTheCustomerHoldsSome) {
  EXPECT_EQ(give(site("Far", "[]"), 1), "/site out_of_scope;");
  EXPECT_EQ(give(plant, 1), "");
  EXPECT_EQ(give(plant, 1), "/site duplicate_key;");
}

TEST_F(AllocationsTest, ARevokedSiteGetsNoMore) {
  ASSERT_EQ(give(plant, 4), "");
  const RecordId id = given(plant);
  write([&](Connection& connection) -> Result<void> {
    connection.execute("UPDATE site SET status='revoked' WHERE id=?1", plant);
    return {};
  });
  EXPECT_EQ(changed("allocation", id, R"({"seats":5})"), "/site revoked;");
  EXPECT_EQ(changed("allocation", id, R"({"amounts":{"render":1}})"), "/site revoked;");
  EXPECT_EQ(changed("allocation", id, R"({"until":"2027-01-01T00:00:00Z"})"), "/site revoked;");
  EXPECT_EQ(changed("allocation", id, R"({"seats":1})"), "");
  EXPECT_EQ(changed("allocation", id, R"({"seats":0})"), "");
}

TEST_F(AllocationsTest, NothingIsGivenUntilADateThatIsPast) {
  const auto past = create(
      "allocation", allocation(entitlement, plant, R"("seats":1,"until":"2026-05-01T00:00:00Z")"));
  ASSERT_FALSE(past);
  EXPECT_EQ(complaints(past.error()), "/until in_the_past;");
  EXPECT_EQ(past.error().next, "give an end that is still to come");
  ASSERT_EQ(give(plant, 1), "");
  EXPECT_EQ(changed("allocation", given(plant), R"({"until":"2026-05-01T00:00:00Z"})"), "");
}

TEST_F(AllocationsTest, WhatIsInUseIsRefusedWithTheWayOut) {
  ASSERT_EQ(give(plant, 8, R"(,"amounts":{"render":300})"), "");
  const auto refused = [&](std::string_view patch) {
    return update(read("entitlement", entitlement), patch).error().next;
  };
  EXPECT_NE(refused(R"({"seats":7})").find(":reduce"), std::string::npos);
  EXPECT_NE(refused(R"({"features":{"render":299}})").find("PATCH of an allocation"),
            std::string::npos);
}

TEST_F(AllocationsTest, WhatASiteMayUseIsNotDeleted) {
  ASSERT_EQ(give(plant, 8), "");
  const RecordId id = given(plant);
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);
  ASSERT_EQ(changed("allocation", id, R"({"seats":0})"), "");
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);
  receipt(id, plant, 2, 0);
  clock.now = 1'796'083'200'000;
  EXPECT_EQ(remove(read("allocation", id)).error().code, Errc::in_use);  // a receipt refers to it
}

TEST_F(AllocationsTest, WhatIsTakenBackWithoutAWordIsDisputed) {
  ASSERT_EQ(give(plant, 8, R"(,"amounts":{"render":300})"), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"seats":3})"), "");
  const Record before = read("allocation", id);
  Record after = before;
  dispute(before, after, Counted{}, clock.wall_ms());
  EXPECT_EQ(counted(after, clock.wall_ms()), Counted{});
  EXPECT_EQ(after.value("disputed_seats"), json::value(8));
  EXPECT_EQ(to_json_text(after.value("disputed_amounts")), R"({"render":300})");
  EXPECT_EQ(after.value("disputed_until"), json::value("2026-12-01T00:00:00.000Z"));
  EXPECT_EQ(after.value("issue"), json::value(3));
}

TEST_F(AllocationsTest, WhatIsLeftIsNotDisputed) {
  ASSERT_EQ(give(plant, 8, R"(,"amounts":{"render":300})"), "");
  const Record before = read("allocation", given(plant));
  Record after = before;
  dispute(before, after, Counted{5, {{"render", Amount{100}}}}, clock.wall_ms());
  EXPECT_EQ(after.value("seats"), json::value(5));
  EXPECT_EQ(to_json_text(after.value("amounts")), R"({"render":100})");
  EXPECT_EQ(after.value("disputed_seats"), json::value(3));
  EXPECT_EQ(to_json_text(after.value("disputed_amounts")), R"({"render":200})");
}

TEST_F(AllocationsTest, AReceiptWithTooMuchOfAFeatureConfirmsNothing) {
  ASSERT_EQ(give(plant, 8, R"(,"amounts":{"render":300,"threads":8})"), "");
  const RecordId id = given(plant);
  ASSERT_EQ(changed("allocation", id, R"({"amounts":{"render":100,"threads":8}})"), "");
  const auto confirmed = [&](std::string_view amounts) {
    receipt(id, plant, 2, 3, json::parse(amounts));
    return read("allocation", id).derived[0] == json::value(2);
  };
  EXPECT_FALSE(confirmed(R"({"render":101})"));
  EXPECT_FALSE(confirmed(R"({"threads":9})"));
  EXPECT_FALSE(confirmed(R"({"export":1})"));
  EXPECT_TRUE(confirmed(R"({"render":100,"threads":8})"));
}

class UsedAtSitesTest : public AllocationsTest {
 protected:
  // As a bundle of the site's brings it.
  void told(const RecordId& from, std::int64_t amount, std::string_view at) {
    write([&](Connection& connection) -> Result<void> {
      Record record(*find_kind("usage_fact"));
      record.id = new_record_id(clock.wall_ms(), random);
      record.revision = 1;
      const auto put = [&](std::string_view field, json::value value) {
        record.values[static_cast<std::size_t>(record.kind->find_field(field))] = std::move(value);
      };
      put("entitlement", json::value(to_string(entitlement)));
      put("site", json::value(to_string(from)));
      put("what", "usage");
      put("at", json::value(at));
      put("feature", "render");
      put("amount", amount);
      insert_record(connection, record);
      return {};
    });
  }
  std::string lend(const RecordId& to, std::int64_t amount) {
    return made("allocation", allocation(entitlement, to,
                                         fmt::format(R"("amounts":{{"render":{}}},"until":"{}")",
                                                     amount, "2027-09-01T00:00:00Z")));
  }
  Amount rendered() {
    const Reader reader = database->read();
    return counted_of(*reader, sold_one(*reader), clock.wall_ms()).of("render");
  }

  static constexpr std::string_view first_hour = "2026-05-28T20:00:00.000Z";
  static constexpr UnixMillis december = 1'796'083'200'000;  // when what give() gave is over
};

TEST_F(UsedAtSitesTest, WhatWasUsedIsGoneWhenTheAllocationIsOver) {
  ASSERT_EQ(give(plant, 1, R"(,"amounts":{"render":500})"), "");
  told(plant, 200, first_hour);
  told(plant, 250, "2026-06-01T08:00:00.000Z");
  EXPECT_EQ(rendered(), Amount{500});  // within what was given
  clock.now = december;
  EXPECT_EQ(rendered(), Amount{450});
  EXPECT_EQ(lend(mine, 51), "/amounts/render oversold;");
  EXPECT_EQ(lend(mine, 50), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"features":{"render":499}})"),
            "/features/render in_use;");
  ASSERT_TRUE(remove(read("allocation", given(plant))));
  EXPECT_EQ(rendered(), Amount{500});
  EXPECT_EQ(changed("allocation", given(mine), R"({"amounts":{"render":51}})"),
            "/amounts/render oversold;");
}

TEST_F(UsedAtSitesTest, WhatIsGivenToTheSameSiteAgainHoldsWhatItUsed) {
  ASSERT_EQ(give(plant, 1, R"(,"amounts":{"render":500})"), "");
  told(plant, 450, first_hour);
  clock.now = december;
  EXPECT_EQ(changed("allocation", given(plant),
                    R"({"amounts":{"render":501},"until":"2027-03-01T00:00:00Z"})"),
            "/amounts/render oversold;");
  EXPECT_EQ(changed("allocation", given(plant), R"({"until":"2027-03-01T00:00:00Z"})"), "");
  EXPECT_EQ(rendered(), Amount{500});
  clock.now = 1'803'859'200'000;  // 2027-03-01
  ASSERT_TRUE(remove(read("allocation", given(plant))));
  EXPECT_EQ(rendered(), Amount{450});
  EXPECT_EQ(lend(plant, 500), "");
  EXPECT_EQ(rendered(), Amount{500});
}

TEST_F(UsedAtSitesTest, WhatIsToldTooLateIsShownAndRefusesNothingElse) {
  ASSERT_EQ(give(plant, 1, R"(,"amounts":{"render":500})"), "");
  clock.now = december;
  ASSERT_EQ(lend(mine, 500), "");
  told(plant, 40, "2026-11-30T08:00:00.000Z");
  EXPECT_EQ(rendered(), Amount{540});
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":11})"), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"features":{"render":520}})"), "");
  EXPECT_EQ(changed("allocation", given(mine), R"({"seats":3})"), "");
  EXPECT_EQ(changed("allocation", given(mine), R"({"amounts":{"render":499}})"), "");
  EXPECT_EQ(changed("allocation", given(mine), R"({"amounts":{"render":501}})"),
            "/amounts/render oversold;");
}

// Sites foresee it, and tell its hour in two.
TEST_F(UsedAtSitesTest, AMonthlyResetBeginsAnewAtItsInstant) {
  ASSERT_EQ(give(plant, 1, R"(,"amounts":{"render":1})"), "");
  ASSERT_EQ(changed("entitlement", entitlement, R"({"usage_reset":"monthly"})"), "");
  told(plant, 30, "2026-06-28T20:00:00.000Z");
  told(plant, 4, "2026-06-28T20:26:40.000Z");  // a month from the start
  told(plant, 3, "2026-06-28T21:00:00.000Z");
  EXPECT_EQ(rendered(), Amount{37});
  clock.now = 1'782'700'000'000;  // 2026-06-29
  EXPECT_EQ(rendered(), Amount{7});
}

// Of a renewal they hear later.
TEST_F(UsedAtSitesTest, AResetBeginsAnewWithItsHour) {
  ASSERT_EQ(give(plant, 1, R"(,"amounts":{"render":500})"), "");
  told(plant, 450, "2026-11-30T23:00:00.000Z");
  told(plant, 30, "2026-12-01T00:00:00.000Z");
  clock.now = december + 60'000;
  EXPECT_EQ(rendered(), Amount{480});
  write([&](Connection& connection) -> Result<void> {
    connection.execute("UPDATE entitlement SET renewed_at=?2 WHERE id=?1", entitlement,
                       clock.wall_ms());
    return {};
  });
  EXPECT_EQ(rendered(), Amount{30});
  EXPECT_EQ(lend(mine, 471), "/amounts/render oversold;");
  EXPECT_EQ(lend(mine, 470), "");
}

class OwnUseTest : public AllocationsTest {
 protected:
  void seats(int count, std::string_view held = "{}") {
    write([&](Connection& connection) -> Result<void> {
      for (int seat = 0; seat < count; ++seat)
        connection.execute(
            "INSERT INTO seat VALUES(randomblob(16),?1,hex(randomblob(8)),'','','',1,2,'lease',0,1,"
            "1,x'',?2,'{}')",
            entitlement, held);
      return {};
    });
  }
  void used(std::string_view feature, std::int64_t amount, UnixMillis since) {
    write([&](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO feature_use VALUES(?1,?2,?3,?4)", entitlement, feature,
                         amount, since);
      return {};
    });
  }
};

TEST_F(OwnUseTest, WhatIsInUseHereIsNotAllocated) {
  seats(3);
  EXPECT_EQ(give(plant, 8), "/seats oversold;");
  EXPECT_EQ(give(plant, 7), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":9})"), "/seats in_use;");
}

TEST_F(OwnUseTest, AnEntitlementIsNotDeletedWhileSeatsAreOut) {
  seats(1);
  used("render", 5, 1);
  EXPECT_EQ(remove(read("entitlement", entitlement)).error().code, Errc::in_use);
  write([&](Connection& connection) -> Result<void> {
    connection.execute("DELETE FROM seat");
    return {};
  });
  EXPECT_TRUE(remove(read("entitlement", entitlement)));
}

TEST_F(OwnUseTest, PoolsThatAreHeldAndCountsThatWereUsedCount) {
  seats(2, R"({"render":30})");  // of whatever type: a key is a key
  const UnixMillis since = usage_since(read("entitlement", entitlement), clock.wall_ms());
  used("threads", 5, since);
  used("spent", 9, 1);  // before the count began anew
  const Reader reader = database->read();
  const Counted use = own_use(*reader, entitlement, since);
  EXPECT_EQ(use, (Counted{2, {{"render", Amount{60}}, {"threads", Amount{5}}}}));
}

TEST_F(OwnUseTest, WhatWasNotedSinceAResetNobodyHadHeardOfCounts) {
  used("threads", 9, 1);
  write([&](Connection& connection) -> Result<void> {
    connection.execute(
        "INSERT INTO usage_note SELECT ?1,'usage',value*1000,zeroblob(16),'','','threads',value,0 "
        "FROM json_each('[2,3,4]')",
        entitlement);
    return {};
  });
  const Reader reader = database->read();
  EXPECT_EQ(own_use(*reader, entitlement, 3'500).of("threads"), Amount{4});
  EXPECT_EQ(own_use(*reader, entitlement, 3'500, 3'000).of("threads"), Amount{7});
}

TEST_F(OwnUseTest, AnEntitlementThatIsOverusedChangesInEverythingElse) {
  seats(12);
  EXPECT_EQ(changed("entitlement", entitlement, R"({"disabled_at":"2026-06-01"})"), "");
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":11})"), "/seats in_use;");
  write([&](Connection& connection) -> Result<void> {
    const ForcedReduction forced(connection, entitlement);
    RecordWriter writer(connection, log, role, random);
    return writer
        .update(*find_kind("entitlement"), entitlement, {{"seats", 5}}, std::nullopt, author)
        .map([](const Record&) {});
  });
  EXPECT_EQ(changed("entitlement", entitlement, R"({"seats":4})"), "/seats in_use;");
  EXPECT_EQ(number("SELECT count(*) FROM meta WHERE key='forced_reduction'"), 0);
}

TEST(Counted, WhatIsTakenIsNeverMoreThanThereIs) {
  Counted all{5, {{"a", Amount{10}}, {"b", Amount{}}, {"c", Amount{1}}}};
  const Counted part{7, {{"a", Amount{4}}, {"b", Amount{9}}, {"c", Amount{}}}};
  EXPECT_FALSE(covers(all, part));
  all.take(part);
  EXPECT_EQ(all, (Counted{0, {{"a", Amount{6}}, {"b", Amount{}}}}));
  EXPECT_TRUE(covers(all, Counted{}));
}

}  // namespace
}  // namespace skerry::store
