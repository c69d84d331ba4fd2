// Lists by words.
#include <fmt/format.h>

#include "store/list_records.hpp"
#include "store/sqlite/search_index.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class SearchRecordsTest : public MachineStoreTest {
 protected:
  ListQuery searching(std::string_view words, int limit = list_limit_default,
                      std::string_view kind = "customer") {
    ListQuery query;
    query.kind = find_kind(kind);
    query.archived = Archived::include;
    query.words = search_index::words_of(words);
    query.limit = limit;
    return query;
  }
  ListPage list(const ListQuery& query) {
    const Reader reader = database->read();
    return list_records(*reader, query);
  }
  // The names found in all pages, as "a|b".
  std::string found(ListQuery query, const char* member = "name") {
    std::string names;
    for (int page_number = 0; page_number < 1000; ++page_number) {
      const ListPage page = list(query);
      for (const std::string& item : page.items) {
        names += names.empty() ? "" : "|";
        names += std::string_view(json::parse(item).at(member).as_string());
      }
      if (!page.next) return names;
      query.after = page.next;
    }
    return "it never ends";
  }
  std::string found(std::string_view words, int limit = list_limit_default) {
    return found(searching(words, limit));
  }
  void make(std::string_view name) {
    ASSERT_TRUE(create("customer", json::serialize(json::object{{"name", name}})));
  }
  // Many customers in one job.
  void make_many(int count, const std::function<std::string(int)>& name) {
    write([&](Connection& connection) -> Result<void> {
      RecordWriter writer(connection, log, role, random);
      const Kind& kind = *find_kind("customer");
      for (int i = 0; i < count; ++i) {
        SKERRY_TRY(FieldValues values, read_new(kind, json::object{{"name", name(i)}}));
        SKERRY_TRY_VOID(writer.create(kind, std::nullopt, std::move(values), author));
      }
      return {};
    });
  }
};

TEST_F(SearchRecordsTest, FindsWhatWasChangedAndNotWhatWas) {
  const Record record = *create("customer", R"({"name":"Größe Alpha"})");
  EXPECT_EQ(found("grosse"), "Größe Alpha");
  EXPECT_EQ(found("größe alpha"), "Größe Alpha");
  EXPECT_EQ(found("grose"), "");
  EXPECT_EQ(found("grö al"), "Größe Alpha");
  EXPECT_EQ(found("GRO"), "Größe Alpha");
  ASSERT_TRUE(update(record, R"({"name":"Beta"})"));
  EXPECT_EQ(found("alpha"), "");
  EXPECT_EQ(found("bet"), "Beta");
  ASSERT_TRUE(remove(record));
  EXPECT_EQ(found("bet"), "");
}

// Of several words the rare ones are looked at first: what nobody has is not looked for further.
TEST_F(SearchRecordsTest, AWordThatNobodyHasEndsTheSearch) {
  make_many(600, [](int i) { return fmt::format("SN {:05}", i); });
  const auto statements_of = [&](std::string_view words) {
    const Reader reader = database->read();
    const std::uint64_t before = reader->statements_run();
    (void)list_records(*reader, searching(words));
    return reader->statements_run() - before;
  };
  EXPECT_EQ(found("sn 00077"), "SN 00077");
  EXPECT_EQ(found("sn 77777"), "");
  EXPECT_EQ(found("s 00077 sn"), "SN 00077");
  EXPECT_EQ(statements_of("sn 77777"), 1u);  // no count of the other word, no walk
  EXPECT_EQ(statements_of("sn 00077"), 3u);  // two counts, one walk
}

TEST_F(SearchRecordsTest, InTheOrderOfTheWordsFoundEachOnce) {
  for (const char* name : {"Smithson", "Miller Smith", "Smith Smithers", "Smyth", "Smith"})
    make(name);
  const char* all = "Miller Smith|Smith Smithers|Smith|Smithson";
  for (const int limit : {1, 2, 3, 50}) EXPECT_EQ(found("smit", limit), all) << limit;
  EXPECT_EQ(found("smith"), all);
  EXPECT_EQ(found("smiths"), "Smithson");
  EXPECT_EQ(found("s", 2), "Miller Smith|Smith Smithers|Smith|Smithson|Smyth");
  EXPECT_EQ(found("smith mil"), "Miller Smith");
  EXPECT_EQ(found("smith smith"), all);
  EXPECT_EQ(found("smithz"), "");
  EXPECT_EQ(found("zzz smith"), "");
}

