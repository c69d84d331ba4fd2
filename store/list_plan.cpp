#include "store/list_plan.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/check.hpp"
#include "store/list_conditions.hpp"
#include "store/record_sql.hpp"

namespace skerry::store {
namespace {

// Indexes (filter, sort, id) beside those that every filterable field has, for what may be many
// records of one: named KIND_FILTER_SORT.
struct PairIndex {
  std::string_view kind, filter, sort;
  bool has_nulls = false;  // also those whose filter has no value
};
constexpr std::array pair_indexes{
    PairIndex{"location", "customer", "name"},
    PairIndex{"asset", "owner", "serial", true},
    PairIndex{"asset", "location", "serial"},
    PairIndex{"asset", "scope_place", "serial"},
};

bool has_pair_index(const Kind& kind, const ListFilter& filter, const Field* sort) {
  return sort && std::any_of(pair_indexes.begin(), pair_indexes.end(), [&](const PairIndex& each) {
           return each.kind == kind.name && each.filter == filter.field->name &&
                  each.sort == sort->name && (each.has_nulls || !filter.value.is_null());
         });
}

// How few records one value of the field is likely to have: 0 the fewest.
int rank_of(const ListFilter& filter) {
  if (filter.value.is_null()) return 5;
  if (filter.field->unique == Unique::everywhere) return 0;
  if (filter.field->unique != Unique::no) return 1;
  switch (filter.field->type) {
    case FieldType::reference:
      return 2;
    case FieldType::choice:
      return 4;
    case FieldType::boolean:
      return 6;
    default:
      return 3;
  }
}

bool has_range(const ListQuery& query, const Field* field) {
  return std::any_of(query.ranges.begin(), query.ranges.end(),
                     [&](const ListRange& range) { return range.field == field; });
}

// The index is named, so that no statistics or rule of thumb of the system choose another one.
std::string from_text(const ListQuery& query, const ListDriver& driver, const Field* sort) {
  const std::string_view kind = query.kind->name;
  const auto by = [&](std::string_view index) {
    return fmt::format("{0} AS t INDEXED BY {0}_{1}", kind, index);
  };
  switch (driver.by) {
    case ListDriver::By::filter: {
      const ListFilter& filter = query.filters[driver.filter];
      if (has_pair_index(*query.kind, filter, sort))
        return by(fmt::format("{}_{}", filter.field->name, sort->name));
      return by(filter_index(filter));
    }
    case ListDriver::By::custom:
      return fmt::format("custom_value AS v CROSS JOIN {} AS t ON t.id=v.record", kind);
    case ListDriver::By::archived:
      return by("archived");
    case ListDriver::By::scrapped:
      return by("scrapped");
    case ListDriver::By::range:
      return by(query.ranges[driver.filter].field->name);
    case ListDriver::By::all:
      break;
  }
  if (sort) return by(sort->name);
  return fmt::format("{} AS t", kind);
}

// `SELECT ` with the columns of list_columns().
std::string select_text(ListStatement& statement, const ListQuery& query, const ListDriver& driver,
                        std::string_view term) {
  const Field* sort = list_order(query);
  return fmt::format("SELECT {},{},{},{},{}", sql_of(*query.kind).list_columns,
                     passes_text(statement, query, driver),
                     sort ? fmt::format("t.{}", sort->name) : "NULL",
                     query.words.empty() ? "NULL" : sql_of(*query.kind).search_text, term);
}

// Where a walk goes on, and its order.
void add_place(ListStatement& statement, const ListQuery& query, const ListDriver& driver,
               WalkPart part) {
  const std::string_view beyond = query.descending ? "<" : ">";
  const std::string_view direction = query.descending ? " DESC" : "";
  const auto& after = query.after;
  const Field* sort = list_order(query);
  if (part == WalkPart::by_value) {
    // Of two bounds on one side SQLite seeks by one of its choice and steps over what the other
    // rules out, so there is only one.
    const ListRange* range =
        driver.by == ListDriver::By::range ? &query.ranges[driver.filter] : nullptr;
    if (range && !range->since.is_null() && (!after || query.descending))
      statement.sql += " AND " + since_text(statement, *range);
    if (range && !range->until.is_null() && (!after || !query.descending))
      statement.sql += " AND " + until_text(statement, *range);
    if (after) {
      const std::string value = statement.mark(*sort, after->sort_value);
      const std::string id = statement.mark(after->id);
      statement.sql += fmt::format(" AND (t.{},t.id){}({},{})", sort->name, beyond, value, id);
    } else if (!sort->required && !range) {
      statement.sql += fmt::format(" AND t.{} IS NOT NULL", sort->name);
    }
    statement.sql += fmt::format(" ORDER BY t.{0}{1},t.id{1}", sort->name, direction);
    return;
  }
  if (part == WalkPart::without_value)
    statement.sql += fmt::format(" AND t.{} IS NULL", sort->name);
  const std::string_view id = driver.by == ListDriver::By::custom ? "v.record" : "t.id";
  const bool goes_on = after && (part == WalkPart::by_id || after->sort_value.is_null());
  if (goes_on) statement.sql += fmt::format(" AND {}{}{}", id, beyond, statement.mark(after->id));
  statement.sql += fmt::format(" ORDER BY {}{}", id, direction);
}

void add_limit(ListStatement& statement, std::int64_t rows) {
  statement.sql += fmt::format(" LIMIT {}", statement.mark(rows));
}

// FROM and WHERE of the rows that a driver leads to, in no order.
std::string rows_text(ListStatement& statement, const ListQuery& query, const ListDriver& driver) {
  // Without a condition by the index of ids: not by the table, whose rows are long.
  return fmt::format(" FROM {} WHERE {}{}", from_text(query, driver, nullptr),
                     driver_text(statement, query, driver),
                     driver.by == ListDriver::By::all ? " ORDER BY t.id" : "");
}

}  // namespace

const Field* list_order(const ListQuery& query) {
  const Field* sort = query.sort;
  if (!sort && !query.sort_by_id && query.words.empty() && !query.ranges.empty())
    sort = query.ranges.front().field;
  // All have one value: what is left of the order is the id.
  for (const ListFilter& filter : query.filters)
    if (filter.field == sort) return nullptr;
  return sort;
}

std::vector<ListDriver> list_drivers(const ListQuery& query) {
  using By = ListDriver::By;
  std::vector<std::pair<int, ListDriver>> found;
  for (std::size_t i = 0; i < query.filters.size(); ++i) {
    const ListFilter& filter = query.filters[i];
    if (filter.field == &country_field && filter.value.is_null()) continue;  // no index has those
    if (!is_rare_flag(*filter.field) || filter.value == json::value(true))
      found.emplace_back(rank_of(filter), ListDriver{By::filter, i});
  }
  for (std::size_t i = 0; i < query.custom.size(); ++i)
    if (query.custom[i].value) found.emplace_back(3, ListDriver{By::custom, i});
  for (std::size_t i = 0; i < query.ranges.size(); ++i)
    found.emplace_back(4, ListDriver{By::range, i});
  if (query.archived == Archived::only) found.emplace_back(5, ListDriver{By::archived, 0});
  if (query.scrapped == Archived::only) found.emplace_back(5, ListDriver{By::scrapped, 0});
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ListDriver> drivers;
  for (const auto& [rank, driver] : found) drivers.push_back(driver);
  return drivers;
}

bool gives_order(const ListQuery& query, const ListDriver& driver) {
  const Field* sort = list_order(query);
  if (driver.by == ListDriver::By::all) return true;
  if (driver.by == ListDriver::By::range) return sort == query.ranges[driver.filter].field;
  if (!sort) return true;
  return driver.by == ListDriver::By::filter &&
         has_pair_index(*query.kind, query.filters[driver.filter], sort);
}

std::vector<WalkPart> walk_parts(const ListQuery& query) {
  const Field* sort = list_order(query);
  if (!sort) return {WalkPart::by_id};
  if (sort->required || has_range(query, sort)) return {WalkPart::by_value};
  if (query.after && query.after->sort_value.is_null()) return {WalkPart::without_value};
  return {WalkPart::by_value, WalkPart::without_value};
}

ListColumns list_columns(const Kind& kind) {
  const std::string& columns = select_columns(kind);
  const int first = static_cast<int>(std::count(columns.begin(), columns.end(), ',')) + 1;
  return {first, first + 1, first + 2, first + 3};
}

ListStatement walk_statement(const ListQuery& query, const ListDriver& driver, WalkPart part,
                             std::int64_t rows) {
  SKERRY_CHECK(gives_order(query, driver));
  ListStatement statement;
  statement.sql = select_text(statement, query, driver, "NULL");
  const bool in_place = driver.by == ListDriver::By::range;  // add_place() sees to it
  const std::string condition = in_place ? "1" : driver_text(statement, query, driver);
  statement.sql +=
      fmt::format(" FROM {} WHERE {}", from_text(query, driver, list_order(query)), condition);
  add_place(statement, query, driver, part);
  add_limit(statement, rows);
  return statement;
}

ListStatement probe_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows) {
  ListStatement statement;
  statement.sql = "SELECT count(*) FROM (SELECT 1" + rows_text(statement, query, driver);
  add_limit(statement, rows);
  statement.sql += ")";
  return statement;
}

