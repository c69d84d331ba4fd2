#include "store/site_scope.hpp"

#include <gmock/gmock.h>

#include "core/json_text.hpp"
#include "store/scope_moves.hpp"
#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class SiteScopeTest : public WorldTest {
 protected:
  std::string ids(std::initializer_list<RecordId> customers) {
    std::vector<std::string> texts;
    for (const RecordId& customer : customers) texts.push_back(to_string(customer));
    std::sort(texts.begin(), texts.end());
    return to_json_text(json::array(texts.begin(), texts.end()));
  }
  Result<Site> invite(std::string_view name, std::string_view scope) {
    return run([&](Connection& connection) -> Result<Site> {
      SKERRY_TRY(FieldValues values,
                 read_new(*find_kind("site"),
                          body(fmt::format(R"({{"name":"{}","scope":{}}})", name, scope))));
      RecordWriter writer(connection, log, role, random);
      return make_site(connection, writer, new_id<SiteId>(random), std::move(values), author);
    });
  }
  Result<Record> scope_to(const Site& site, std::string_view scope) {
    return patch(site.record_id(), "site", fmt::format(R"({{"scope":{}}})", scope));
  }
  Site now(const Site& site) { return *find_site(*database->read(), site.id); }
  std::vector<RecordId> members(const Site& site) {
    return read_scope(*database->read(), now(site));
  }
  bool sees(const Site& site, const RecordId& customer) {
    return in_scope(*database->read(), now(site), customer);
  }
  ScopeView view(const Site& site, std::int64_t base) {
    return {*database->read(), now(site), base, base};
  }
  std::int64_t head() { return number("SELECT max(n) FROM change_log"); }
  std::string last_line() { return text("SELECT line FROM change_log ORDER BY n DESC LIMIT 1"); }
};

TEST_F(SiteScopeTest, TheScopeSaysWhichCustomersASiteSees) {
  const Site all = *invite("All", R"("all")");
  const Site some = *invite("Some", ids({harbour}));
  const Site none = *invite("None", "[]");
  EXPECT_TRUE(sees(all, island));
  EXPECT_TRUE(sees(some, harbour));
  EXPECT_FALSE(sees(some, island));
  EXPECT_FALSE(sees(none, harbour));
  EXPECT_THAT(members(some), ElementsAre(harbour));
  EXPECT_THAT(members(all), IsEmpty());
  const Record pump = read("asset", asset("A", harbour));
  EXPECT_TRUE(in_scope(*database->read(), now(some), *pump.kind, pump.scope));
  const Kind& catalogue = *find_kind("product");
  EXPECT_TRUE(in_scope(*database->read(), now(none), catalogue, {}));
  // Nothing of the fleet is for a site.
  EXPECT_FALSE(in_scope(*database->read(), now(all), *find_kind("site"), {}));
}

TEST_F(SiteScopeTest, AChangeIsInTheLogByWhatEntersAndLeaves) {
  const Site site = *invite("Plant", ids({harbour}));
  const std::int64_t before = head();
  ASSERT_TRUE(scope_to(site, ids({island})));
  EXPECT_EQ(head(), before + 1);
  EXPECT_THAT(last_line(),
              HasSubstr(fmt::format(R"("scope":{{"o":{},"n":{})", ids({harbour}), ids({island}))));
  EXPECT_EQ(to_json_text(read("site", site.record_id()).value("scope")), ids({island}));
  EXPECT_THAT(members(site), ElementsAre(island));
  // The same again is no change.
  ASSERT_TRUE(scope_to(site, ids({island})));
  EXPECT_EQ(head(), before + 1);
}

TEST_F(SiteScopeTest, AScopeNamesWhatIsThereAndNoMoreThanOneRowHolds) {
  const Site site = *invite("Plant", ids({harbour}));
  const RecordId stranger = new_record_id(0, random);
  EXPECT_EQ(scope_to(site, ids({harbour, stranger})).error().code, Errc::reference_not_found);
  EXPECT_EQ(scope_to(site, "null").error().code, Errc::validation_failed);
  EXPECT_EQ(scope_to(site, R"("some")").error().code, Errc::validation_failed);
  EXPECT_EQ(scope_to(site, R"(["x"])").error().errors.at(0).pointer, "/scope/0");
  json::array many;
  for (std::size_t i = 0; i <= scope_changes_max; ++i)
    many.push_back(json::string(to_string(new_record_id(1, random))));
  EXPECT_EQ(scope_to(site, to_json_text(many)).error().code, Errc::validation_failed);
  EXPECT_THAT(members(site), ElementsAre(harbour));
  // One that is in it already may be deleted meanwhile; it does not stand in the way of others.
  const RecordId gone = make("customer", R"({"name":"Gone"})");
  ASSERT_TRUE(scope_to(site, ids({harbour, gone})));
  ASSERT_TRUE(drop("customer", gone));
  ASSERT_TRUE(scope_to(site, ids({harbour, gone, island})));
}

TEST_F(SiteScopeTest, WhatIsReadOnlyIsNotWritten) {
  const Site site = *invite("Plant", R"("all")");
  for (const char* field : {R"({"status":"active"})", R"({"sign_key":"x"})", R"({"epoch":"x"})",
                            R"({"contact_at":null})", R"({"code_hash":"x"})"}) {
    const auto refused = patch(site.record_id(), "site", field);
    ASSERT_FALSE(refused) << field;
    EXPECT_EQ(refused.error().code, Errc::validation_failed) << field;
  }
  EXPECT_EQ(now(site).status, SiteStatus::invited);
}

