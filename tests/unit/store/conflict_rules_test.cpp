#include "store/conflict_rules.hpp"

#include "tests/unit/store/conflicts_fixture.hpp"

namespace skerry::store {
namespace {

class ConflictRulesTest : public ConflictsTest {
 protected:
  using ConflictsTest::ConflictsTest;

  Result<ConflictRule> set(std::string_view kind, std::string_view field, Side side) {
    return run([&](Connection& connection) {
      return set_rule(connection, log, role, kind, field, side, author);
    });
  }
  std::int64_t apply(std::int64_t after_n = 0) {
    return *run([&](Connection& connection) -> Result<std::int64_t> {
      return apply_rules(connection, log, random, after_n);
    });
  }
  // Central's "now" stands over the site's "other".
  RecordId met(const Record& record, std::string field = "name") {
    return conflict_about(record, ConflictType::concurrent, std::move(field), "other",
                          {"central", "Pier"});
  }
};

class RulesAtSiteTest : public ConflictRulesTest {
 protected:
  RulesAtSiteTest() : ConflictRulesTest(Role::site) {}
};

TEST_F(ConflictRulesTest, OneForAFieldAndTheLogKnowsOfIt) {
  ASSERT_TRUE(set("customer", "name", Side::central));
  ASSERT_TRUE(set("customer", "name", Side::site));
  ASSERT_TRUE(set("contact", "phone", Side::central));
  const auto rules = list_rules(*database->read());
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].kind->name, "contact");
  EXPECT_EQ(rules[1].side, Side::site);
  EXPECT_EQ(rules[1].made_by, "uid:0");
  EXPECT_NE(last_line().find(R"("ev":"conflict_rule","f":{"kind":"contact")"), std::string::npos);
  EXPECT_EQ(log.last_n(), 3);
}

TEST_F(ConflictRulesTest, WhatTwoSidesCannotWriteHasNoRule) {
  EXPECT_EQ(set("gadget", "name", Side::site).error().errors.at(0).pointer, "/kind");
  EXPECT_EQ(set("product", "name", Side::site).error().errors.at(0).pointer, "/kind");
  EXPECT_EQ(set("customer", "colour", Side::site).error().errors.at(0).pointer, "/field");
  EXPECT_EQ(log.last_n(), 0);
}

TEST_F(RulesAtSiteTest, ASiteHasNone) {
  const auto refused = set("customer", "name", Side::central);
  EXPECT_EQ(refused.error().code, Errc::wrong_role);
  EXPECT_NE(refused.error().next.find("at central"), std::string::npos);
}

TEST_F(ConflictRulesTest, TheSideOfTheRuleStands) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(set("customer", "name", Side::site));
  const RecordId id = met(record);
  EXPECT_EQ(apply(), 1);
  EXPECT_EQ(read(record).values[0].as_string(), "other");
  const auto conflict = find_conflict(*database->read(), id);
  EXPECT_FALSE(conflict->open);
  EXPECT_EQ(conflict->decided_by, "rule");
  EXPECT_EQ(conflict->version, log.last_n());
  ASSERT_TRUE(set("customer", "name", Side::central));
  met(record);
  EXPECT_EQ(apply(), 1);
  EXPECT_EQ(read(record).values[0].as_string(), "other");  // what stood stands
}

TEST_F(ConflictRulesTest, WhatNoRuleTellsApartStaysOpen) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(set("customer", "name", Side::site));
  conflict_about(record, ConflictType::concurrent, "name", "other", {"Quay", "Pier"});
  conflict_about(record, ConflictType::out_of_scope, "name", "other", {"central", "Pier"});
  met(record, "description");
  EXPECT_EQ(apply(), 0);
  EXPECT_EQ(number("SELECT count(*) FROM conflict WHERE state='open'"), 3);
}

TEST_F(ConflictRulesTest, WhatWasThereBeforeIsAPersons) {
  const Record record = *create("customer", R"({"name":"now"})");
  met(record);
  ASSERT_TRUE(set("customer", "name", Side::site));
  EXPECT_EQ(apply(log.last_n()), 0);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
}

TEST_F(ConflictRulesTest, AValueThatCannotBeWrittenStaysOpen) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(set("customer", "name", Side::site));
  conflict_about(record, ConflictType::concurrent, "name", nullptr, {"central", "Pier"});
  EXPECT_EQ(apply(), 0);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
}

TEST_F(ConflictRulesTest, ADecisionThatWasTakenBackIsAPersons) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(set("customer", "name", Side::site));
  const RecordId id = met(record);
  EXPECT_EQ(apply(), 1);
  ASSERT_TRUE(undo(id));
  EXPECT_EQ(apply(), 0);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
}

TEST_F(ConflictRulesTest, RemovedItDecidesNothing) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(set("customer", "name", Side::site));
  const auto remove = [&](std::string_view field) {
    return run([&](Connection& connection) {
      return remove_rule(connection, log, role, "customer", field, author);
    });
  };
  ASSERT_TRUE(remove("name"));
  EXPECT_EQ(remove("name").error().code, Errc::not_found);
  met(record);
  EXPECT_EQ(apply(), 0);
}

}  // namespace
}  // namespace skerry::store
