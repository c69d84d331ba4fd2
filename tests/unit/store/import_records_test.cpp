#include "store/import_records.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/import_columns.hpp"
#include "tests/unit/store/import_fixture.hpp"

namespace skerry::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ImportTest, CreatesRecordsAndTheirLogRows) {
  const auto report = import(
      "Name,Account Reference,ROLES,website,disabled_at,city,Zip,address.country\n"
      "Acme,A1,supplier;customer,https://acme.example,2026-01-02T03:04:05Z,Berlin,10115,DE\n"
      " Bolt ,A2,,,,,,\n");
  EXPECT_EQ(counts(report), "2 rows, 2 created, 0 updated, 0 unchanged");
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(report.ignored_columns, IsEmpty());
  EXPECT_EQ(text("SELECT roles FROM customer WHERE account_ref='A1'"),
            R"(["customer","supplier"])");
  EXPECT_EQ(text("SELECT address FROM customer WHERE account_ref='A1'"),
            R"({"city":"Berlin","postal_code":"10115","country":"DE"})");
  EXPECT_EQ(number("SELECT disabled_at FROM customer WHERE account_ref='A1'"), 1767323045000);
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='A2'"), "Bolt");
  EXPECT_EQ(text("SELECT roles FROM customer WHERE account_ref='A2'"), R"(["customer"])");
  EXPECT_EQ(number("SELECT address IS NULL FROM customer WHERE account_ref='A2'"), 1);
  EXPECT_EQ(log_rows(), 2);
  EXPECT_THAT(text("SELECT line FROM change_log WHERE n=1"), HasSubstr(R"("src":"import")"));
  EXPECT_EQ(log_.last_n(), 2);
}

TEST_F(ImportTest, TheSameFileTwiceChangesNothing) {
  const std::string_view file =
      "name,account_ref,roles,city,website\n"
      "Acme,A1,,Berlin,\nBolt,A2,distributor|customer,,https://b.example\n";
  import(file);
  EXPECT_EQ(counts(import(file)), "2 rows, 0 created, 0 updated, 2 unchanged");
  EXPECT_EQ(log_rows(), 2);
  EXPECT_EQ(number("SELECT max(revision) FROM customer"), 1);
}

TEST_F(ImportTest, ARowWithAKnownKeyChangesTheGivenColumnsOnly) {
  import("name,account_ref,website,city,region\nAcme,A1,https://a.example,Berlin,BE\nBolt,A2,,,\n");
  const auto report = import("account_ref,name,city\nA1,Acme SE,\nA2,Bolt,Kiel\nA3,Cog,\n");
  EXPECT_EQ(counts(report), "3 rows, 1 created, 2 updated, 0 unchanged");
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='A1'"), "Acme SE");
  EXPECT_EQ(text("SELECT website FROM customer WHERE account_ref='A1'"), "https://a.example");
  EXPECT_EQ(text("SELECT address FROM customer WHERE account_ref='A1'"), R"({"region":"BE"})");
  EXPECT_EQ(text("SELECT address FROM customer WHERE account_ref='A2'"), R"({"city":"Kiel"})");
  EXPECT_EQ(log_rows(), 5);
}

TEST_F(ImportTest, AnEmptyCellSetsTheDefault) {
  import("name,account_ref,roles,description\nAcme,A1,supplier,once\n");
  import("name,account_ref,roles,description\nAcme,A1,,\n");
  EXPECT_EQ(text("SELECT roles FROM customer"), R"(["customer"])");
  EXPECT_EQ(number("SELECT description IS NULL FROM customer"), 1);
}

TEST_F(ImportTest, ADryRunCountsAndWritesNothing) {
  import("name,account_ref\nAcme,A1\nBolt,A2\n");
  const auto report = import("name,account_ref\nAcme,A1\nBolt SE,A2\nCog,A3\n", {.dry_run = true});
  EXPECT_EQ(counts(report), "3 rows, 1 created, 1 updated, 1 unchanged");
  EXPECT_TRUE(report.dry_run);
  EXPECT_EQ(customers(), 2);
  EXPECT_EQ(log_rows(), 2);
  EXPECT_EQ(log_.last_n(), 2);
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='A2'"), "Bolt");
  // The heads in memory went back too: what comes next continues the chain.
  EXPECT_EQ(counts(import("name\nDyn\n")), "1 rows, 1 created, 0 updated, 0 unchanged");
  Reader reader = database_->read();
  const auto audit = verify_chains(*reader, {});
  ASSERT_TRUE(audit) << audit.error().detail;
  EXPECT_EQ(audit->rows, 3);
}

