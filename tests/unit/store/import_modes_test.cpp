// Modes, rejects, parents, cancelling, and the way out and back.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/export_records.hpp"
#include "tests/unit/store/import_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string bytes_of(int file) {
  std::string text(1 << 20, '\0');
  text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
  return text;
}

class ImportModes : public ImportTest {
 protected:
  std::string exported(std::string_view kind) {
    Reader reader = database_->read();
    ListQuery query;
    query.kind = find_kind(kind);
    query.archived = Archived::include;
    RecordExport lines(*reader, query, ExportFormat::csv);
    std::string text = lines.begin();
    while (lines.next(text)) {
    }
    return text;
  }
  void expect_whole_log() {
    Reader reader = database_->read();
    const auto audit = verify_chains(*reader, {});
    EXPECT_TRUE(audit) << audit.error().detail;
  }

  const ImportOptions good_rows_{.mode = ImportMode::good_rows_only};
};

std::string all_counts(const ImportReport& report) {
  return fmt::format("{}, {} rejected", counts(report), report.rejected);
}

TEST_F(ImportModes, GoodRowsGoInAndTheOthersAreGivenBack) {
  const TextFile rejects("");
  ImportOptions options = good_rows_;
  options.rejects = rejects.get();
  const auto report = import(
      "Name,account_ref,website\n"
      "Acme,A1,\n\"Bolt, \"\"B\"\"\",A2,x\nCog\nDyn,A4,\nEos,A1,x\nF\xff,A5,\n",
      options);
  EXPECT_EQ(all_counts(report), "6 rows, 2 created, 0 updated, 0 unchanged, 4 rejected");
  EXPECT_THAT(places(report),
              ElementsAre("3 website bad_url", "4  ragged_row", "6 account_ref duplicate_row",
                          "6 website bad_url", "7 Name not_utf8"));
  EXPECT_EQ(
      bytes_of(rejects.get()),
      "Name,account_ref,website,reason\n"
      "\"Bolt, \"\"B\"\"\",A2,x,website: is not an http or https address\n"
      "Cog,\"the row has 1 field, the header has 3\"\n"
      "Eos,A1,x,\"account_ref: A1 stands in row 2 already, with other values; website: is not an "
      "http or https address\"\n"
      "F\xff,A5,,\"Name: is not UTF-8; save the file as UTF-8\"\n");
  EXPECT_EQ(customers(), 2);
  expect_whole_log();
}

// A row of the wrong length comes back with every cell, and is refused until it is mended.
TEST_F(ImportModes, NoCellOfARefusedRowIsLost) {
  const TextFile first("");
  ImportOptions options = good_rows_;
  options.rejects = first.get();
  import("name,account_ref\nSmith, J,A1\nCog\nA\"b,A2\nDyn,A3\n", options);
  const std::string expected =
      "name,account_ref,reason\n"
      "Smith,J,A1,\"the row has 3 fields, the header has 2\"\n"
      "Cog,\"the row has 1 field, the header has 2\"\n"
      "\"A\"\"b\",A2,name: holds a quote that is neither around the whole cell nor doubled\n";
  EXPECT_EQ(bytes_of(first.get()), expected);
  const TextFile second("");
  options.rejects = second.get();
  EXPECT_THAT(places(import(expected, options)), ElementsAre("2  ragged_row", "3  ragged_row"));
  EXPECT_EQ(bytes_of(second.get()),
            "name,account_ref,reason\n"
            "Smith,J,A1,\"the row has 4 fields, the header has 3\"\n"
            "Cog,\"the row has 2 fields, the header has 3\"\n");
}