TEST_F(SearchRecordsTest, PagesGoOnAfterChanges) {
  for (int i = 0; i < 6; ++i) make(fmt::format("Word{} same", i));
  ListQuery query = searching("same", 2);
  const ListPage first = list(query);
  ASSERT_TRUE(first.next);
  make("Before same");
  ASSERT_TRUE(remove(*find_record(*database->read(), *query.kind, first.ids[1])));
  query.after = first.next;
  EXPECT_EQ(found(query), "Word2 same|Word3 same|Word4 same|Word5 same|Before same");
}

TEST_F(SearchRecordsTest, TheRarestWordLeads) {
  make_many(1200, [](int i) {
    return fmt::format("Acme scanner {:04} {}", i, i % 600 == 7 ? "special" : "plain");
  });
  for (const char* words : {"acme special", "special acme", "a sca spe"})
    EXPECT_EQ(found(words), "Acme scanner 0007 special|Acme scanner 0607 special") << words;
  EXPECT_EQ(found("acme 0042"), "Acme scanner 0042 plain");
  // Common words all of them: the pages go on to the end.
  const std::string all = found("acme scan plai", 500);
  EXPECT_EQ(std::count(all.begin(), all.end(), '|'), 1200 - 2 - 1);
}

TEST_F(SearchRecordsTest, APageIsBoundedWhateverPasses) {
  make_many(2100, [](int i) {
    return fmt::format("Acme {}", i < 600 ? "first" : i < 1500 ? "second" : "third");
  });
  const ListPage page = list(searching("acme second first", 50));
  EXPECT_EQ(page.items.size(), 0u);
  EXPECT_EQ(found("acme first second"), "");
}

TEST_F(SearchRecordsTest, AFilterWithFewRecordsLeads) {
  const Record one = *create("customer", R"({"name":"One"})");
  const Record two = *create("customer", R"({"name":"Two"})");
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(create("contact", fmt::format(R"({{"customer":"{}","email":"c{}@x.example"}})",
                                              to_string(i % 2 ? one.id : two.id), 9 - i)));
  ListQuery query = searching("c", 3, "contact");
  EXPECT_EQ(found(query, "email"),
            "c2@x.example|c3@x.example|c4@x.example|c5@x.example|c6@x.example|c7@x.example|"
            "c8@x.example|c9@x.example");
  const Field* customer = find_list_field(*query.kind, "customer", ListUse::filter);
  query.filters = {{customer, json::string(to_string(one.id))}};
  for (const int limit : {1, 2, 50}) {
    query.limit = limit;
    EXPECT_EQ(found(query, "email"), "c2@x.example|c4@x.example|c6@x.example|c8@x.example");
  }
}

TEST_F(SearchRecordsTest, ArchivedAsAsked) {
  make("Alpha");
  ASSERT_TRUE(create("customer", R"({"name":"Alphabet","archived_at":"2026-01-01T00:00:00Z"})"));
  ListQuery query = searching("alpha");
  EXPECT_EQ(found(query), "Alpha|Alphabet");
  query.archived = Archived::exclude;
  EXPECT_EQ(found(query), "Alpha");
  query.archived = Archived::only;
  EXPECT_EQ(found(query), "Alphabet");
}

TEST_F(SearchRecordsTest, WordsOfAnyLength) {
  const std::string long_word(240, 'w');
  for (const char* end : {"a", "b", "c"}) make(long_word + end);
  EXPECT_EQ(found(long_word, 1).size(), 3 * 241u + 2);
  const Record customer = *create("customer", R"({"name":"One"})");
  // Longer than a cursor holds: every record is found by each word, and the pages end.
  for (const char* end : {"a", "b"})
    ASSERT_TRUE(create("note", fmt::format(R"({{"subject":"{}","text":"{}{}"}})",
                                           to_string(customer.id), std::string(900, 'x'), end)));
  const ListPage page = list(searching("xxx", 1, "note"));
  EXPECT_EQ(page.items.size(), 1u);
  ASSERT_TRUE(page.next);
  EXPECT_TRUE(page.next->term_is_cut);
  EXPECT_LE(page.next->term.size(), 500u);
  EXPECT_EQ(list(searching("xxx", 50, "note")).items.size(), 2u);
}

}  // namespace
}  // namespace skerry::store