// Statements are what a row costs, and a text that were written for a row would cost as much again.
TEST_F(ImportTest, ARowTakesFewStatementsAndNoTextOfItsOwn) {
  struct Used {
    std::uint64_t writer = 0;
    std::uint64_t reader = 0;
    std::size_t texts = 0;
  };
  const auto used_by = [&](std::string_view prefix, int rows) {
    std::string csv = "name,account_ref\n";
    for (int i = 0; i < rows; ++i) csv += fmt::format("Acme {0},{1}{0}\n", i, prefix);
    Used used;
    std::uint64_t writer_before = 0;
    in_job([&](Connection& connection) { writer_before = connection.statements_run(); });
    const std::uint64_t reader_before = database_->read()->statements_run();
    ImportOptions options;
    options.in_transaction = [&](Connection& connection, const ImportReport&) {
      used.writer = connection.statements_run() - writer_before;
      used.texts = connection.cached_texts().size();
    };
    EXPECT_EQ(import(csv, options).created, rows);
    used.reader = database_->read()->statements_run() - reader_before;
    return used;
  };
  constexpr int more = 50;
  used_by("w", 2);  // each statement for the first time
  const Used few = used_by("a", 10);
  const Used many = used_by("b", 10 + more);
  EXPECT_LE(many.writer - few.writer, 3u * more);  // its key, its row, its line in the log
  EXPECT_LE(many.reader - few.reader, 2u * more);  // its key, when it is checked and when written
  EXPECT_EQ(many.texts, few.texts);
}

TEST_F(ImportTest, OneBadRowAndNothingIsWritten) {
  const auto report = import("name,account_ref\nAcme,A1\n,A2\nBolt,A3\n");
  EXPECT_THAT(places(report), ElementsAre("3 name required"));
  EXPECT_EQ(counts(report), "3 rows, 0 created, 0 updated, 0 unchanged");
  EXPECT_EQ(customers(), 0);
  EXPECT_EQ(log_rows(), 0);
}

struct BadFile {
  const char* what;
  std::string_view text;
  std::vector<std::string> errors;
};

using namespace std::string_view_literals;

TEST_F(ImportTest, EveryErrorOfEveryRowHasItsPlace) {
  const BadFile cases[] = {
      {"several in a row",
       "Name,Website,Country\n,ftp://x,XX\n",
       {"2 Name required", "2 Website bad_url", "2 Country bad_country"}},
      {"several rows", "name,website\nA,x\nB,\nC,y\n", {"2 website bad_url", "4 website bad_url"}},
      {"blanks are no name", "name\n\" \"\n", {"2 name required"}},
      {"a set", "name,roles\nA,customer;friend\n", {"2 roles bad_choice"}},
      {"a time", "name,archived_at\nA,yesterday\n", {"2 archived_at bad_timestamp"}},
      {"a line break is kept, a bell is not",
       "name\n\"A\nB\"\nA\aB\n",
       {"3 name control_character"}},
      {"the key twice",
       "name,account\nA,1\nB,2\nC,1\nD,1\n",
       {"4 account duplicate_row", "5 account duplicate_row"}},
      {"the reader's and ours",
       "name,website\nA,x\nB\n\xff,\n",
       {"2 website bad_url", "3  ragged_row", "4 name not_utf8"}},
      {"NUL", "name,city\nA,x\0y\n"sv, {"2 city nul_byte"}},
      {"a field of two columns",
       "name,account,account_ref\nA,1,2\n",
       {"1 account_ref duplicate_column"}},
      {"a header twice", "name,Name\nA,1\n", {"1 column 2 duplicate_header"}},
      {"no column for a required field", "legal_name\n1\n", {"1 name required_column"}},
      {"nor a record with the key", "account_ref\n1\n", {"2 name required"}},
      {"nothing", "", {"0  empty_file"}},
      {"an open quote after good rows", "name\nA\n\"B\n", {"3 name unclosed_quote"}},
  };
  for (const BadFile& each : cases) {
    SCOPED_TRACE(each.what);
    EXPECT_EQ(places(import(each.text)), each.errors);
    EXPECT_EQ(places(import(each.text, {.dry_run = true})), each.errors);
    EXPECT_EQ(customers(), 0);
  }
}

TEST_F(ImportTest, CountsTheErrorsThatItLeavesOut) {
  std::string text = "name,website\n";
  for (int i = 0; i < 50; ++i) text += ",x\n";
  const auto report = import(text, {.errors_max = 10});
  EXPECT_EQ(report.errors.size(), 10u);
  EXPECT_EQ(report.errors_left_out, 90);
  EXPECT_EQ(report.rows, 50);
}

