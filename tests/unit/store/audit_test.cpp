#include "store/audit.hpp"

#include <fmt/format.h>

#include "store/change_feed.hpp"
#include "store/sites.hpp"
#include "store/upstream.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class AuditTest : public MachineStoreTest {
 protected:
  using MachineStoreTest::MachineStoreTest;
  std::vector<AuditRow> feed() {
    const Reader reader = database->read();
    AuditReader audit(*reader, role);
    std::vector<AuditRow> rows;
    for (const LogRow& row : read_feed(*reader, {}).rows) rows.push_back(audit.read(row));
    return rows;
  }
  AuditPage page(const AuditQuery& query) {
    const Reader reader = database->read();
    return list_audit(*reader, role, query);
  }
};

class AuditAtSiteTest : public AuditTest {
 protected:
  AuditAtSiteTest() : AuditTest(Role::site) {}
};

TEST_F(AuditTest, SaysWhatCentralDecidedOfASitesRow) {
  Site site;
  write([&](Connection& connection) -> Result<void> {
    RecordWriter writer(connection, log, role, random);
    SKERRY_TRY(FieldValues values, read_new(*find_kind("site"), {{"name", "Pumpwerk"}}));
    SKERRY_TRY(site,
               make_site(connection, writer, new_id<SiteId>(random), std::move(values), author));
    return {};
  });
  const RecordId record = new_record_id(clock.wall_ms(), random);
  write([&](Connection& connection) -> Result<void> {
    const std::string line = fmt::format(
        R"({{"k":"dec","site":"{}","ep":"x","seq":1,"d":"superseded","why":"late","row":)"
        R"({{"k":"chg","t":"customer","id":"{}","op":"set","f":{{"name":{{"o":"a","n":"b"}}}},)"
        R"("hlc":"019c8f2b1234-0003","by":"token:crm","src":"api","sv":1}}}})",
        to_string(site.id), to_string(record));
    log.append_own(connection, "customer", record, line);
    const std::string released = fmt::format(
        R"({{"k":"rel","site":"{}","ep":"x","seq":1,"d":"applied"}})", to_string(site.id));
    log.append_own(connection, "customer", record, released);
    return {};
  });
  auto rows = feed();
  ASSERT_EQ(rows.size(), 3u);
  rows.erase(rows.begin());  // the site's own
  EXPECT_EQ(rows[0].site, "Pumpwerk");
  EXPECT_EQ(rows[0].op, "set");
  EXPECT_EQ(rows[0].actor, "token:crm");
  EXPECT_EQ(rows[0].disposition, "superseded");
  EXPECT_EQ(rows[0].detail, "late");
  EXPECT_EQ(json::serialize(rows[0].fields), R"({"name":{"old":"a","new":"b"}})");
  EXPECT_EQ(rows[1].op, "release");
  EXPECT_EQ(rows[1].disposition, "applied");
  std::string text;
  for (const AuditRow& row : rows) {
    text.clear();
    append_audit_json(text, row);
    EXPECT_TRUE(parse_json_object(text)) << text;
  }
}

// What a site sent as a row and is none: the decision about it stands all the same.
TEST_F(AuditTest, ARowThatCannotBeReadKeepsItsDecision) {
  write([&](Connection& connection) -> Result<void> {
    log.append_own(connection, "", RecordId{},
                   R"({"k":"dec","site":"x","ep":"x","seq":1,"d":"rejected","why":"the line is no )"
                   R"(change","row":"6e6f"})");
    return {};
  });
  const auto rows = feed();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].op, "unreadable");
  EXPECT_EQ(rows[0].disposition, "rejected");
  EXPECT_EQ(rows[0].detail, "the line is no change");
}

TEST_F(AuditTest, ALineItCannotReadIsShownAsSuch) {
  write([&](Connection& connection) -> Result<void> {
    log.append_own(connection, "", RecordId{}, "not JSON");
    return {};
  });
  EXPECT_EQ(feed().at(0).op, "unreadable");
}

TEST_F(AuditAtSiteTest, OwnRowsWaitUntilCentralConfirms) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(create("customer", R"({"name":"x"})"));
  EXPECT_EQ(feed()[0].disposition, "pending");
  write([&](Connection& connection) -> Result<void> {
    OwnEpoch epoch = read_own_epochs(connection).back();
    epoch.acked = 2;
    write_confirmed(connection, epoch);
    write_row_result(connection, log.own().number, {2, Disposition::rejected, "no"});
    log.start_received(connection, new_id<EpochId>(random));
    log.append_received(connection, "customer", RecordId{},
                        R"({"k":"chg","op":"del","by":"central","src":"sync","sv":1})");
    return {};
  });
  const auto rows = feed();
  EXPECT_EQ(rows[0].disposition, "applied");
  EXPECT_EQ(rows[1].disposition, "rejected");
  EXPECT_EQ(rows[1].detail, "no");
  EXPECT_EQ(rows[2].disposition, "pending");
  EXPECT_EQ(rows[3].disposition, "applied");
  EXPECT_EQ(rows[3].source, "sync");
}

TEST_F(AuditTest, PagesAreBoundedByWhatTheyLookAt) {
  ASSERT_TRUE(create("customer", R"({"name":"x"})"));
  author.actor = "token:rare";
  ASSERT_TRUE(create("customer", R"({"name":"rare"})"));
  write([&](Connection& connection) -> Result<void> {
    for (int i = 0; i < audit_rows_examined_max; ++i)
      log.append_own(connection, "note", RecordId{}, R"({"k":"chg","op":"set","by":"uid:0"})");
    return {};
  });
  AuditQuery query;
  query.actor = "token:rare";
  const AuditPage first = page(query);
  EXPECT_TRUE(first.rows.empty());
  ASSERT_TRUE(first.before_n);
  query.before_n = first.before_n;
  const AuditPage second = page(query);
  ASSERT_EQ(second.rows.size(), 1u);
  EXPECT_EQ(second.rows[0].n, 2);
  EXPECT_FALSE(second.before_n);
}

TEST_F(AuditTest, ARecordsHistoryIsReadByItsIndex) {
  const Reader reader = database->read();
  Cursor plan = reader->query(
      "EXPLAIN QUERY PLAN SELECT n FROM change_log WHERE record=?1 AND n<?2 ORDER BY n DESC LIMIT "
      "?3");
  ASSERT_TRUE(plan.next());
  EXPECT_NE(plan.text(3).find("change_log_record"), std::string_view::npos);
}

}  // namespace
}  // namespace skerry::store
