#include "store/list_records.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "store/sqlite/search_index.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ListRecordsTest : public MachineStoreTest {
 protected:
  ListPage list(const ListQuery& query) {
    const Reader reader = database->read();
    return list_records(*reader, query);
  }

  static ListQuery query_of(std::string_view kind) {
    ListQuery query;
    query.kind = find_kind(kind);
    return query;
  }
  static ListFilter filter_of(std::string_view kind, std::string_view name,
                              const json::value& value) {
    return {find_list_field(*find_kind(kind), name, ListUse::filter), value};
  }
  static const Field* sort_of(std::string_view kind, std::string_view name) {
    return find_list_field(*find_kind(kind), name, ListUse::sort);
  }

  // The values of a member in all pages of the list, as "a b"; `pages` counts them.
  std::string walk(ListQuery query, const char* member, int* pages = nullptr) {
    std::string seen;
    for (int page_number = 1; page_number <= 1000; ++page_number) {
      const ListPage page = list(query);
      EXPECT_EQ(page.items.size(), page.ids.size());
      for (const std::string& item : page.items) {
        const json::value value = json::parse(item).at(member);
        seen += seen.empty() ? "" : " ";
        seen += value.is_string() ? std::string(value.as_string()) : json::serialize(value);
      }
      if (pages) *pages = page_number;
      if (!page.next) return seen;
      query.after = page.next;
    }
    return "it never ends";
  }

  // Many customers in one job; `number` runs from 1.
  void make_customers(int count, const std::function<std::string(int)>& body) {
    write([&](Connection& connection) -> Result<void> {
      RecordWriter writer(connection, log, role, random);
      for (int number = 1; number <= count; ++number) {
        clock.now += 1;
        SKERRY_TRY(const json::object object, parse_json_object(body(number)));
        SKERRY_TRY(FieldValues values, read_new(*find_kind("customer"), object));
        SKERRY_TRY_VOID(
            writer.create(*find_kind("customer"), std::nullopt, std::move(values), author));
      }
      return {};
    });
  }
};

TEST_F(ListRecordsTest, APageGoesOnAfterChanges) {
  std::vector<Record> records;
  for (int i = 0; i < 6; ++i) {
    clock.now += 1;
    records.push_back(*create("customer", fmt::format(R"({{"name":"N{}"}})", i)));
  }
  ListQuery query = query_of("customer");
  query.sort = sort_of("customer", "name");
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
  ASSERT_TRUE(create("customer", R"({"name":"N","archived_at":"2026-01-01T00:00:00Z"})"));
  ListQuery query = query_of("customer");
  query.limit = 4;
  EXPECT_FALSE(list(query).next);
  query.limit = 3;
  EXPECT_TRUE(list(query).next);
}

// Few records pass: the page stops at its bound and goes on from there.
TEST_F(ListRecordsTest, APageIsBoundedWhateverPasses) {
  const int many = 2 * list_rows_examined_max + 100;
  make_customers(many, [](int number) {
    return fmt::format(R"({{"name":"N{:05}"{}}})", number,
                       number % 500 == 0 ? "" : R"(,"archived_at":"2026-01-01T00:00:00Z")");
  });
  ListQuery query = query_of("customer");
  query.sort = sort_of("customer", "name");
  const ListPage first = list(query);
  EXPECT_EQ(first.items.size(), 2u);
  ASSERT_TRUE(first.next);
  EXPECT_EQ(first.next->sort_value.as_string(), fmt::format("N{:05}", list_rows_examined_max));
  int pages = 0;
  EXPECT_EQ(walk(query, "name", &pages), "N00500 N01000 N01500 N02000");
  EXPECT_EQ(pages, 3);
  // The other way round the index of the archived leads, and pages are full.
  query = query_of("customer");
  query.archived = Archived::only;
  query.limit = 500;
  EXPECT_EQ(list(query).items.size(), 500u);
}

