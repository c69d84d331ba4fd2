#include "store/sqlite/search_index.hpp"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "store/sqlite/savepoint.hpp"
#include "tests/unit/store/database_fixture.hpp"

namespace skerry::store {
namespace {

using Words = std::vector<std::string>;

TEST(WordsOf, CutsAsTheIndexDoes) {
  using search_index::words_of;
  EXPECT_EQ(words_of("smith"), Words{"smith"});
  EXPECT_EQ(words_of("  Smith \t& Sons, Ltd."), (Words{"smith", "sons", "ltd"}));
  EXPECT_EQ(words_of("Ångström"), Words{"angstrom"});
  EXPECT_EQ(words_of("a b7 A"), (Words{"a", "b7"}));
  EXPECT_EQ(words_of("李"), Words{"李"});
}

// As people type them who have not got the letters.
TEST(WordsOf, LettersThatArePlainToOthers) {
  using search_index::words_of;
  const std::pair<std::string_view, std::string_view> names[] = {
      {"Straße", "strasse"},
      {"STRAẞE", "strasse"},
      {"Øresund", "oresund"},
      {"Tromsø", "tromso"},
      {"Łódź", "lodz"},
      {"Świnoujście", "swinoujscie"},
      {"Ærøskøbing", "aeroskobing"},
      {"Đà", "da"},
      {"Nẵng", "nang"},
      {"Diyarbakır", "diyarbakir"},
      {"İzmir", "izmir"},
      {"Þingvellir", "thingvellir"},
      {"Seyðisfjörður", "seydisfjordur"},
      {"Œuvre", "oeuvre"},
      {"Ħamrun", "hamrun"},
      {"Ελλάς", "ελλασ"},
      {"ΕΛΛΆΣ", "ελλασ"},
      {"Ǿ", "o"},
      {"Zürich", "zurich"},
      {"Kraków", "krakow"},
      {"Королёв", "королев"},
  };
  for (const auto& [name, typed] : names) {
    EXPECT_EQ(words_of(name), Words{std::string(typed)});
    EXPECT_EQ(words_of(typed), Words{std::string(typed)});
  }
  EXPECT_EQ(words_of("\xc3"), Words{});  // no letter, cut in its middle
}

TEST(WordsOf, NothingToSearchFor) {
  for (const char* text : {"", "   ", "\"\"", "*", "-- ;", "€ – …", "\t\n"})
    EXPECT_EQ(search_index::words_of(text), Words()) << text;
  EXPECT_EQ(search_index::words_of(std::string_view()), Words());
}

TEST(WordsOf, AreBounded) {
  EXPECT_EQ(search_index::words_of("aa bb cc dd ee ff gg hh ii jj"),
            (Words{"aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"}));
}

TEST(WordMatch, EveryWordBeginsOneOfTheText) {
  search_index::WordMatch match({"smi", "son"}, 0);
  EXPECT_EQ(match.first_of_lead("Sons & SMITH, smiles"), "smiles");
  EXPECT_EQ(match.first_of_lead("Smithson"), std::nullopt);
  EXPECT_EQ(match.first_of_lead(""), std::nullopt);
  EXPECT_EQ(match.first_of_lead("son smi"), "smi");
  search_index::WordMatch one_for_both({"s", "so"}, 1);
  EXPECT_EQ(one_for_both.first_of_lead("sons"), "sons");
}

class SearchIndexTest : public DatabaseTest {
 protected:
  void SetUp() override { open(); }
  static void insert(Connection& connection, std::int64_t rowid, std::string_view text) {
    search_index::insert(connection, "customer", rowid, text);
  }
  static void remove(Connection& connection, std::int64_t rowid, std::string_view text) {
    search_index::remove(connection, "customer", rowid, text);
  }
  FunctionJob::Run inserting_text(std::int64_t rowid, std::string text) {
    return [rowid, text](Connection& connection) -> Result<void> {
      insert(connection, rowid, text);
      return {};
    };
  }
  // The rows that the words find, as "1,2".
  std::string found(std::string_view words) {
    std::string expression;
    for (const std::string& word : search_index::words_of(words))
      expression += (expression.empty() ? "\"" : " \"") + word + "\"*";
    if (expression.empty()) return "nothing to search for";
    Reader reader = database_->read();
    Cursor rows = reader->query(
        "SELECT rowid FROM customer_search WHERE customer_search MATCH ? ORDER BY rowid",
        expression);
    std::string list;
    while (rows.next()) list += (list.empty() ? "" : ",") + std::to_string(rows.integer(0));
    return list;
  }
  // The words of the index in its order, as "a b".
  std::string words() {
    Reader reader = database_->read();
    Cursor rows = reader->query("SELECT DISTINCT term FROM customer_search_words ORDER BY term");
    std::string list;
    while (rows.next()) list += (list.empty() ? "" : " ") + std::string(rows.text(0));
    return list;
  }
  // Nothing of any row is left in the index.
  bool is_empty() {
    Reader reader = database_->read();
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      const std::string expression = std::string(1, letter) + "*";
      Cursor rows =
          reader->query("SELECT 1 FROM customer_search WHERE customer_search MATCH ?", expression);
      if (rows.next()) return false;
    }
    return true;
  }
  bool is_whole() {
    const auto outcome = write([](Connection& connection) -> Result<void> {
      connection.execute("INSERT INTO customer_search(customer_search) VALUES('integrity-check')");
      return {};
    });
    return outcome.has_value();
  }
};

TEST_F(SearchIndexTest, FindsRowsByPrefixesOfAllWords) {
  ASSERT_TRUE(write(inserting_text(1, "Smith & Sons Liverpool")));
  ASSERT_TRUE(write(inserting_text(2, "Smithson Ångström A-Team")));
  EXPECT_EQ(found("smi"), "1,2");
  EXPECT_EQ(found("SMITH son"), "1");
  EXPECT_EQ(found("smith liver"), "1");
  EXPECT_EQ(found("liver smithson"), "");
  EXPECT_EQ(found("angst"), "2");
  EXPECT_EQ(found("a"), "2");
  EXPECT_EQ(words(), "a angstrom liverpool smith smithson sons team");
  EXPECT_EQ(found("team-a"), "2");
  EXPECT_EQ(found("s"), "1,2");
}

TEST_F(SearchIndexTest, FindsNamesByPlainLettersAndForgetsThem) {
  ASSERT_TRUE(write(inserting_text(1, "Große Straße 7, Łódź")));
  ASSERT_TRUE(write(inserting_text(2, "Strasser Øst")));
  for (const char* typed : {"strasse", "Straße", "STRASS", "stras"}) EXPECT_EQ(found(typed), "1,2");
  EXPECT_EQ(found("grosse lod"), "1");
  EXPECT_EQ(found("ost"), "2");
  EXPECT_EQ(words(), "7 grosse lodz ost strasse strasser");
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    remove(connection, 1, "Große Straße 7, Łódź");
    remove(connection, 2, "Strasser Øst");
    return {};
  }));
  EXPECT_TRUE(is_empty());
  EXPECT_TRUE(is_whole());
}