// A spreadsheet opens what it gets back as it opened what it was.
TEST_F(ImportModes, RejectsAreWrittenAsTheFileIs) {
  const TextFile rejects("");
  ImportOptions options = good_rows_;
  options.rejects = rejects.get();
  import("\xef\xbb\xbfName;account_ref;website\r\nAcme;A1;\r\nBolt, Inc;\"A;2\";x\r\n", options);
  EXPECT_EQ(bytes_of(rejects.get()),
            "\xef\xbb\xbfName;account_ref;website;reason\r\n"
            "\"Bolt, Inc\";\"A;2\";x;website: is not an http or https address\r\n");
  const TextFile tabs("");
  options.rejects = tabs.get();
  import("name\twebsite\nCog\tx\n", options);
  EXPECT_EQ(bytes_of(tabs.get()),
            "name\twebsite\treason\nCog\tx\twebsite: is not an http or https address\n");
}

TEST_F(ImportModes, AFileWhoseStructureIsInDoubtIsNotBegunWith) {
  for (const std::string_view text :
       {"name\nAcme\n\"B\n", "name\nAcme\n\"B\"C\n", "name,x\nAcme,\n"}) {
    const auto report = import(text, good_rows_);
    EXPECT_EQ(report.errors.size(), 1u);
    EXPECT_EQ(report.rejected, 0);
  }
  EXPECT_EQ(customers(), 0);
}

TEST_F(ImportModes, ManyBatchesAreManyTransactions) {
  std::string text = "name,account_ref\n";
  for (int i = 0; i < 5'000; ++i) text += fmt::format("C {},{}\n", i, i % 100 == 7 ? 7 : i);
  std::vector<std::int64_t> seen;
  ImportOptions options = good_rows_;
  options.in_transaction = [&](Connection&, const ImportReport& report) {
    seen.push_back(report.created);
    EXPECT_EQ(report.rows, std::ssize(seen) * 1000);
    EXPECT_EQ(report.rows, report.created + report.unchanged + report.rejected);
    EXPECT_EQ(report.errors_left_out, report.rejected);
  };
  ImportWatch watch;
  options.watch = &watch;
  const auto report = import(text, options);
  EXPECT_EQ(all_counts(report), "5000 rows, 4951 created, 0 updated, 0 unchanged, 49 rejected");
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen.back(), 4951);
  EXPECT_EQ(watch.rows_total, 5000);
  EXPECT_EQ(watch.rows, 5000);
  EXPECT_EQ(watch.created, 4951);
  EXPECT_EQ(watch.phase.load(), ImportPhase::writing);
  EXPECT_EQ(all_counts(import(text, good_rows_)),
            "5000 rows, 0 created, 0 updated, 4951 unchanged, 49 rejected");
  ImportWatch tried;
  import(text, {.dry_run = true, .watch = &tried});
  EXPECT_EQ(tried.rows_total, 5000);
  expect_whole_log();
}

TEST_F(ImportModes, WhatOnlyTheWriterKnowsRejectsARowToo) {
  import("name,account_ref\nAcme,A1\nBolt,A2\n");
  const std::string id = text("SELECT lower(hex(id)) FROM customer WHERE account_ref='A1'");
  const std::string uuid = fmt::format("{}-{}-{}-{}-{}", id.substr(0, 8), id.substr(8, 4),
                                       id.substr(12, 4), id.substr(16, 4), id.substr(20));
  const std::string file = "id,account_ref\n" + uuid + ",A2\n";
  for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only}) {
    const TextFile rejects("");
    const auto report = import(file, {.mode = mode, .rejects = rejects.get()});
    EXPECT_THAT(places(report), ElementsAre("2 account_ref duplicate_key"));
    EXPECT_EQ(report.updated, 0);
    EXPECT_THAT(bytes_of(rejects.get()), HasSubstr(uuid + ",A2,account_ref: A2 is taken by "));
  }
  EXPECT_THAT(places(import(file, {.dry_run = true})), ElementsAre("2 account_ref duplicate_key"));
  EXPECT_EQ(log_rows(), 2);
}