TEST_F(ListRecordsTest, ASelectiveFilterLeadsToFullPagesInAnyOrder) {
  std::vector<Record> owners;
  for (const char* name : {"A", "B"})
    owners.push_back(*create("customer", fmt::format(R"({{"name":"{}"}})", name)));
  for (int i = 0; i < 20; ++i) {
    clock.now += 1;
    ASSERT_TRUE(create("contact", fmt::format(R"({{"customer":"{}","email":"m{}@x.example"}})",
                                              to_string(owners[i % 4 == 0].id), 99 - i)));
  }
  ListQuery query = query_of("contact");
  query.filters = {filter_of("contact", "customer", json::string(to_string(owners[1].id)))};
  query.limit = 2;
  EXPECT_EQ(walk(query, "email"),
            "m99@x.example m95@x.example m91@x.example m87@x.example m83@x.example");
  query.sort = sort_of("contact", "email");
  EXPECT_EQ(walk(query, "email"),
            "m83@x.example m87@x.example m91@x.example m95@x.example m99@x.example");
  query.descending = true;
  EXPECT_EQ(walk(query, "email"),
            "m99@x.example m95@x.example m91@x.example m87@x.example m83@x.example");
  query.filters.push_back(filter_of("contact", "email", json::string("m87@x.example")));
  EXPECT_EQ(walk(query, "email"), "m87@x.example");
}

// More records than are sorted in memory: an index of the pair leads, or the order's with checks.
TEST_F(ListRecordsTest, AFilterWithManyRecordsKeepsTheOrder) {
  const Record one = *create("customer", R"({"name":"One"})");
  const Record two = *create("customer", R"({"name":"Two"})");
  write([&](Connection& connection) -> Result<void> {
    RecordWriter writer(connection, log, role, random);
    for (int i = 0; i < 2 * small_set_max + 40; ++i) {
      const Kind& kind = *find_kind("location");
      const json::object body{{"customer", to_string(i % 2 ? one.id : two.id)},
                              {"name", fmt::format("L{:04}", 9999 - i)}};
      SKERRY_TRY(FieldValues values, read_new(kind, body));
      SKERRY_TRY_VOID(writer.create(kind, std::nullopt, std::move(values), author));
    }
    return {};
  });
  ListQuery query = query_of("location");
  query.filters = {filter_of("location", "customer", json::string(to_string(one.id)))};
  query.sort = sort_of("location", "name");
  query.limit = 100;
  const std::string names = walk(query, "name");
  EXPECT_EQ(std::count(names.begin(), names.end(), ' '), small_set_max + 20 - 1);
  EXPECT_TRUE(names.starts_with("L8960 L8962 L8964")) << names.substr(0, 40);
  query.descending = true;
  EXPECT_TRUE(walk(query, "name").starts_with("L9998 L9996"));
}

TEST_F(ListRecordsTest, WithoutAValue) {
  make_customers(6, [](int number) {
    return number % 2 ? fmt::format(R"({{"name":"N{}"}})", number)
                      : fmt::format(R"({{"name":"N{}","account_ref":"R{}"}})", number, number);
  });
  ListQuery query = query_of("customer");
  query.limit = 2;
  query.filters = {filter_of("customer", "account_ref", nullptr)};
  EXPECT_EQ(walk(query, "name"), "N1 N3 N5");
  query.sort = sort_of("customer", "account_ref");  // all have none
  query.descending = true;
  EXPECT_EQ(walk(query, "name"), "N5 N3 N1");
  query.filters.clear();
  EXPECT_EQ(walk(query, "name"), "N6 N4 N2 N5 N3 N1");
  query.descending = false;
  EXPECT_EQ(walk(query, "name"), "N2 N4 N6 N1 N3 N5");
  query.archived = Archived::only;
  EXPECT_EQ(walk(query, "name"), "");
}