ListStatement set_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows) {
  ListStatement statement;
  statement.sql = select_text(statement, query, driver, "NULL");
  statement.sql += rows_text(statement, query, driver);
  add_limit(statement, rows);
  return statement;
}

ListStatement count_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows) {
  ListStatement statement;
  statement.sql = fmt::format("SELECT count(*),coalesce(sum(passes),0) FROM (SELECT {} AS passes",
                              passes_text(statement, query, driver));
  statement.sql += rows_text(statement, query, driver);
  add_limit(statement, rows);
  statement.sql += ")";
  return statement;
}

ListStatement words_statement(const ListQuery& query, const std::string& word, std::int64_t rows) {
  ListStatement statement;
  statement.sql = fmt::format("SELECT term FROM {}_search_words WHERE term>={} ORDER BY term",
                              query.kind->name, statement.mark(word));
  add_limit(statement, rows);
  return statement;
}

// CROSS JOIN: from the index to the records, never the other way.
ListStatement term_statement(const ListQuery& query, const std::string& term, std::int64_t after,
                             std::int64_t rows) {
  ListStatement statement;
  const std::string_view kind = query.kind->name;
  const std::string same = statement.mark(term);
  statement.sql = select_text(statement, query, {}, same);
  const std::string match = statement.mark(fmt::format("\"{}\"", term));
  statement.sql += fmt::format(
      " FROM {0}_search AS v CROSS JOIN {0} AS t ON t.row=v.rowid "
      "WHERE {0}_search MATCH {1} AND v.rowid>{2} ORDER BY v.rowid",
      kind, match, statement.mark(after));
  add_limit(statement, rows);
  return statement;
}