TEST_F(SearchIndexTest, WhateverIsTypedIsNoSyntaxError) {
  ASSERT_TRUE(write(inserting_text(1, "o'neil NEAR customer text")));
  for (const char* text : {"o'neil", "\"neil", "NEAR(a b)", "text:neil", "neil*", "^neil", "a OR b",
                           "neil AND", "{neil}", "-neil", "neil–neil", "n\xffil", "neil\\"})
    EXPECT_NO_THROW(found(text)) << text;
  EXPECT_EQ(found("o'neil"), "1");
  EXPECT_EQ(found("text near"), "1");
}

TEST_F(SearchIndexTest, RemovesAndReplaces) {
  ASSERT_TRUE(write(inserting_text(1, "old name")));
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    remove(connection, 1, "old name");
    insert(connection, 1, "new name");
    return {};
  }));
  EXPECT_EQ(found("old"), "");
  EXPECT_EQ(found("new name"), "1");
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    remove(connection, 1, "new name");
    return {};
  }));
  EXPECT_TRUE(is_empty());
  EXPECT_TRUE(is_whole());
}

TEST_F(SearchIndexTest, SeveralChangesOfARowInOneTransaction) {
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    insert(connection, 2, "two");
    insert(connection, 1, "alpha");
    remove(connection, 1, "alpha");
    insert(connection, 1, "beta");
    remove(connection, 2, "two");
    return {};
  }));
  EXPECT_EQ(found("alpha") + found("two"), "");
  EXPECT_EQ(found("beta"), "1");
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    remove(connection, 1, "beta");
    insert(connection, 1, "gamma");
    remove(connection, 1, "gamma");
    insert(connection, 1, "beta");
    return {};
  }));
  EXPECT_EQ(found("gamma"), "");
  EXPECT_EQ(found("beta"), "1");
}