TEST_F(ListRecordsTest, ByTheTimeOfTheLastChange) {
  std::vector<Record> records;
  for (int i = 0; i < 5; ++i) {
    clock.now += 1000;
    records.push_back(*create("customer", fmt::format(R"({{"name":"N{}"}})", i)));
  }
  const UnixMillis before = clock.now + 1;
  for (const std::size_t i : {3u, 1u, 4u}) {
    clock.now += 1000;
    ASSERT_TRUE(update(records[i], fmt::format(R"({{"name":"M{}"}})", i)));
  }
  ListQuery query = query_of("customer");
  query.limit = 1;
  query.ranges = {{&updated_at_field, json::string(format_timestamp(before)), nullptr}};
  EXPECT_EQ(walk(query, "name"), "M3 M1 M4");
  query.sort = sort_of("customer", "updated_at");
  query.descending = true;
  EXPECT_EQ(walk(query, "name"), "M4 M1 M3");
  query.sort = sort_of("customer", "name");
  query.descending = false;
  EXPECT_EQ(walk(query, "name"), "M1 M3 M4");
  query.sort = nullptr;
  query.sort_by_id = true;
  EXPECT_EQ(walk(query, "name"), "M1 M3 M4");
  query.ranges.clear();
  query.sort_by_id = false;
  query.sort = sort_of("customer", "updated_at");
  EXPECT_EQ(walk(query, "name"), "N0 N2 M3 M1 M4");
}

// The bounds are that of the walk, or are looked at row by row; either way nobody outside is in it.
TEST_F(ListRecordsTest, BetweenTwoMoments) {
  make_customers(40, [](int number) {
    return fmt::format(
        R"({{"name":"N{:02}"{}}})", number,
        number % 2 ? "" : fmt::format(R"(,"disabled_at":"2026-01-{:02}")", 31 - number / 2));
  });
  const auto day = [](int number) {
    return json::string(fmt::format("2026-01-{:02}T00:00:00.000Z", number));
  };
  const Field* disabled_at = sort_of("customer", "disabled_at");
  ListQuery query = query_of("customer");
  query.limit = 2;
  query.ranges = {{disabled_at, day(26), nullptr}};
  EXPECT_EQ(walk(query, "name"), "N10 N08 N06 N04 N02");
  query.ranges = {{disabled_at, nullptr, day(14)}};
  EXPECT_EQ(walk(query, "name"), "N40 N38 N36");
  query.ranges = {{disabled_at, day(14), day(17)}};
  EXPECT_EQ(walk(query, "name"), "N34 N32 N30");
  query.sort = disabled_at;
  query.descending = true;
  EXPECT_EQ(walk(query, "name"), "N30 N32 N34");
  query.sort = sort_of("customer", "name");
  EXPECT_EQ(walk(query, "name"), "N34 N32 N30");
  query.sort = nullptr;
  query.sort_by_id = true;
  query.descending = false;
  EXPECT_EQ(walk(query, "name"), "N30 N32 N34");
  const Reader reader = database->read();
  EXPECT_EQ(count_records(*reader, query), 3);
  query.ranges.push_back({&updated_at_field, json::string(format_timestamp(clock.now)), nullptr});
  EXPECT_EQ(walk(query, "name"), "");
}

// Of more records than are read at once, so that the index is walked.
TEST_F(ListRecordsTest, ALongRangeIsWalked) {
  make_customers(2 * small_set_max, [](int number) {
    return fmt::format(R"({{"name":"N{:04}","disabled_at":"2026-01-{:02}"}})", number,
                       1 + number % 28);
  });
  ListQuery query = query_of("customer");
  query.limit = 100;
  query.ranges = {{sort_of("customer", "disabled_at"), json::string("2026-01-02T00:00:00.000Z"),
                   json::string("2026-01-28T00:00:00.000Z")}};
  for (const bool descending : {false, true}) {
    query.sort = sort_of("customer", "disabled_at");
    query.descending = descending;
    int pages = 0;
    const std::string days = walk(query, "disabled_at", &pages);
    EXPECT_EQ(pages, 10);
    EXPECT_EQ(std::count(days.begin(), days.end(), ' '), 35 * 26 + 20 - 1);  // between them
    EXPECT_TRUE(days.starts_with(descending ? "2026-01-27" : "2026-01-02"));
    EXPECT_TRUE(
        days.ends_with(descending ? "2026-01-02T00:00:00.000Z" : "2026-01-27T00:00:00.000Z"));
  }
}

