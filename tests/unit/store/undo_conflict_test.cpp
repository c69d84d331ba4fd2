#include <fmt/format.h>

#include "tests/unit/store/conflicts_fixture.hpp"

namespace skerry::store {
namespace {

class UndoConflictTest : public ConflictsTest {
 protected:
  using ConflictsTest::ConflictsTest;
  RecordId met(const Record& record, std::string field = "name", json::value loser = "other") {
    return conflict_about(record, ConflictType::concurrent, std::move(field), std::move(loser));
  }
};

class UndoAtSiteTest : public UndoConflictTest {
 protected:
  UndoAtSiteTest() : UndoConflictTest(Role::site) {}
};

TEST_F(UndoConflictTest, TheValueBeforeComesBackAsAChange) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  const auto undone = undo(id);
  ASSERT_TRUE(undone) << undone.error().detail;
  EXPECT_TRUE(undone->open);
  EXPECT_EQ(undone->decided_by, "");
  EXPECT_EQ(json::serialize(undone->resolution), R"({"undone_by":"uid:0"})");
  EXPECT_FALSE(undone->resolved_at);
  EXPECT_EQ(undone->version, 3);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
  EXPECT_EQ(log.last_n(), 3);  // made, decided, taken back
  const auto row = decode_change(last_line());
  ASSERT_TRUE(row);
  EXPECT_EQ(row->resolves, id);
  EXPECT_TRUE(row->reopens);
  EXPECT_EQ(row->fields.at(0).old_value, json::value("other"));
  EXPECT_EQ(row->fields.at(0).new_value, json::value("now"));
}

TEST_F(UndoConflictTest, ItIsDecidedAnewAndTakenBackAnew) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, json::value("third")));
  ASSERT_TRUE(undo(id));
  EXPECT_EQ(undo(id).error().code, Errc::already_exists);
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  EXPECT_EQ(read(record).values[0].as_string(), "other");
  ASSERT_TRUE(undo(id));
  EXPECT_EQ(read(record).values[0].as_string(), "now");
}

TEST_F(UndoConflictTest, OfAWinnerOnlyTheConflictIsOpenAgain) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, ConflictChoice::winner));
  const std::int64_t revision = read(record).revision;
  ASSERT_TRUE(undo(id));
  EXPECT_EQ(read(record).values[0].as_string(), "now");
  EXPECT_EQ(read(record).revision, revision + 1);  // the row that says so
  EXPECT_TRUE(find_conflict(*database->read(), id)->open);
}

TEST_F(UndoConflictTest, RefusedWhenTheFieldHasChangedSince) {
  const Record record = *create("customer", R"({"name":"now","description":"d"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  ASSERT_TRUE(update(record, R"({"description":"of another matter"})"));
  ASSERT_TRUE(update(record, R"({"name":"newer"})"));
  const std::int64_t rows = log.last_n();
  const auto refused = undo(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::precondition_failed);
  EXPECT_EQ(refused.error().detail,
            "name has changed since: it is \"newer\", the decision made it \"other\"");
  EXPECT_EQ(log.last_n(), rows);
  EXPECT_FALSE(find_conflict(*database->read(), id)->open);
  ASSERT_TRUE(update(record, R"({"name":"other"})"));
  EXPECT_TRUE(undo(id));
}

TEST_F(UndoConflictTest, AGroupComesBackWhole) {
  const Record record = *create("customer", R"({"name":"n","address":{"city":"Ulm","line1":"1"}})");
  const RecordId id = met(record, "address", json::object{{"line2", "2"}});
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  ASSERT_TRUE(undo(id));
  const auto address = static_cast<std::size_t>(record.kind->find_field("address"));
  EXPECT_EQ(read(record).values[address], record.values[address]);
}

TEST_F(UndoConflictTest, ARecordThatLivesAgainGoesAgain) {
  EXPECT_EQ(undo(new_record_id(clock.wall_ms(), random)).error().code, Errc::not_found);
  const Record gone = *create("customer", R"({"name":"gone"})");
  ASSERT_TRUE(remove(gone));
  const RecordId late = conflict_about(gone, ConflictType::edit_vs_delete, "name", "late");
  EXPECT_EQ(undo(late).error().code, Errc::already_exists);
  ASSERT_TRUE(resolve(late, ConflictChoice::loser));
  const auto undone = undo(late);
  ASSERT_TRUE(undone) << undone.error().detail;
  EXPECT_TRUE(undone->open);
  EXPECT_EQ(undone->version, log.last_n());
  EXPECT_FALSE(record_exists(*database->read(), *gone.kind, gone.id));
  const auto row = decode_change(last_line());
  ASSERT_TRUE(row);
  EXPECT_EQ(row->op, ChangeOp::remove);
  EXPECT_TRUE(row->reopens);
  ASSERT_TRUE(resolve(late, ConflictChoice::winner));
  ASSERT_TRUE(undo(late));
  EXPECT_NE(last_line().find(R"("choice":"undone")"), std::string::npos);
}

TEST_F(UndoConflictTest, WhatNobodyDecidedIsNotUndone) {
  const Record record = *create("customer", R"({"name":"n"})");
  const RecordId id = met(record);
  Conflict closed = *find_conflict(*database->read(), id);
  closed.open = false;
  closed.resolution = {{"choice", "settled"}};
  write([&](Connection& connection) -> Result<void> {
    write_conflict(connection, closed);
    return {};
  });
  const auto refused = undo(id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::validation_failed);
  EXPECT_NE(refused.error().detail.find("nobody decided"), std::string::npos);
}

// The conflict travels with both values already; it names them, and keeps no long third one.
TEST_F(UndoConflictTest, LongValuesAreNamedNotKept) {
  const Record acme = *create("customer", R"({"name":"n"})");
  const std::string now(9000, 'n');
  const std::string late(9000, 'l');
  const auto note = [&] {
    return *create("note", fmt::format(R"({{"subject":"{}","text":"now"}})", to_string(acme.id)));
  };
  const Record record = note();
  const RecordId id = met(record, "text", json::string(late));
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  const auto decided = find_conflict(*database->read(), id);
  EXPECT_EQ(json::serialize(decided->resolution.at("before")), R"({"of":"winner"})");
  EXPECT_EQ(json::serialize(decided->resolution.at("after")), R"({"of":"loser"})");
  EXPECT_TRUE(undo(id));
  const RecordId third = met(note(), "text", json::string(late));
  ASSERT_TRUE(resolve(third, json::value(json::string(now))));
  EXPECT_EQ(undo(third).error().code, Errc::validation_failed);
}

TEST_F(UndoConflictTest, OfADeletedRecordThereIsNothingToUndo) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  ASSERT_TRUE(remove(record));
  EXPECT_EQ(undo(id).error().code, Errc::precondition_failed);
}

TEST_F(UndoAtSiteTest, ASiteShowsItAtOnceAndTheRowTellsCentral) {
  const Record record = *create("customer", R"({"name":"now"})");
  const RecordId id = met(record);
  ASSERT_TRUE(resolve(id, ConflictChoice::loser));
  const auto undone = undo(id);
  ASSERT_TRUE(undone) << undone.error().detail;
  EXPECT_TRUE(undone->open);
  EXPECT_EQ(read(record).values[0].as_string(), "now");
  EXPECT_NE(last_line().find(R"(","cfo":true,"hlc":)"), std::string::npos);
}

}  // namespace
}  // namespace skerry::store