ListStatement terms_statement(const ListQuery& query, const std::string& term, std::int64_t rows) {
  ListStatement statement;
  const std::string_view kind = query.kind->name;
  statement.sql = select_text(statement, query, {}, "v.term");
  statement.sql += fmt::format(
      " FROM {0}_search_words AS v CROSS JOIN {0} AS t ON t.row=v.doc WHERE v.term>={1} ORDER BY "
      "v.term",
      kind, statement.mark(term));
  add_limit(statement, rows);
  return statement;
}

ListChoice choose_driver(Connection& connection, const ListQuery& query) {
  const std::vector<ListDriver> drivers = list_drivers(query);
  if (drivers.empty()) return {};
  if (drivers.size() == 1 && query.words.empty() && gives_order(query, drivers[0]))
    return {drivers[0], false};
  ListDriver best;
  std::int64_t fewest = small_set_max + 1;
  for (const ListDriver& driver : drivers) {
    const ListStatement statement = probe_statement(query, driver, fewest);
    Cursor cursor = statement.open(connection);
    cursor.next();
    if (cursor.integer(0) >= fewest) continue;
    best = driver;
    fewest = cursor.integer(0);
  }
  if (best.by != ListDriver::By::all) return {best, true};
  for (const ListDriver& driver : drivers)
    if (gives_order(query, driver)) return {driver, false};
  return {};
}

}  // namespace skerry::store
