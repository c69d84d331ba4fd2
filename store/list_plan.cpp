#include "store/list_plan.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/check.hpp"
#include "store/custom_fields.hpp"
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

std::string filter_text(ListStatement& statement, const ListFilter& filter) {
  if (filter.value.is_null()) return fmt::format("t.{} IS NULL", filter.field->name);
  // Written out: the system uses an index with a condition only where it sees that it holds.
  if (is_rare_flag(*filter.field))
    return fmt::format("t.{}={}", filter.field->name, filter.value == json::value(true) ? 1 : 0);
  return fmt::format("t.{}={}", filter.field->name, statement.mark(*filter.field, filter.value));
}

std::string custom_text(ListStatement& statement, const ListQuery& query, std::size_t filter) {
  const CustomFilter& custom = query.custom[filter];
  const std::string field = statement.mark(custom_value_field(*query.kind, custom.key));
  return fmt::format("v.field={} AND v.value={}", field, statement.mark(custom.value));
}

void add_mode(std::vector<std::string>& conditions, std::string_view column, Archived mode) {
  if (mode == Archived::exclude) conditions.push_back(fmt::format("t.{} IS NULL", column));
  if (mode == Archived::only) conditions.push_back(fmt::format("t.{} IS NOT NULL", column));
}

// Whether a row meets the conditions that the driver does not see to, as an expression.
std::string passes_text(ListStatement& statement, const ListQuery& query,
                        const ListDriver& driver) {
  using By = ListDriver::By;
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < query.filters.size(); ++i) {
    if (driver != ListDriver{By::filter, i})
      conditions.push_back(filter_text(statement, query.filters[i]));
    // One in transit to a customer is seen there, and does not stand there yet.
    if (query.filters[i].field == &at_customer_field)
      conditions.push_back("t.location IS NOT NULL");
  }
  for (std::size_t i = 0; i < query.custom.size(); ++i)
    if (driver != ListDriver{By::custom, i})
      conditions.push_back(
          fmt::format("EXISTS (SELECT 1 FROM custom_value AS v WHERE {} AND v.record=t.id)",
                      custom_text(statement, query, i)));
  if (driver.by != By::archived) add_mode(conditions, "archived_at", query.archived);
  if (driver.by != By::scrapped) add_mode(conditions, "scrapped_on", query.scrapped);
  if (query.updated_since && driver.by != By::updated)
    conditions.push_back(fmt::format("t.updated_at>={}", statement.mark(*query.updated_since)));
  if (conditions.empty()) return "1";
  return fmt::format("{}", fmt::join(conditions, " AND "));
}

// The condition that makes the driver's index lead to its records.
std::string driver_text(ListStatement& statement, const ListQuery& query,
                        const ListDriver& driver) {
  switch (driver.by) {
    case ListDriver::By::filter:
      return filter_text(statement, query.filters[driver.filter]);
    case ListDriver::By::custom:
      return custom_text(statement, query, driver.filter);
    case ListDriver::By::archived:
      return "t.archived_at IS NOT NULL";
    case ListDriver::By::scrapped:
      return "t.scrapped_on IS NOT NULL";
    case ListDriver::By::updated:
      return fmt::format("t.updated_at>={}", statement.mark(*query.updated_since));
    case ListDriver::By::all:
      break;
  }
  return "1";
}

// The index is named, so that no statistics or rule of thumb of the system choose another one.
std::string from_text(const ListQuery& query, const ListDriver& driver, const Field* sort) {
  const std::string_view kind = query.kind->name;
  const auto by = [&](std::string_view index) {
    return fmt::format("{0} AS t INDEXED BY {0}_{1}", kind, index);
  };
  switch (driver.by) {
    case ListDriver::By::filter: {
      const std::string_view name = query.filters[driver.filter].field->name;
      if (has_pair_index(*query.kind, query.filters[driver.filter], sort))
        return by(fmt::format("{}_{}", name, sort->name));
      return by(name);
    }
    case ListDriver::By::custom:
      return fmt::format("custom_value AS v CROSS JOIN {} AS t ON t.id=v.record", kind);
    case ListDriver::By::archived:
      return by("archived");
    case ListDriver::By::scrapped:
      return by("scrapped");
    case ListDriver::By::updated:
      return by("updated_at");
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
    // Of two lower bounds SQLite seeks by one of its choice and steps over what the other rules
    // out, so there is only one.
    const bool bounded = driver.by == ListDriver::By::updated && (!after || query.descending);
    if (bounded) statement.sql += " AND " + driver_text(statement, query, driver);
    if (after) {
      const std::string value = statement.mark(*sort, after->sort_value);
      const std::string id = statement.mark(after->id);
      statement.sql += fmt::format(" AND (t.{},t.id){}({},{})", sort->name, beyond, value, id);
    } else if (!sort->required && !bounded) {
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
  if (!query.sort)
    return query.updated_since && !query.sort_by_id && query.words.empty() ? &updated_at_field
                                                                           : nullptr;
  // All have one value: what is left of the order is the id.
  for (const ListFilter& filter : query.filters)
    if (filter.field == query.sort) return nullptr;
  return query.sort;
}

std::vector<ListDriver> list_drivers(const ListQuery& query) {
  using By = ListDriver::By;
  std::vector<std::pair<int, ListDriver>> found;
  for (std::size_t i = 0; i < query.filters.size(); ++i) {
    const ListFilter& filter = query.filters[i];
    if (!is_rare_flag(*filter.field) || filter.value == json::value(true))
      found.emplace_back(rank_of(filter), ListDriver{By::filter, i});
  }
  for (std::size_t i = 0; i < query.custom.size(); ++i)
    found.emplace_back(3, ListDriver{By::custom, i});
  if (query.archived == Archived::only) found.emplace_back(5, ListDriver{By::archived, 0});
  if (query.scrapped == Archived::only) found.emplace_back(5, ListDriver{By::scrapped, 0});
  if (query.updated_since) found.emplace_back(4, ListDriver{By::updated, 0});
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ListDriver> drivers;
  for (const auto& [rank, driver] : found) drivers.push_back(driver);
  return drivers;
}

bool gives_order(const ListQuery& query, const ListDriver& driver) {
  const Field* sort = list_order(query);
  if (driver.by == ListDriver::By::all) return true;
  if (!sort) return driver.by != ListDriver::By::updated;
  if (driver.by == ListDriver::By::updated) return sort == &updated_at_field;
  return driver.by == ListDriver::By::filter &&
         has_pair_index(*query.kind, query.filters[driver.filter], sort);
}

std::vector<WalkPart> walk_parts(const ListQuery& query) {
  const Field* sort = list_order(query);
  if (!sort) return {WalkPart::by_id};
  if (sort->required) return {WalkPart::by_value};
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
  const bool in_place = driver.by == ListDriver::By::updated;  // add_place() sees to it
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
