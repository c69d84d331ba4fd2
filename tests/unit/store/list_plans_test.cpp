// Every list that the API can build, before SQLite's planner: none reads a table from end to end,
// none sorts.
#include <fmt/format.h>
#include <set>

#include "store/list_records.hpp"
#include "tests/unit/store/machine_store.hpp"
#include "tests/unit/store/query_plan.hpp"

namespace skerry::store {
namespace {

json::value some_value(const Field& field) {
  switch (field.type) {
    case FieldType::reference:
      return json::string(to_string(RecordId{}));
    case FieldType::boolean:
      return true;
    case FieldType::integer:
      return 7;
    case FieldType::timestamp:
      return json::string("2026-01-02T03:04:05.000Z");
    case FieldType::choice:
      return json::string(field.options.back());
    default:
      return json::string("x");
  }
}

// As a cursor holds it.
json::value stored_value(const Field& field) {
  if (field.type == FieldType::boolean || field.type == FieldType::timestamp) return 1;
  return some_value(field);
}

class ListPlansTest : public MachineStoreTest {
 protected:
  // The filters of a kind: none, each alone, each pair; with a value and with none.
  static std::vector<std::vector<ListFilter>> filters_of(const Kind& kind) {
    std::vector<ListFilter> single;
    for (const std::string_view name : list_field_names(kind, ListUse::filter)) {
      const Field* field = find_list_field(kind, name, ListUse::filter);
      single.push_back({field, some_value(*field)});
      if (!field->required) single.push_back({field, nullptr});
    }
    std::vector<std::vector<ListFilter>> all{{}};
    for (std::size_t i = 0; i < single.size(); ++i) {
      all.push_back({single[i]});
      for (std::size_t j = i + 1; j < single.size(); ++j)
        if (single[i].field != single[j].field) all.push_back({single[i], single[j]});
    }
    return all;
  }

  // Orders × directions × first or next page, and a search.
  static void add_orders(ListQuery query, std::vector<ListQuery>& all) {
    const auto with_pages = [&](const ListQuery& each, const json::value& value) {
      all.push_back(each);
      all.push_back(each);
      all.back().after = ListPosition{RecordId{}, value, 0, "x", false, 1};
    };
    if (is_searched(*query.kind)) {
      ListQuery search = query;
      search.words = {"x", "y"};
      with_pages(search, nullptr);
    }
    with_pages(query,
               query.ranges.empty() ? json::value() : stored_value(*query.ranges.front().field));
    for (const bool descending : {false, true}) {
      query.descending = descending;
      query.sort = nullptr;
      query.sort_by_id = true;
      with_pages(query, nullptr);
      query.sort_by_id = false;
      for (const std::string_view name : list_field_names(*query.kind, ListUse::sort)) {
        query.sort = find_list_field(*query.kind, name, ListUse::sort);
        with_pages(query, stored_value(*query.sort));
        if (!query.sort->required) with_pages(query, nullptr);
      }
    }
  }

  // None, and by each bound alone and by both.
  static std::vector<std::vector<ListRange>> ranges_of(const Kind& kind) {
    std::vector<std::vector<ListRange>> all{{}};
    for (const std::string& name : list_bound_names(kind)) {
      const ListBound bound = *find_list_bound(kind, name);
      const json::value value = some_value(*bound.field);
      if (!bound.is_until) all.push_back({{bound.field, value, nullptr}});
      if (!bound.is_until) continue;
      all.push_back({{bound.field, nullptr, value}});
      all.push_back({{bound.field, value, value}});
    }
    return all;
  }

  static std::vector<ListQuery> all_queries(const Kind& kind) {
    std::vector<ListQuery> all;
    const ListRange changed{&updated_at_field, some_value(updated_at_field), nullptr};
    std::vector<Archived> scrapped{Archived::include};
    if (has_scrapped(kind)) scrapped = {Archived::exclude, Archived::include, Archived::only};
    for (const auto& filters : filters_of(kind))
      for (const Archived archived : {Archived::exclude, Archived::include, Archived::only})
        for (const Archived each : scrapped)
          for (const bool since : {false, true}) {
            // Of pairs of filters those with the least and the most beside them.
            const bool least = archived == Archived::exclude && each == scrapped[0] && !since;
            const bool most = archived == Archived::only && each == scrapped.back() && since;
            if (filters.size() > 1 && !least && !most) continue;
            ListQuery query;
            query.kind = &kind;
            query.filters = filters;
            query.archived = archived;
            query.scrapped = each;
            if (since) query.ranges = {changed};
            add_orders(query, all);
            if (filters.size() <= 1 && least)
              for (const auto& ranges : ranges_of(kind)) {
                query.ranges = ranges;
                add_orders(query, all);
                if (!ranges.empty()) query.ranges.push_back(changed);
                add_orders(query, all);
              }
            if (filters.size() > 1 || kind.find_field("custom") < 0) continue;
            query.ranges.clear();
            if (since) query.ranges = {changed};
            query.custom = {{"color", "red"}};
            add_orders(query, all);
            query.custom.push_back({"size", "2"});
            add_orders(query, all);
            query.custom = {{"color", std::nullopt}};
            add_orders(query, all);
          }
    return all;
  }
};

TEST_F(ListPlansTest, NoListScansATableOrSorts) {
  const Reader reader = database->read();
  for (const Kind& kind : all_kinds()) {
    std::set<std::string> seen;
    for (const ListQuery& query : all_queries(kind))
      for (std::string& sql : list_statements(query)) {
        if (!seen.insert(sql).second) continue;
        for (const std::string& step : plan_of(*reader, sql)) {
          const bool by_index = step.find("INDEX") != std::string_view::npos;
          const bool of_rows_found = step.starts_with("SCAN (subquery");
          EXPECT_TRUE(!step.starts_with("SCAN") || by_index || of_rows_found)
              << sql << "\n  " << step;
          EXPECT_EQ(step.find("TEMP B-TREE"), std::string_view::npos) << sql << "\n  " << step;
        }
      }
    EXPECT_GT(seen.size(), 50u) << kind.name;
  }
}

// The start of a scan tells what it must not be: the test above would see one.
TEST_F(ListPlansTest, AScanIsCalledOne) {
  const Reader reader = database->read();
  EXPECT_EQ(plan_of(*reader, "SELECT * FROM customer WHERE website='x'"),
            std::vector<std::string>{"SCAN customer"});
}

}  // namespace
}  // namespace skerry::store
