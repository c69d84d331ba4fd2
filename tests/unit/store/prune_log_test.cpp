// H23: a site's log is bounded, and what is left of it proves itself from where it begins.
#include "store/prune_log.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json_text.hpp"
#include "store/audit.hpp"
#include "store/audit_verify.hpp"
#include "store/change_feed.hpp"
#include "store/own_epochs.hpp"
#include "store/upstream.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PruneLogTest : public SiteStoreTest {
 protected:
  static constexpr std::int64_t day_ms = 86'400'000;

  // One own row a day; every third day one that arrived.
  void write_days(int days) {
    write([&](Connection& connection) -> Result<void> {
      if (log.own().seq == 0) log.start_received(connection, new_id<EpochId>(random));
      return {};
    });
    for (int day = 0; day < days; ++day) {
      const auto made = create("customer", fmt::format(R"({{"name":"Customer {}"}})", day));
      ASSERT_TRUE(made) << made.error().detail;
      records.push_back(*made);
      if (day % 3 == 2)
        write([&](Connection& connection) -> Result<void> {
          log.append_received(connection, "customer", made->id, R"({"k":"x"})");
          return {};
        });
      clock.now += day_ms;
    }
  }
  void confirm(std::int64_t acked, std::int64_t durable) {
    write([&](Connection& connection) -> Result<void> {
      OwnEpoch epoch = read_own_epochs(connection).back();
      epoch.acked = acked;
      epoch.durable = durable;
      write_confirmed(connection, epoch);
      return {};
    });
  }
  // What is older than `days`, in jobs of three rows.
  std::int64_t prune(int days) {
    std::int64_t rows = 0;
    for (;;) {
      const auto gone = run([&](Connection& connection) -> Result<std::int64_t> {
        return prune_log(connection, log, clock.now - days * day_ms, 3);
      });
      EXPECT_TRUE(gone) << gone.error().detail;
      if (!gone || *gone == 0) return rows;
      EXPECT_LE(*gone, 3);
      rows += *gone;
    }
  }
  LogBegin begin() {
    const Reader reader = database->read();
    return read_log_begin(*reader);
  }
  Result<LogAudit> verify() {
    const Reader reader = database->read();
    return verify_chains(*reader, {});
  }
  Result<void> write_sql(std::string sql) {
    return run([&](Connection& connection) -> Result<void> {
      connection.execute(sql);
      return {};
    });
  }
  std::vector<Record> records;
};

TEST_F(PruneLogTest, H23_OnlyWhatIsDurableAndOldGoes) {
  write_days(9);  // rows 1 to 12: nine own, three received
  EXPECT_EQ(prune(0), 0) << "no central has said anything";
  confirm(9, 0);
  EXPECT_EQ(prune(0), 0) << "confirmed is not durable";
  confirm(0, 9);
  EXPECT_EQ(prune(0), 0) << "nor is durable confirmed";
  confirm(9, 5);
  EXPECT_EQ(prune(100), 0) << "nothing is so old";
  EXPECT_EQ(prune(7), 2) << "days 1 and 2 are more than seven days ago";
  EXPECT_EQ(prune(0), 4) << "own rows 1 to 5, and one that arrived between them";
  EXPECT_EQ(begin().n, 6);
  EXPECT_EQ(begin().own_rows, 5);
  EXPECT_EQ(number("SELECT min(n) FROM change_log"), 7);
  EXPECT_EQ(number("SELECT min(seq) FROM change_log WHERE log=1"), 6);
}

TEST_F(PruneLogTest, TheLastRowStays) {
  write_days(9);
  confirm(9, 9);
  EXPECT_EQ(prune(0), 11);
  EXPECT_EQ(number("SELECT count(*) FROM change_log"), 1);
  const Reader reader = database->read();
  EXPECT_EQ(read_head(*reader, "own").seq, 9) << "from where its chain was cut";
  EXPECT_EQ(read_head(*reader, "own").hash, log.own().hash);
}

TEST_F(PruneLogTest, TheRestIsProvenFromWhereItBegins) {
  write_days(12);
  confirm(12, 7);
  prune(0);
  const auto audit = verify();
  ASSERT_TRUE(audit) << audit.error().detail;
  EXPECT_EQ(audit->pruned, begin().n);
  EXPECT_EQ(audit->rows, log.last_n() - begin().n);
  write_days(3);
  EXPECT_TRUE(verify());
  // Somebody who cuts off more than was agreed is noticed.
  ASSERT_TRUE(write_sql("DROP TRIGGER change_log_is_kept"));
  ASSERT_TRUE(write_sql(fmt::format("DELETE FROM change_log WHERE n<={}", begin().n + 1)));
  EXPECT_EQ(verify().error().code, Errc::bad_signature);
}