TEST_F(ImportTest, RefusesATenMebibyteCell) {
  const auto report = import("name,city\nA,B\nC," + std::string(10 << 20, 'x') + "\n");
  EXPECT_THAT(places(report), ElementsAre("3 city cell_too_long"));
  EXPECT_EQ(customers(), 0);
}

TEST_F(ImportTest, GoesOnBehindATenMebibyteCell) {
  const std::string text =
      "name,city,website\nA,B,\nC," + std::string(10 << 20, 'x') + ",\nD,E,x\nF,G,\n";
  const auto dry = import(text, {.dry_run = true});
  EXPECT_THAT(places(dry), ElementsAre("3 city cell_too_long", "4 website bad_url"));
  EXPECT_EQ(dry.rows, 4);
  EXPECT_EQ(customers(), 0);
  const auto good = import(text, {.mode = ImportMode::good_rows_only});
  EXPECT_THAT(places(good), ElementsAre("3 city cell_too_long", "4 website bad_url"));
  EXPECT_EQ(good.rejected, 2);
  EXPECT_EQ(customers(), 2);
}

TEST_F(ImportTest, ReadsWhatExcelSaves) {
  const auto report =
      import("\xef\xbb\xbfName;City;Description\r\n\"Ac;me\";Köln;\"two\r\nlines\"\r\n");
  EXPECT_THAT(places(report), IsEmpty());
  EXPECT_EQ(text("SELECT name FROM customer"), "Ac;me");
  EXPECT_EQ(text("SELECT description FROM customer"), "two\r\nlines");
}

TEST_F(ImportTest, MapsAndNamesWhatItIgnores) {
  const auto report =
      import("Symbol,Security,Sector,Name\nMMM,3M,Industrials,x\n",
             {.columns = {.mapping = {{"name", "security"}, {"account_ref", "Symbol"}}}});
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(report.ignored_columns, ElementsAre("Sector", "Name"));
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='MMM'"), "3M");
}

TEST_F(ImportTest, RefusesAMappingThatMeansNothing) {
  const auto no_header = attempt("a,b\n1,2\n", {.columns = {.mapping = {{"name", "c"}}}});
  ASSERT_FALSE(no_header);
  EXPECT_EQ(no_header.error().code, Errc::bad_request);
  EXPECT_THAT(no_header.error().next, HasSubstr("a, b"));
  const auto no_field = attempt("a,b\n1,2\n", {.columns = {.mapping = {{"nmae", "a"}}}});
  ASSERT_FALSE(no_field);
  EXPECT_THAT(no_field.error().detail, HasSubstr("no field nmae"));
  EXPECT_THAT(no_field.error().next, HasSubstr("name, account_ref"));
  EXPECT_THAT(no_field.error().next, HasSubstr("address.city"));
  EXPECT_FALSE(attempt("a,b\n1,2\n", {.columns = {.mapping = {{"name", "a"}, {"Name", "b"}}}}));
  EXPECT_EQ(customers(), 0);
}

TEST_F(ImportTest, OneColumnMayServeTwoFields) {
  import("Company\nAcme\n", {.columns = {
           .mapping =
           { {"name", "Company"},
             { "legal_name",
               "Company" } }
         }});
  EXPECT_EQ(text("SELECT name||legal_name FROM customer"), "AcmeAcme");
}

TEST_F(ImportTest, ASiteDoesNotWriteWhatIsCentrals) {
  role_ = Role::site;
  EXPECT_THAT(places(import("name,disabled_at\nA,\n")), IsEmpty());
  EXPECT_THAT(places(import("name,disabled_at\nA,2026-01-02T03:04:05Z\n")),
              ElementsAre("2 disabled_at owned_by_central"));
  EXPECT_EQ(counts(import("name\nB\n")), "1 rows, 1 created, 0 updated, 0 unchanged");
}

TEST_F(ImportTest, AKeyOfTwoRecordsIsAmbiguous) {
  import("name,account_ref\nA,1\nB,2\n");
  in_job([](Connection& connection) { connection.execute("UPDATE customer SET account_ref='1'"); });
  EXPECT_THAT(places(import("name,account_ref\nC,1\n")),
              ElementsAre("2 account_ref ambiguous_key"));
}