TEST_F(ImportModes, TheIdGoesBeforeTheKey) {
  import("name,account_ref\nAcme,A1\n");
  const std::string export_before = exported("customer");
  const std::string id = export_before.substr(export_before.find('\n') + 1, 36);
  EXPECT_EQ(all_counts(import("id,account_ref\n" + id + ",A9\n")),
            "1 rows, 0 created, 1 updated, 0 unchanged, 0 rejected");
  const std::string other = "019a0000-0000-7000-8000-000000000001";
  EXPECT_EQ(all_counts(import("id,name,account_ref\n" + other + ",Bolt,A1\n")),
            "1 rows, 1 created, 0 updated, 0 unchanged, 0 rejected");
  EXPECT_THAT(exported("customer"), HasSubstr(other + ",Bolt,A1"));
  EXPECT_THAT(places(import("id,name,account_ref\n" + other + ",Bolt,\n" + other + ",Cog,\n")),
              ElementsAre("3 id duplicate_row"));
  EXPECT_THAT(places(import("id,name\n" + id.substr(0, 35) + "f,\nx,Cog\n")),
              ElementsAre("2 name required", "3 id bad_id"));
  EXPECT_THAT(places(import("id,name,account_ref\n019a0000-0000-7000-8000-000000000002,Cog,A9\n")),
              ElementsAre("2 account_ref duplicate_key"));
}

TEST_F(ImportModes, ParentsAreMadeOnceAndOnlyWhenAskedFor) {
  const std::string_view file =
      "customer_ref,customer_name,name\nA1,Acme,Yard\nA1,,Depot\nA2,,Yard\n";
  EXPECT_THAT(
      places(import(file, {}, "location")),
      ElementsAre("2 customer_ref reference_not_found", "3 customer_ref reference_not_found",
                  "4 customer_ref reference_not_found"));
  const auto dry = import(file, {.dry_run = true, .create_parents = true}, "location");
  EXPECT_EQ(dry.parents_created, 2);
  EXPECT_EQ(customers(), 0);
  const auto report = import(file, {.create_parents = true}, "location");
  EXPECT_EQ(report.created, 3);
  EXPECT_EQ(report.parents_created, 2);
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='A1'"), "Acme");
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='A2'"), "A2");
  EXPECT_EQ(all_counts(import(file, {.create_parents = true}, "location")),
            "3 rows, 0 created, 0 updated, 3 unchanged, 0 rejected");
}

TEST_F(ImportModes, ARefusedRowLeavesNoParentBehind) {
  import("name,account_ref\nAcme,A1\n");
  in_job([&](Connection& connection) {
    const auto customer = make_customer(connection, "Bolt");
    const Kind& kind = *find_kind("location");
    auto values =
        read_new(kind, json::object{{"name", "Yard"}, {"customer", to_string(customer.id)}});
    ASSERT_TRUE(writer(connection)
                    .create(kind, parse_id<RecordId>("019a0000-0000-7000-8000-000000000001"),
                            *values, author_));
    const auto gone = writer(connection)
                          .remove(kind, *parse_id<RecordId>("019a0000-0000-7000-8000-000000000001"),
                                  std::nullopt, author_);
    ASSERT_TRUE(gone);
  });
  // The id was deleted, which only the writer looks at: the row is refused after its parent.
  const std::string_view file =
      "id,customer_ref,name\n"
      ",A5,Yard\n019a0000-0000-7000-8000-000000000001,A6,Yard\n,A7,Yard\n";
  ImportOptions options = good_rows_;
  options.create_parents = true;
  const auto report = import(file, options, "location");
  EXPECT_EQ(all_counts(report), "3 rows, 2 created, 0 updated, 0 unchanged, 1 rejected");
  EXPECT_THAT(places(report), ElementsAre("3 id already_exists"));
  EXPECT_EQ(report.parents_created, 2);
  EXPECT_EQ(number("SELECT count(*) FROM customer WHERE account_ref='A6'"), 0);
  expect_whole_log();
}

TEST_F(ImportModes, CancelledBeforeItBeganWritesNothing) {
  ImportWatch watch;
  watch.cancel = true;
  for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only}) {
    const auto report = import("name\nAcme\n", {.mode = mode, .watch = &watch});
    EXPECT_TRUE(report.cancelled);
    EXPECT_EQ(report.created, 0);
  }
  EXPECT_EQ(customers(), 0);
}