TEST_F(ListRecordsTest, ByRolesCountryAndWhetherTheyAreDisabled) {
  make_customers(6, [](int number) {
    constexpr std::array<const char*, 3> roles{R"(["supplier"])", R"(["customer","supplier"])",
                                               "[]"};
    return fmt::format(R"({{"name":"N{}","roles":{},"address":{{"city":"Ulm"{}}}{}}})", number,
                       roles[static_cast<std::size_t>(number) % 3],
                       number % 2 ? R"(,"country":"DE")" : "",
                       number < 3 ? R"(,"disabled_at":"2026-01-02")" : "");
  });
  const auto found = [&](std::vector<ListFilter> filters) {
    ListQuery query = query_of("customer");
    query.limit = 1;
    query.filters = std::move(filters);
    return walk(query, "name");
  };
  const auto by = [](std::string_view name, const json::value& value) {
    return filter_of("customer", name, value);
  };
  EXPECT_EQ(found({by("roles", "supplier")}), "N1 N3 N4 N6");
  EXPECT_EQ(found({by("roles", "customer")}), "N1 N4");
  EXPECT_EQ(found({by("roles", "distributor")}), "");
  EXPECT_EQ(found({by("country", "DE")}), "N1 N3 N5");
  EXPECT_EQ(found({by("country", nullptr)}), "N2 N4 N6");
  EXPECT_EQ(found({by("country", "FR")}), "");
  EXPECT_EQ(found({by("disabled", true)}), "N1 N2");
  EXPECT_EQ(found({by("disabled", false)}), "N3 N4 N5 N6");
  EXPECT_EQ(found({by("country", "DE"), by("roles", "supplier"), by("disabled", false)}), "N3");
  const Record one = *find_record(*database->read(), *find_kind("customer"),
                                  list(query_of("customer")).ids.front());
  ASSERT_TRUE(update(one, R"({"roles":["distributor"],"address":{"country":"FR"}})"));
  EXPECT_EQ(found({by("roles", "distributor"), by("country", "FR")}), "N1");
  EXPECT_EQ(found({by("roles", "customer")}), "N4");
}

TEST_F(ListRecordsTest, CountsWhatFewRowsTell) {
  make_customers(30, [](int number) {
    return fmt::format(R"({{"name":"N{}"{}}})", number % 3,
                       number % 10 ? "" : R"(,"archived_at":"2026-01-01T00:00:00Z")");
  });
  const Reader reader = database->read();
  ListQuery query = query_of("customer");
  EXPECT_EQ(count_records(*reader, query), 27);
  query.archived = Archived::include;
  EXPECT_EQ(count_records(*reader, query), 30);
  query.archived = Archived::only;
  EXPECT_EQ(count_records(*reader, query), 3);
  query.filters = {filter_of("customer", "name", json::string("N1"))};
  EXPECT_EQ(count_records(*reader, query), 1);
  query.archived = Archived::exclude;
  query.limit = 1;  // of no matter
  EXPECT_EQ(count_records(*reader, query), 9);
}

TEST_F(ListRecordsTest, CountsNoFurtherThanItsBound) {
  make_customers(list_count_max + 1,
                 [](int number) { return fmt::format(R"({{"name":"N{}"}})", number % 2); });
  const Reader reader = database->read();
  ListQuery query = query_of("customer");
  EXPECT_EQ(count_records(*reader, query), std::nullopt);
  query.filters = {filter_of("customer", "name", json::string("N1"))};
  EXPECT_EQ(count_records(*reader, query), list_count_max / 2 + 1);
}

TEST_F(ListRecordsTest, FieldsOfLists) {
  const Kind& customer = *find_kind("customer");
  EXPECT_EQ(find_list_field(customer, "website", ListUse::filter), nullptr);
  EXPECT_EQ(find_list_field(customer, "scope_place", ListUse::filter), nullptr);
  EXPECT_EQ(find_list_field(customer, "at_customer", ListUse::filter), nullptr);
  EXPECT_EQ(find_list_field(customer, "updated_at", ListUse::filter), nullptr);
  EXPECT_NE(find_list_field(customer, "updated_at", ListUse::sort), nullptr);
  for (const Kind& kind : all_kinds())
    for (const ListUse use : {ListUse::filter, ListUse::sort})
      for (const std::string_view name : list_field_names(kind, use))
        EXPECT_NE(find_list_field(kind, name, use), nullptr) << kind.name << '.' << name;
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