TEST_F(PruneLogTest, AnotherBeginningIsNoticed) {
  write_days(9);
  confirm(9, 5);
  prune(0);
  ASSERT_TRUE(write_sql("DROP TRIGGER pruned_moves_on"));
  ASSERT_TRUE(write_sql("UPDATE pruned SET hash=zeroblob(32)"));
  EXPECT_EQ(verify().error().code, Errc::bad_signature);
}

TEST_F(PruneLogTest, NothingElseTakesRowsAway) {
  write_days(9);
  confirm(9, 5);
  EXPECT_THAT(write_sql("DELETE FROM change_log WHERE n=1").error().detail,
              HasSubstr("cannot be deleted"));
  prune(0);
  for (const char* sql :
       {"DELETE FROM change_log WHERE n=9", "DELETE FROM pruned", "UPDATE pruned SET seq=seq-1",
        "UPDATE pruned SET log=log+1",
        "INSERT INTO pruned(log,seq,hash,n,pruned_at) VALUES(7,1,zeroblob(32),7,0)",
        "INSERT INTO pruned(log,seq,hash,n,pruned_at) VALUES(1,8,zeroblob(32),10,0)"})
    EXPECT_FALSE(write_sql(sql)) << sql;
  EXPECT_TRUE(verify());
}

TEST_F(PruneLogTest, ARestartGoesOnWhereItWas) {
  write_days(9);
  confirm(9, 9);
  const HlcStamp latest = log.tick();
  prune(0);
  const LogHead before = log.own();
  const std::int64_t n = log.last_n();
  // Another log over the same database, with a clock that was put back.
  TestClock early;
  early.now = 1'000'000;
  ChangeLog again(early);
  {
    const Reader reader = database->read();
    again.load(*reader);
  }
  EXPECT_EQ(again.own().seq, before.seq);
  EXPECT_EQ(again.own().hash, before.hash);
  EXPECT_EQ(again.last_n(), n);
  EXPECT_GE(again.tick().ms() + 1, latest.ms()) << "the clock does not go back with the rows";
}

TEST_F(PruneLogTest, EpochsAreOneLine) {
  write_days(6);  // own rows 1 to 6, of which 5 and 6 are issued again in another epoch
  write([&](Connection& connection) -> Result<void> {
    const auto hash = own_hash_at(connection, 1, 4);
    NewLog next{new_id<EpochId>(random)};
    next.parent = LogPlace{log.own().epoch, 4, *hash};
    next.why = "fork";
    connection.execute("UPDATE log SET upto=4,acked=4,durable=4 WHERE number=1");
    log.start_own(connection, next);
    return {};
  });
  write_days(6);
  EXPECT_EQ(prune(0), 8) << "what was issued again elsewhere goes with its epoch";
  {
    const Reader reader = database->read();
    const auto epochs = read_own_epochs(*reader);
    EXPECT_EQ(epochs[0].end, 4);
    EXPECT_EQ(epochs[0].first, 5);
    EXPECT_EQ(epochs[1].first, 1);
    EXPECT_EQ(epochs[1].end, 6);
    EXPECT_EQ(own_hash_at(*reader, epochs[0].log, 3), std::nullopt);
  }
  confirm(6, 3);
  prune(0);
  {
    const Reader reader = database->read();
    const OwnEpoch current = read_own_epochs(*reader).back();
    EXPECT_EQ(current.first, 4);
    EXPECT_EQ(own_hash_at(*reader, current.log, 3), read_chain_begin(*reader, current.log).hash);
  }
  EXPECT_TRUE(verify());
}

TEST_F(PruneLogTest, DispositionsGoWithTheirRows) {
  write_days(9);
  confirm(9, 5);
  write([&](Connection& connection) -> Result<void> {
    for (const std::int64_t seq : {2, 8})
      write_row_result(connection, 1, {seq, Disposition::rejected, "no"});
    return {};
  });
  prune(0);
  EXPECT_EQ(number("SELECT count(*) FROM row_result"), 1);
  EXPECT_EQ(number("SELECT seq FROM row_result"), 8);
}