TEST_F(ImportModes, CancelledInTheMiddleKeepsWhatItsModeKeeps) {
  std::string text = "name\n";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("C {}\n", i);
  ImportWatch watch;
  ImportOptions options = good_rows_;
  options.watch = &watch;
  options.in_transaction = [&](Connection&, const ImportReport&) { watch.cancel = true; };
  const auto some = import(text, options);
  EXPECT_TRUE(some.cancelled);
  EXPECT_EQ(some.created, customers());
  EXPECT_GE(some.created, 1000);
  EXPECT_LT(some.created, 20'000);
  const std::int64_t before = customers();
  ImportWatch other;
  options = {.watch = &other,
             .in_transaction = [&](Connection&, const ImportReport&) { other.cancel = true; }};
  // The wish comes after the last row: the import is done.
  import(text, options);
  EXPECT_GE(customers(), before);
  expect_whole_log();
}

TEST_F(ImportModes, AnExceptionOfTheTransactionUndoesIt) {
  for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only}) {
    const auto report = attempt(
        "name\nAcme\n", {.mode = mode, .in_transaction = [](Connection&, const ImportReport&) {
                           throw StorageError(Errc::storage_full, "no room");
                         }});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::storage_full);
  }
  EXPECT_EQ(customers(), 0);
  EXPECT_EQ(log_rows(), 0);
}

TEST_F(ImportModes, NotesAreTheSameWhenTheirTextIs) {
  import("name,account_ref\nAcme,A1\n");
  const std::string_view file = "customer_ref,text\nA1,called\nA1,\"called, twice\"\n";
  EXPECT_EQ(import(file, {}, "note").created, 2);
  EXPECT_EQ(import(file, {}, "note").unchanged, 2);
  EXPECT_EQ(all_counts(import("customer_ref,text\nA1,x\nA1,x\n", {}, "note")),
            "2 rows, 1 created, 0 updated, 1 unchanged, 0 rejected");
}

// Rows that name their record by its id do not stand in each other's way.
TEST_F(ImportModes, TwoIdsWithOneKeyAreTwoRecords) {
  import("name,account_ref\nAcme,A1\n");
  const std::string one = "019a0000-0000-7000-8000-000000000001";
  const std::string two = "019a0000-0000-7000-8000-000000000002";
  const std::string three = "019a0000-0000-7000-8000-000000000003";
  const auto yards = [](const std::vector<std::string>& ids) {
    std::string text = "id,customer_ref,name\n";
    for (const std::string& id : ids) text += id + ",A1,Yard\n";
    return text;
  };
  EXPECT_EQ(import(yards({one, two}), {}, "location").created, 2);
  EXPECT_EQ(import(yards({one, two}), {}, "location").unchanged, 2);
  EXPECT_EQ(import(yards({three}), good_rows_, "location").created, 1);
  EXPECT_THAT(places(import(yards({one, ""}), {}, "location")),
              ElementsAre("3 name ambiguous_key", "3 name duplicate_row"));
  EXPECT_THAT(places(import("customer_ref,name\nA1,Yard\n", {}, "location")),
              ElementsAre("2 name ambiguous_key"));
  // One by its id and again by its key.
  const std::string four = "019a0000-0000-7000-8000-000000000004";
  EXPECT_THAT(
      places(import("id,customer_ref,name\n" + four + ",A1,Gate\n,A1,Gate\n", {}, "location")),
      ElementsAre("3 name duplicate_row"));
  EXPECT_THAT(
      places(import("id,customer_ref,name\n,A1,Gate\n" + four + ",A1,Gate\n", {}, "location")),
      ElementsAre("3 name duplicate_row"));
}

