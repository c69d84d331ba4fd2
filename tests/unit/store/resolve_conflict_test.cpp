#include "store/resolve_conflict.hpp"

#include <fmt/format.h>

#include "tests/unit/store/conflicts_fixture.hpp"

namespace skerry::store {
namespace {

using ResolveConflictTest = ConflictsTest;

class ResolveAtSiteTest : public ResolveConflictTest {
 protected:
  ResolveAtSiteTest() : ResolveConflictTest(Role::site) {}
};

TEST_F(ResolveConflictTest, TheWinnerStandsAndTheDecisionIsARow) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = conflict_about(record, ConflictType::concurrent, "name", "other");
  const auto resolved = resolve(id, ConflictChoice::winner);
  ASSERT_TRUE(resolved) << resolved.error().detail;
  EXPECT_FALSE(resolved->open);
  EXPECT_EQ(resolved->decided_by, "uid:0");
  EXPECT_EQ(resolved->version, 2);
  EXPECT_EQ(log.last_n(), 2);
  EXPECT_EQ(decode_change(last_line())->resolves, id);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
  EXPECT_EQ(resolve(id, ConflictChoice::loser).error().code, Errc::already_exists);
}

TEST_F(ResolveConflictTest, TheLoserOrAnotherValueIsWritten) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(resolve(conflict_about(record, ConflictType::concurrent, "name", "other"),
                      ConflictChoice::loser));
  EXPECT_EQ(read(record).values[0].as_string(), "other");
  ASSERT_TRUE(
      resolve(conflict_about(record, ConflictType::concurrent, "name", "x"), json::value("third")));
  EXPECT_EQ(read(record).values[0].as_string(), "third");
  const RecordId bad = conflict_about(record, ConflictType::concurrent, "name", "x");
  EXPECT_EQ(resolve(bad, json::value(7)).error().code, Errc::validation_failed);
  EXPECT_EQ(number("SELECT count(*) FROM conflict WHERE state='open'"), 1);
}

TEST_F(ResolveConflictTest, AGroupIsReplacedWhole) {
  const Record record = *create("customer", R"({"name":"n","address":{"city":"Ulm","line1":"1"}})");
  ASSERT_TRUE(resolve(
      conflict_about(record, ConflictType::concurrent, "address", json::object{{"line2", "2"}}),
      ConflictChoice::loser));
  const int address = record.kind->find_field("address");
  EXPECT_EQ(json::serialize(read(record).values[static_cast<std::size_t>(address)]),
            R"({"line2":"2"})");
}

TEST_F(ResolveConflictTest, ADuplicateKeyIsTakenAwayOrReplaced) {
  const Record record = *create("customer", R"({"name":"n","account_ref":"A"})");
  ASSERT_TRUE(create("customer", R"({"name":"m","account_ref":"M"})"));
  const auto duplicate = [&] {
    return conflict_about(record, ConflictType::duplicate_key, "account_ref", "A");
  };
  EXPECT_EQ(resolve(duplicate(), json::value("M")).error().code, Errc::duplicate_key);
  EXPECT_EQ(read(record).values[1].as_string(), "A");
  ASSERT_TRUE(resolve(duplicate(), json::value("B")));
  EXPECT_EQ(read(record).values[1].as_string(), "B");
  ASSERT_TRUE(resolve(duplicate(), ConflictChoice::winner));
  EXPECT_TRUE(read(record).values[1].is_null());
}

TEST_F(ResolveConflictTest, AKeyThatMustBeThereIsNotTakenAway) {
  const Record acme = *create("customer", R"({"name":"n"})");
  const Record ann = *create(
      "contact", fmt::format(R"({{"customer":"{}","email":"a@b.de"}})", to_string(acme.id)));
  const RecordId id = conflict_about(ann, ConflictType::duplicate_key, "email", "a@b.de");
  for (const ConflictChoice choice : {ConflictChoice::winner, ConflictChoice::loser}) {
    const auto refused = resolve(id, choice);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::validation_failed);
    EXPECT_NE(refused.error().next.find("--value"), std::string::npos);
  }
  ASSERT_TRUE(resolve(id, json::value("b@b.de")));
}

TEST_F(ResolveConflictTest, AGoneRecordLivesAgainWithTheLosersValue) {
  const Record record = *create("customer", R"({"name":"now","account_ref":"A"})");
  ASSERT_TRUE(remove(record));
  const auto resolved = resolve(
      conflict_about(record, ConflictType::edit_vs_delete, "name", "late"), ConflictChoice::loser);
  ASSERT_TRUE(resolved) << resolved.error().detail;
  EXPECT_EQ(read(record).values[0].as_string(), "late");
  EXPECT_EQ(read(record).values[1].as_string(), "A");
  EXPECT_EQ(read(record).created_at, record.created_at);
  EXPECT_EQ(decode_change(last_line())->op, ChangeOp::restore);
  EXPECT_EQ(number("SELECT count(*) FROM tombstone"), 0);
  EXPECT_EQ(resolved->resolution.at("value"), json::value("late"));
}

TEST_F(ResolveConflictTest, WhatHasTheKeyMeanwhileKeepsIt) {
  const Record record = *create("customer", R"({"name":"now","account_ref":"A"})");
  ASSERT_TRUE(remove(record));
  ASSERT_TRUE(create("customer", R"({"name":"other","account_ref":"A"})"));
  const RecordId id = conflict_about(record, ConflictType::edit_vs_delete, "name", "late");
  EXPECT_EQ(resolve(id, ConflictChoice::loser).error().code, Errc::duplicate_key);
}

TEST_F(ResolveConflictTest, AGoneRecordMayStayGone) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(remove(record));
  const RecordId id = conflict_about(record, ConflictType::edit_vs_delete, "name", "other");
  const auto resolved = resolve(id, ConflictChoice::winner);
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->version, 3);
  EXPECT_NE(last_line().find(R"({"k":"cfr","cf":")"), std::string::npos);
  EXPECT_TRUE(parse_json_object(last_line()));
}

TEST_F(ResolveConflictTest, NothingIsFoundForAnotherId) {
  EXPECT_EQ(resolve(RecordId{}, ConflictChoice::winner).error().code, Errc::not_found);
}

TEST_F(ResolveAtSiteTest, ASiteShowsItsDecisionAtOnce) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = conflict_about(record, ConflictType::concurrent, "name", "other");
  const auto resolved = resolve(id, ConflictChoice::loser);
  ASSERT_TRUE(resolved);
  EXPECT_FALSE(resolved->open);
  EXPECT_EQ(resolved->version, 0);  // central has not seen it
  EXPECT_EQ(decode_change(last_line())->resolves, id);
}

TEST_F(ResolveAtSiteTest, WhatIsGoneIsCentralsToDecide) {
  const Record record = *create("customer", R"({"name":"now"})");
  ASSERT_TRUE(remove(record));
  const RecordId id = conflict_about(record, ConflictType::edit_vs_delete, "name", "other");
  EXPECT_EQ(resolve(id, ConflictChoice::winner).error().code, Errc::wrong_role);
}

}  // namespace
}  // namespace skerry::store