TEST_F(PruneLogTest, TheFeedSaysWhatItDoesNotHave) {
  write_days(9);
  confirm(9, 5);
  const auto position = [&](std::int64_t n) {
    const Reader reader = database->read();
    return position_of(read_feed(*reader, {n - 1, 1}).rows.at(0));
  };
  const FeedPosition gone = position(3);
  const FeedPosition edge = position(6);
  const FeedPosition kept = position(8);
  prune(0);
  ASSERT_EQ(begin().n, 6);
  const Reader reader = database->read();
  EXPECT_TRUE(check_position(*reader, kept));
  EXPECT_TRUE(check_position(*reader, edge)) << "what comes next is all here";
  EXPECT_EQ(check_position(*reader, {6, "0000000000000000"}).error().code, Errc::wrong_history);
  EXPECT_EQ(check_position(*reader, gone).error().code, Errc::wrong_history);
  const auto from_the_start = check_position(*reader, {});
  ASSERT_FALSE(from_the_start);
  EXPECT_THAT(from_the_start.error().detail, HasSubstr("up to 6"));
  EXPECT_THAT(from_the_start.error().next, HasSubstr("after=12"));
  EXPECT_THAT(read_feed(*reader, {6}).rows, SizeIs(6));
}

TEST_F(PruneLogTest, TheAuditViewSaysWhatItDoesNotHave) {
  write_days(9);
  confirm(9, 5);
  {
    const Reader reader = database->read();
    EXPECT_EQ(list_audit(*reader, Role::site, {}).pruned, 0);
  }
  prune(0);
  const Reader reader = database->read();
  const AuditPage page = list_audit(*reader, Role::site, {});
  EXPECT_EQ(page.pruned, 6);
  EXPECT_THAT(page.rows, SizeIs(6));
  AuditQuery of_first;
  of_first.record = records.front().id;
  EXPECT_THAT(list_audit(*reader, Role::site, of_first).rows, IsEmpty());
  EXPECT_FALSE(has_history(*reader, *records.front().kind, records.front().id));
}

// By the tables: the rows that said whose it is are gone.
TEST_F(PruneLogTest, WhoIsLimitedStillSeesWhatIsOfHisCustomers) {
  write_days(1);
  const std::string customer = to_string(records.front().id);
  ASSERT_TRUE(
      create("contact", fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", customer)));
  confirm(1, 1);
  ASSERT_EQ(prune(0), 1);
  AuditQuery query;
  query.customers = {records.front().id};
  const Reader reader = database->read();
  const AuditPage page = list_audit(*reader, Role::site, query);
  ASSERT_THAT(page.rows, SizeIs(1));
  EXPECT_EQ(page.rows.front().fields.at("customer").at("new").as_string(), customer);
}

class PrunedExportTest : public PruneLogTest {
 protected:
  std::vector<std::string> exported(AuditFilter filter = {}) {
    std::string text;
    const Reader reader = database->read();
    AuditExport made(*reader, ExportFormat::ndjson, std::move(filter), {}, key, clock.wall_ms());
    while (made.append(*reader, text)) {
    }
    std::vector<std::string> lines;
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = text.find('\n', from);
      lines.push_back(text.substr(from, end - from));
      from = end + 1;
    }
    return lines;
  }
  static Result<ExportReport> proof(const std::vector<std::string>& lines) {
    ExportVerifier verifier;
    for (const std::string& line : lines) SKERRY_TRY_VOID(verifier.take(line));
    return verifier.finish();
  }
  crypto::SigningKey key = crypto::SigningKey::generate();
};

TEST_F(PrunedExportTest, ProvesItselfFromWhereTheLogBegins) {
  write_days(9);
  confirm(9, 5);
  prune(0);
  const auto lines = exported();
  ASSERT_THAT(lines, SizeIs(9));  // head, six rows, end, signature
  const auto report = proof(lines);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->whole);
  EXPECT_EQ(report->pruned, 6);
  EXPECT_EQ(report->rows, 6);
  // Without its first row, and with another beginning.
  auto without = lines;
  without.erase(without.begin() + 1);
  EXPECT_EQ(proof(without).error().code, Errc::bad_signature);
  auto claimed = lines;
  claimed.front().replace(claimed.front().find(R"("begins":{"n":6)"), 15, R"("begins":{"n":7)");
  EXPECT_EQ(proof(claimed).error().code, Errc::bad_signature);
  // Filtered: the rows of one record, each proven alone.
  AuditFilter filter;
  filter.record = records.back().id;
  const auto some = proof(exported(filter));
  ASSERT_TRUE(some) << some.error().detail;
  EXPECT_FALSE(some->whole);
}

TEST_F(PrunedExportTest, IsGivenUpWhenRowsGoMeanwhile) {
  write_days(9);
  confirm(9, 5);
  std::string text;
  std::optional<AuditExport> made;
  {
    const Reader reader = database->read();
    made.emplace(*reader, ExportFormat::ndjson, AuditFilter{}, json::object{}, key,
                 clock.wall_ms());
  }
  prune(0);
  const Reader later = database->read();
  EXPECT_THROW((void)made->append(*later, text), StorageError);
}

}  // namespace
}  // namespace skerry::store