TEST_F(ImportModes, AnEmptyListIsNoError) {
  EXPECT_EQ(all_counts(import(exported("customer"))),
            "0 rows, 0 created, 0 updated, 0 unchanged, 0 rejected");
  EXPECT_EQ(all_counts(import("name\n", good_rows_)),
            "0 rows, 0 created, 0 updated, 0 unchanged, 0 rejected");
  EXPECT_THAT(places(import("nmae\n")),
              ElementsAre("1 nmae unknown_column", "1 name required_column"));
}

TEST_F(ImportModes, ACellThatSaysWhatTheRecordHoldsIsNotHeldToItsDefinition) {
  define_custom({{"record_kind", "customer"},
                 {"key", "o"},
                 {"type", "option"},
                 {"options", json::array{"red", " blue "}}});
  define_custom({{"record_kind", "customer"}, {"key", "a"}, {"type", "number"}});
  define_custom({{"record_kind", "customer"}, {"key", "z"}, {"type", "number"}});
  const std::string file = "name,account_ref,custom.o,custom.z,custom.a\n";
  import(file + "Acme,A1,red,1.5,2\nBolt,A2,\" blue \",,\n");
  in_job([&](Connection& connection) {
    connection.execute("UPDATE custom_field SET options='[\"green\"]' WHERE key='o'");
    connection.execute("UPDATE custom_field SET archived_at=1 WHERE key='z'");
    connection.execute("DELETE FROM custom_field WHERE key='a'");
  });
  const std::string all = exported("customer");
  EXPECT_THAT(all, HasSubstr("custom.o,custom.a,custom.z\n"));
  EXPECT_THAT(all, HasSubstr("red,2,1.5\n"));
  EXPECT_EQ(all_counts(import(all)), "2 rows, 0 created, 0 updated, 2 unchanged, 0 rejected");
  EXPECT_THAT(
      places(import(file + "Acme,A1,blue,1,2\nCog,A3,red,,\n")),
      ElementsAre("2 custom.o bad_choice", "2 custom.z unknown_field", "3 custom.o bad_choice"));
  EXPECT_EQ(import("name,account_ref,custom.z\nAcme,A1,\n").updated, 1);
}

TEST_F(ImportModes, BlanksInsideQuotesAreKeptAndCorrected) {
  import("name,account_ref\n\"  padded\n\",A1\n");
  EXPECT_EQ(text("SELECT name FROM customer"), "  padded\n");
  EXPECT_EQ(import("name,account_ref\n  padded,A1\n").updated, 1);
  EXPECT_EQ(text("SELECT name FROM customer"), "padded");
}

TEST_F(ImportModes, WhatIsExportedComesBackUnchanged) {
  import(
      "name,account_ref,roles,city,country,description,archived_at\n"
      "\"A \"\"b\"\", c\",A1,supplier|customer,Köln,DE,\"two\nlines\",\n"
      "=1+1,A2,,,,;x,2026-01-02T03:04:05Z\n");
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("customer");
    auto values = read_new(kind, json::object{{"name", " blanks "},
                                              {"roles", json::array()},
                                              {"address", json::object{{"city", " Kiel"}}}});
    ASSERT_TRUE(writer(connection).create(kind, std::nullopt, *values, author_));
    values = read_new(kind, json::object{{"name", "none"}, {"roles", nullptr}});
    ASSERT_TRUE(writer(connection).create(kind, std::nullopt, *values, author_));
  });
  const std::string file = exported("customer");
  EXPECT_THAT(file, HasSubstr("id,name,account_ref,legal_name,description,roles,website,"
                              "address.line1"));
  EXPECT_THAT(file,
              HasSubstr("\"A \"\"b\"\", c\",A1,,\"two\nlines\",\"customer;supplier\",,,,Köln"));
  EXPECT_EQ(all_counts(import(file)), "4 rows, 0 created, 0 updated, 4 unchanged, 0 rejected");
  role_ = Role::site;
  EXPECT_EQ(all_counts(import(file)), "4 rows, 0 created, 0 updated, 4 unchanged, 0 rejected");
}

}  // namespace
}  // namespace skerry::store
