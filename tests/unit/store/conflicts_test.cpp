#include "store/conflicts.hpp"

#include <gmock/gmock.h>

#include "tests/unit/store/query_plan.hpp"
#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class ConflictsTest : public RecordsTest {
 protected:
  Conflict conflict(UnixMillis created_at) {
    Conflict made;
    made.id = new_record();
    made.kind = find_kind("customer");
    made.record = new_record();
    made.scope_customer = made.record;
    made.field = "name";
    made.winner = json::object{{"value", "Acme SE"}};
    made.loser = json::object{{"value", "Acme AG"}, {"author", "uid:0"}};
    made.created_at = created_at;
    made.version = 17;
    return made;
  }
};

std::vector<RecordId> ids(const std::vector<Conflict>& conflicts) {
  std::vector<RecordId> found;
  for (const Conflict& each : conflicts) found.push_back(each.id);
  return found;
}

void expect_same(const Conflict& a, const Conflict& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.record, b.record);
  EXPECT_EQ(a.scope_customer, b.scope_customer);
  EXPECT_EQ(a.field, b.field);
  EXPECT_EQ(a.winner, b.winner);
  EXPECT_EQ(a.loser, b.loser);
  EXPECT_EQ(a.open, b.open);
  EXPECT_EQ(a.decided_by, b.decided_by);
  EXPECT_EQ(a.resolution, b.resolution);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.resolved_at, b.resolved_at);
}

// What every write of a record asks is answered in no time, however many others are open about it.
TEST_F(ConflictsTest, LookUpsByRecordTakeTheirIndex) {
  in_job([&](Connection& connection) {
    const auto whole = plan_of(connection,
                               "SELECT id FROM conflict WHERE record=?1 AND state='open' AND "
                               "field='' ORDER BY version DESC LIMIT 50");
    EXPECT_THAT(whole, ElementsAre(testing::HasSubstr("INDEX conflict_whole (record=?)")));
    const auto duplicates =
        plan_of(connection,
                "SELECT id FROM conflict WHERE (record=?1 OR other=?1) AND state='open' AND "
                "type='duplicate_key'");
    EXPECT_THAT(duplicates, Contains(testing::HasSubstr("INDEX conflict_duplicate (record=?)")));
    EXPECT_THAT(duplicates, Contains(testing::HasSubstr("INDEX conflict_other (other=?)")));
  });
}

TEST_F(ConflictsTest, OfThoseAboutTheWholeTheNewestAreFound) {
  in_job([&](Connection& connection) {
    Conflict made = conflict(1000);
    made.field.clear();
    for (int i = 0; i < about_whole_max + 10; ++i) {
      made.id = new_record();
      made.version = i;
      write_conflict(connection, made);
    }
    const auto found = open_about_whole(connection, made.record);
    ASSERT_EQ(std::ssize(found), about_whole_max);
    for (const Conflict& each : found) EXPECT_GE(each.version, 10);
  });
}

TEST_F(ConflictsTest, IsReadBackAsItWasWritten) {
  in_job([&](Connection& connection) {
    Conflict made = conflict(1000);
    EXPECT_FALSE(find_conflict(connection, made.id));
    write_conflict(connection, made);
    auto found = find_conflict(connection, made.id);
    ASSERT_TRUE(found);
    expect_same(*found, made);
    EXPECT_EQ(found->version, 17);
    EXPECT_EQ(count_open_conflicts(connection), 1);

    made.open = false;
    made.decided_by = "uid:0";
    made.resolution = json::object{{"choice", "loser"}};
    made.resolved_at = 2000;
    made.version = 18;
    write_conflict(connection, made);
    found = find_conflict(connection, made.id);
    expect_same(*found, made);
    EXPECT_EQ(found->version, 18);
    EXPECT_EQ(count_open_conflicts(connection), 0);
  });
}

TEST_F(ConflictsTest, ListsByAgeInPages) {
  in_job([&](Connection& connection) {
    const Conflict second = conflict(2000);
    const Conflict first = conflict(1000);
    Conflict third = conflict(2000);
    third.open = false;
    third.id.bytes.fill(0xff);  // behind the second of the same time
    for (const Conflict& each : {second, third, first}) write_conflict(connection, each);
    EXPECT_THAT(ids(list_conflicts(connection, {})), ElementsAre(first.id, second.id, third.id));
    ConflictQuery page;
    page.limit = 2;
    EXPECT_THAT(ids(list_conflicts(connection, page)), ElementsAre(first.id, second.id));
    page.after_created_at = 2000;
    page.after_id = second.id;
    EXPECT_THAT(ids(list_conflicts(connection, page)), ElementsAre(third.id));
    ConflictQuery open;
    open.open = true;
    EXPECT_THAT(ids(list_conflicts(connection, open)), ElementsAre(first.id, second.id));
    open.open = false;
    EXPECT_THAT(ids(list_conflicts(connection, open)), ElementsAre(third.id));
    ConflictQuery of_record;
    of_record.record = second.record;
    EXPECT_THAT(ids(list_conflicts(connection, of_record)), ElementsAre(second.id));
    of_record.open = false;
    EXPECT_THAT(list_conflicts(connection, of_record), IsEmpty());
  });
}

TEST_F(ConflictsTest, SurvivesTheWire) {
  Conflict made = conflict(1'700'000'000'000);
  auto back = conflict_from_json(to_json(made));
  ASSERT_TRUE(back);
  expect_same(*back, made);
  made.type = ConflictType::edit_vs_delete;
  made.field.clear();
  made.open = false;
  made.decided_by = "rule";
  made.resolution = json::object{{"choice", "winner"}};
  made.resolved_at = 1'700'000'001'000;
  back = conflict_from_json(to_json(made));
  ASSERT_TRUE(back);
  expect_same(*back, made);
}

TEST_F(ConflictsTest, RefusesAnIncompleteOne) {
  const json::object whole = to_json(conflict(1'700'000'000'000));
  for (const char* member : {"id", "type", "kind", "record", "customer", "state", "created_at"}) {
    SCOPED_TRACE(member);
    json::object part = whole;
    part.erase(member);
    EXPECT_FALSE(conflict_from_json(part));
    part[member] = "nonsense";
    EXPECT_FALSE(conflict_from_json(part));
  }
}

TEST(ConflictTypes, HaveNamesThatAreReadBack) {
  for (const auto type :
       {ConflictType::concurrent, ConflictType::edit_vs_delete, ConflictType::delete_vs_edit,
        ConflictType::duplicate_key, ConflictType::not_authorised, ConflictType::out_of_scope})
    EXPECT_EQ(parse_conflict_type(to_text(type)), type);
  EXPECT_FALSE(parse_conflict_type("quarrel"));
}

}  // namespace
}  // namespace skerry::store