TEST_F(SearchIndexTest, ForgetsWhatIsRolledBack) {
  EXPECT_FALSE(write([](Connection& connection) -> Result<void> {
    insert(connection, 1, "failed");
    return fail(Errc::not_found);
  }));
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    insert(connection, 2, "kept");
    {
      Savepoint row(connection, "row");
      insert(connection, 3, "undone");
    }
    Savepoint row(connection, "row");
    insert(connection, 4, "released");
    row.release();
    return {};
  }));
  EXPECT_EQ(found("failed") + found("undone"), "");
  EXPECT_EQ(found("kept"), "2");
  EXPECT_EQ(found("released"), "4");
}

// More changes than wait in memory: they are written before the transaction ends.
constexpr int many = 5000;

TEST_F(SearchIndexTest, ManyChangesInOneJob) {
  ASSERT_TRUE(write([](Connection& connection) -> Result<void> {
    for (int i = 1; i <= many; ++i) {
      Savepoint row(connection, "row");
      insert(connection, i, "word number" + std::to_string(i));
      if (i % 2 == 0) row.release();
    }
    return {};
  }));
  EXPECT_EQ(found("number4999"), "");
  EXPECT_EQ(found("number5000"), "5000");
  EXPECT_EQ(found("number777 word"), "");
  EXPECT_TRUE(is_whole());
}

TEST_F(SearchIndexTest, ManyChangesAreUndoneToo) {
  EXPECT_FALSE(write([](Connection& connection) -> Result<void> {
    for (int i = 1; i <= many; ++i) insert(connection, i, "word");
    return fail(Errc::not_found);
  }));
  EXPECT_TRUE(is_empty());
}

TEST_F(SearchIndexTest, ManyChangesAfterAnotherJobsInTheSameGroup) {
  Gate gate;
  auto first = queue(gate.job());
  gate.wait_until_entered();
  auto before = queue(inserting_text(many / 2, "before"));
  // Rolled back after some of it has been written; the job before it must not lose its row.
  auto failing = queue([](Connection& connection) -> Result<void> {
    remove(connection, many / 2, "before");
    for (int i = 1; i <= many; ++i) insert(connection, i, "failing");
    return fail(Errc::not_found);
  });
  auto large = queue([](Connection& connection) -> Result<void> {
    remove(connection, many / 2, "before");
    for (int i = 1; i <= many; ++i) insert(connection, i, "large");
    return {};
  });
  auto after = queue([](Connection& connection) -> Result<void> {
    remove(connection, many / 2, "large");
    for (int i = 1; i <= many; ++i) {
      if (i == many / 2) continue;
      remove(connection, i, "large");
    }
    insert(connection, many / 2, "after");
    return {};
  });
  gate.open();
  EXPECT_TRUE(first.get() && before.get() && large.get() && after.get());
  EXPECT_FALSE(failing.get());
  EXPECT_EQ(found("before") + found("failing") + found("large"), "");
  EXPECT_EQ(found("after"), std::to_string(many / 2));
  EXPECT_TRUE(is_whole());
}

TEST_F(SearchIndexTest, FailureOfTheIndexLosesTheGroup) {
  const auto outcome = write([](Connection& connection) -> Result<void> {
    connection.execute("INSERT INTO t(a) VALUES(1)");
    search_index::insert(connection, "nowhere", 1, "text");
    return {};
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io_failed);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
  // Also when it fails early and the job goes on.
  EXPECT_FALSE(write([](Connection& connection) -> Result<void> {
    for (int i = 1; i <= many; ++i) {
      try {
        search_index::insert(connection, "nowhere", i, "text");
      } catch (const StorageError&) {
        connection.execute("INSERT INTO t(a) VALUES(1)");
        return {};
      }
    }
    return {};
  }));
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(write(inserting_text(1, "word")));
  EXPECT_EQ(found("word"), "1");
}

TEST_F(SearchIndexTest, WritesAtOnceOutsideTheWriter) {
  const auto connection = Connection::open(folder_ / "alone.db", Connection::Mode::read_write);
  connection->execute(
      "CREATE VIRTUAL TABLE IF NOT EXISTS customer_search USING fts5(text, content='')");
  insert(*connection, 1, "word");
  Cursor rows = connection->query("SELECT rowid FROM customer_search('word')");
  EXPECT_TRUE(rows.next());
}

TEST(WordsOf, FromSeveralThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(search_index::words_of("Ärger und Ölkännchen"),
                  (Words{"arger", "und", "olkannchen"}));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace skerry::store