TEST_F(SiteScopeTest, AViewTellsWhatCameAndWhatMayBeHeld) {
  const Site site = *invite("Plant", ids({harbour}));
  const std::int64_t before = head();
  ASSERT_TRUE(scope_to(site, ids({island})));
  const std::int64_t after = head();
  const ScopeView from_before = view(site, before);
  EXPECT_FALSE(from_before.sees(harbour));
  EXPECT_TRUE(from_before.may_hold(harbour));
  EXPECT_TRUE(from_before.came_into_sight({island, {}}));
  EXPECT_TRUE(from_before.came_into_sight({{}, island}));
  EXPECT_FALSE(from_before.came_into_sight({harbour, {}}));
  const ScopeView from_after = view(site, after);
  EXPECT_FALSE(from_after.may_hold(harbour));
  EXPECT_TRUE(from_after.may_hold(island));
  EXPECT_FALSE(from_after.came_into_sight({island, {}}));
  // Nothing of the fleet is held by anybody.
  EXPECT_FALSE(from_before.may_hold(*find_kind("site"), {}));
}

TEST_F(SiteScopeTest, ToAllAndBackForgetsTheSetBefore) {
  const Site site = *invite("Plant", ids({harbour, island}));
  ASSERT_TRUE(scope_to(site, R"("all")"));
  EXPECT_EQ(now(site).scope_reset, head());
  EXPECT_TRUE(now(site).sees_all);
  EXPECT_THAT(last_line(), HasSubstr(R"("n":"all")"));
  ASSERT_TRUE(scope_to(site, ids({island})));
  EXPECT_EQ(now(site).scope_reset, head());
  EXPECT_THAT(members(site), ElementsAre(island));
  EXPECT_FALSE(sees(site, harbour));
}

TEST_F(SiteScopeTest, ALongSetIsNotWrittenOutWhenItBecomesAll) {
  json::array set;
  for (std::size_t i = 0; i <= scope_changes_max; ++i)
    set.push_back(json::string(to_string(new_record_id(static_cast<UnixMillis>(i), random))));
  EXPECT_EQ(logged_scope(set, "all"), std::pair(json::value(), json::value("all")));
  set.pop_back();
  EXPECT_EQ(logged_scope(set, "all"), std::pair(json::value(set), json::value("all")));
  EXPECT_EQ(logged_scope("all", set), std::pair(json::value("all"), json::value(set)));
}

TEST_F(SiteScopeTest, CustomersThatASiteMadeEnterWithOneChangeOfTheRecord) {
  const Site site = *invite("Plant", ids({harbour}));
  const std::int64_t before = head();
  write([&](Connection& connection) -> Result<void> {
    RecordWriter writer(connection, log, role, random);
    for (const char* name : {"One", "Two", "Gone again"}) {
      SKERRY_TRY(FieldValues values, read_new(*find_kind("customer"), {{"name", name}}));
      SKERRY_TRY(const Record made,
                 writer.create(*find_kind("customer"), std::nullopt, std::move(values), author));
      add_to_scope(connection, site, made.id, made.version);
      add_to_scope(connection, site, made.id, made.version);
      if (name == std::string_view("Gone again"))
        SKERRY_TRY_VOID(writer.remove(*made.kind, made.id, std::nullopt, author));
    }
    return show_scope(connection, writer, site, before, {"site:Plant", "sync", "b"});
  });
  EXPECT_EQ(head(), before + 5);
  EXPECT_THAT(last_line(), HasSubstr(R"("scope":{"o":[],"n":[")"));
  EXPECT_THAT(last_line(), HasSubstr(R"("by":"site:Plant")"));
  EXPECT_EQ(read("site", site.record_id()).value("scope").as_array().size(), 3u);
  // Each entered with its own making, not with the row that shows it.
  EXPECT_EQ(number("SELECT max(version) FROM site_scope"), before + 3);
  write([&](Connection& connection) -> Result<void> {
    RecordWriter writer(connection, log, role, random);
    return show_scope(connection, writer, site, head(), author);
  });
  EXPECT_EQ(head(), before + 5);
}

TEST_F(SiteScopeTest, AWalkFindsAllThatIsSeenThroughACustomer) {
  const RecordId mine = asset("mine", harbour);
  const RecordId foreign = asset("foreign", island);
  const RecordId away = asset("away", harbour);
  const RecordId nobodys = asset("nobodys");
  const RecordId other = asset("other", island);
  const RecordId came = move(foreign, quay, R"("arrived_at":"2026-01-01")");
  const RecordId coming = move(nobodys, quay, R"("shipped_at":"2026-01-01")");
  const RecordId left = move(away, beach, R"("arrived_at":"2026-01-01")");
  const auto note = [&](const RecordId& about) {
    return make("note", fmt::format(R"({{"subject":"{}","text":"x"}})", to_string(about)));
  };
  const RecordId of_customer = note(harbour);
  const RecordId of_place = note(quay);
  const RecordId of_asset = note(foreign);
  note(other);
  const RecordId ann = make(
      "contact", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", to_string(harbour)));
  std::vector<RecordId> seen;
  const Reader reader = database->read();
  EXPECT_TRUE(visit_records_of(*reader, harbour, [&](const Record& record) {
    seen.push_back(record.id);
    return true;
  }));
  EXPECT_THAT(seen, UnorderedElementsAre(harbour, quay, shed, ann, mine, away, left, foreign, came,
                                         nobodys, coming, of_customer, of_place, of_asset));
  EXPECT_EQ(seen.front(), harbour);
  seen.clear();
  EXPECT_FALSE(visit_records_of(*reader, harbour, [&](const Record& record) {
    seen.push_back(record.id);
    return seen.size() < 3;
  }));
  EXPECT_EQ(seen.size(), 3u);
}

}  // namespace
}  // namespace skerry::store