TEST_F(ImportTest, ContactsFindTheirCustomerByKeyOrId) {
  import("name,account_ref\nAcme,A1\nBolt,A2\n");
  const std::string_view file =
      "customer_ref,E-mail,first name,Key contact,status,phone\n"
      "A1,a@x.example,Ann,yes,Active,+4930123456\n"
      "A2,a@x.example,Bob,0,inactive,\n";
  EXPECT_EQ(counts(import(file, {}, "contact")), "2 rows, 2 created, 0 updated, 0 unchanged");
  EXPECT_EQ(counts(import(file, {}, "contact")), "2 rows, 0 created, 0 updated, 2 unchanged");
  EXPECT_EQ(number("SELECT is_key_contact FROM contact WHERE first_name='Ann'"), 1);
  EXPECT_EQ(text("SELECT status FROM contact WHERE first_name='Bob'"), "inactive");

  Reader reader = database_->read();
  Cursor cursor = reader->query("SELECT id FROM customer WHERE account_ref='A1'");
  ASSERT_TRUE(cursor.next());
  const std::string id = to_string(cursor.id<RecordId>(0));
  EXPECT_EQ(counts(import("customer,email,last_name\n" + id + ",a@x.example,Lee\n", {}, "contact")),
            "1 rows, 0 created, 1 updated, 0 unchanged");
  EXPECT_THAT(places(import("customer_ref,email,is_key_contact\n"
                            "A9,a@x.example,maybe\nA1,nobody,\n,b@x.example,\n"
                            "A1,c@x.example,\nA1,c@x.example,1\n",
                            {}, "contact")),
              ElementsAre("2 customer_ref reference_not_found", "2 is_key_contact wrong_type",
                          "3 email bad_email", "4 customer_ref required", "6 email duplicate_row"));
  EXPECT_THAT(places(import("customer,email\n019a0000-0000-7000-8000-000000000000,a@x.example\n",
                            {}, "contact")),
              ElementsAre("2 customer reference_not_found"));
  EXPECT_EQ(number("SELECT count(*) FROM contact"), 2);
}

TEST_F(ImportTest, LocationsComeWithTheirAddress) {
  import("name,account_ref\nAcme,A1\n");
  EXPECT_EQ(
      counts(import("Customer-Ref,Name,City,In inventory\nA1,Yard,Kiel,true\n", {}, "location")),
      "1 rows, 1 created, 0 updated, 0 unchanged");
  EXPECT_EQ(text("SELECT address FROM location"), R"({"city":"Kiel"})");
}

TEST_F(ImportTest, TakesManyRows) {
  std::string file = "name,account_ref,city\n";
  for (int i = 0; i < 20'000; ++i) file += fmt::format("Customer {},A{},Town {}\n", i, i, i % 100);
  const auto begin = clock_.monotonic_ms();
  EXPECT_EQ(import(file).created, 20'000);
  const auto middle = clock_.monotonic_ms();
  EXPECT_EQ(import(file).unchanged, 20'000);
  RecordProperty("created_ms", std::to_string(middle - begin));
  RecordProperty("unchanged_ms", std::to_string(clock_.monotonic_ms() - middle));
  EXPECT_EQ(log_rows(), 20'000);
}

TEST_F(ImportTest, SaysThatTheDatabaseIsStopping) {
  database_->stop();
  const auto report = attempt("name\nA\n");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::stopping);
}

// Tests run below the build folder, which lies in the repository.
std::filesystem::path find_beside_repository(const char* name) {
  std::filesystem::path folder = std::filesystem::current_path();
  while (folder.has_relative_path() && !std::filesystem::exists(folder / name))
    folder = folder.parent_path();
  return folder / name;
}

// A list of companies as it is published; kept beside the repository, not in it.
TEST_F(ImportTest, TakesARealFile) {
  const std::filesystem::path path = find_beside_repository("shared/data/sp500-constituents.csv");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) GTEST_SKIP() << "shared/data/sp500-constituents.csv is not beside the repository";
  const ImportOptions options{
      .columns = {.mapping = {{"name", "Security"}, {"account_ref", "Symbol"}}}};
  const auto first = attempt(file, options, "customer");
  const auto second = attempt(file, options, "customer");
  ::close(file);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(counts(*first), "503 rows, 503 created, 0 updated, 0 unchanged");
  EXPECT_EQ(counts(*second), "503 rows, 0 created, 0 updated, 503 unchanged");
  EXPECT_THAT(first->ignored_columns, Contains("Founded"));
  EXPECT_EQ(customers(), 503);
  EXPECT_EQ(text("SELECT name FROM customer WHERE account_ref='MMM'"), "3M");
}

}  // namespace
}  // namespace skerry::store
