#include "store/list_records.hpp"

#include <fmt/format.h>

#include "store/sqlite/search_index.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ListRecordsTest : public MachineStoreTest {
 protected:
  // Every query a list can be built from: kinds × orders × filters × archived × first or next page.
  static std::vector<ListQuery> all_queries() {
    std::vector<ListQuery> all;
    for (const Kind& kind : all_kinds()) {
      std::vector<std::size_t> filterable;
      for (std::size_t i = 0; i < kind.fields.size(); ++i)
        if (kind.fields[i].filterable) filterable.push_back(i);
      for (unsigned filters = 0; filters < (1u << filterable.size()); ++filters)
        for (const Archived archived : {Archived::exclude, Archived::include, Archived::only}) {
          ListQuery query;
          query.kind = &kind;
          query.archived = archived;
          for (std::size_t i = 0; i < filterable.size(); ++i)
            if (filters & (1u << i))
              query.filters.push_back({filterable[i], some_value(kind, filterable[i])});
          add_orders(query, filterable, all);
        }
    }
    return all;
  }

  static json::value some_value(const Kind& kind, std::size_t field) {
    if (kind.fields[field].type == FieldType::reference) return json::string(to_string(RecordId{}));
    return json::string("x");
  }

  static void add_orders(ListQuery query, const std::vector<std::size_t>& filterable,
                         std::vector<ListQuery>& all) {
    const auto with_pages = [&](const ListQuery& each, const json::value& value) {
      all.push_back(each);
      all.push_back(each);
      all.back().after = ListPosition{RecordId{}, 1, value};
    };
    ListQuery search = query;
    search.match = "\"x\"*";
    with_pages(search, nullptr);
    for (const bool descending : {false, true}) {
      query.descending = descending;
      query.sort.reset();
      with_pages(query, nullptr);
      for (const std::size_t field : filterable) {
        query.sort = field;
        with_pages(query, some_value(*query.kind, field));
        if (!query.kind->fields[field].required) with_pages(query, nullptr);
      }
    }
  }

  std::vector<std::string> plan(const std::string& sql) {
    std::vector<std::string> steps;
    const Reader reader = database->read();
    const std::string explain = "EXPLAIN QUERY PLAN " + sql;
    Cursor cursor = reader->query(explain);
    while (cursor.next()) steps.emplace_back(cursor.text(3));
    return steps;
  }

  ListPage list(const ListQuery& query) {
    const Reader reader = database->read();
    return list_records(*reader, query);
  }
};

TEST_F(ListRecordsTest, NoListScansATable) {
  std::size_t statements = 0;
  for (const ListQuery& query : all_queries())
    for (const std::string& sql : list_statements(query)) {
      ++statements;
      for (const std::string& step : plan(sql)) {
        const bool by_index = step.find("INDEX") != std::string::npos;
        EXPECT_TRUE(step.rfind("SCAN", 0) != 0 || by_index) << sql << "\n  " << step;
        // Sorting is for the few rows that an equality found.
        const bool sorts = step.find("TEMP B-TREE FOR ORDER BY") != std::string::npos;
        EXPECT_TRUE(!sorts || !query.filters.empty()) << sql << "\n  " << step;
      }
    }
  EXPECT_GT(statements, 300u);
}

TEST_F(ListRecordsTest, APageGoesOnAfterChanges) {
  std::vector<Record> records;
  for (int i = 0; i < 6; ++i) {
    clock.now += 1;
    records.push_back(*create("customer", fmt::format(R"({{"name":"N{}"}})", i)));
  }
  ListQuery query;
  query.kind = find_kind("customer");
  query.sort = 0;
  query.limit = 3;
  const ListPage first = list(query);
  ASSERT_EQ(first.items.size(), 3u);
  ASSERT_TRUE(first.next);
  // The record the page ended with goes, another is put before it: the next page is what it was.
  ASSERT_TRUE(remove(records[2]));
  ASSERT_TRUE(create("customer", R"({"name":"N0a"})"));
  query.after = first.next;
  const ListPage second = list(query);
  ASSERT_EQ(second.items.size(), 3u);
  EXPECT_NE(second.items[0].find("\"N3\""), std::string::npos);
  EXPECT_FALSE(second.next);
}

TEST_F(ListRecordsTest, APageThatEndsWithTheListHasNoNext) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(create("customer", R"({"name":"N"})"));
  ListQuery query;
  query.kind = find_kind("customer");
  query.limit = 4;
  EXPECT_FALSE(list(query).next);
  query.limit = 3;
  EXPECT_TRUE(list(query).next);
}

TEST_F(ListRecordsTest, SearchFindsWhatWasChangedAndNotWhatWas) {
  const Record record = *create("customer", R"({"name":"Größe Alpha"})");
  ListQuery query;
  query.kind = find_kind("customer");
  const auto found = [&](std::string_view words) {
    query.match = search_index::match_expression(words);
    return list(query).items.size();
  };
  EXPECT_EQ(found("grosse"), 0u);
  EXPECT_EQ(found("grö al"), 1u);
  EXPECT_EQ(found("GRO"), 1u);
  ASSERT_TRUE(update(record, R"({"name":"Beta"})"));
  EXPECT_EQ(found("alpha"), 0u);
  EXPECT_EQ(found("bet"), 1u);
  ASSERT_TRUE(remove(record));
  EXPECT_EQ(found("bet"), 0u);
}

TEST_F(ListRecordsTest, TheTextOfARowIsTheTextOfItsRecord) {
  const Record record = *create("customer", R"({"name":"A \"b\" \n","roles":["supplier"],
      "address":{"city":"Ulm"},"archived_at":"2026-01-02T03:04:05Z",
      "website":"https://a.example"})");
  std::string direct;
  const Reader reader = database->read();
  EXPECT_EQ(append_found_json(direct, *reader, *record.kind, record.id), 1);
  EXPECT_EQ(direct, record_json(record));
  EXPECT_EQ(append_found_json(direct, *reader, *record.kind, RecordId{}), std::nullopt);
}

}  // namespace
}  // namespace skerry::store
