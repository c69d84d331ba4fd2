#include "store/list_records.hpp"

#include <algorithm>
#include <tuple>

#include "core/check.hpp"
#include "core/text.hpp"
#include "store/list_plan.hpp"

namespace skerry::store {
namespace {

json::value stored_value(const Cursor& cursor, int column, const Field& field) {
  if (cursor.is_null(column)) return nullptr;
  switch (field.type) {
    case FieldType::boolean:
    case FieldType::timestamp:
    case FieldType::integer:
      return cursor.integer(column);
    case FieldType::reference:
      return json::string(to_string(cursor.id<RecordId>(column)));
    default:
      return json::string(cursor.text(column));
  }
}

ListPosition position_of(const Cursor& cursor, const ListColumns& columns, const Field* sort) {
  ListPosition position;
  position.id = cursor.id<RecordId>(1);
  if (sort) position.sort_value = stored_value(cursor, columns.sort, *sort);
  return position;
}

void add_item(ListPage& page, const Cursor& cursor, const Kind& kind) {
  append_record_json(page.items.emplace_back(), cursor, kind);
  page.ids.push_back(cursor.id<RecordId>(1));
}

// Follows an index, and checks the other conditions row by row.
ListPage walked_page(Connection& connection, const ListQuery& query, const ListDriver& driver) {
  const ListColumns columns = list_columns(*query.kind);
  const Field* sort = list_order(query);
  ListPage page;
  std::optional<ListPosition> last;  // once the page may end with any row
  int left = list_rows_examined_max;
  for (const WalkPart part : walk_parts(query)) {
    // One more than may be looked at: it tells whether there is a next page.
    const ListStatement statement = walk_statement(query, driver, part, left + 1);
    Cursor cursor = statement.open(connection);
    while (cursor.next()) {
      const bool passes = cursor.integer(columns.passes) != 0;
      if (left == 0 || (passes && std::ssize(page.items) == query.limit)) {
        page.next = std::move(last);
        return page;
      }
      --left;
      if (passes) add_item(page, cursor, *query.kind);
      if (left == 0 || std::ssize(page.items) == query.limit)
        last = position_of(cursor, columns, sort);
    }
  }
  return page;
}

// Where a record stands in a list; ordered as SQLite orders the column, records without a value
// last.
struct Place {
  bool without_value = false;
  std::int64_t number = 0;
  std::string text;
  RecordId id;

  auto key() const { return std::tie(number, text, id); }
};

Place place_of(const ListPosition& position, const Field* sort) {
  Place place;
  place.id = position.id;
  if (!sort) return place;
  place.without_value = position.sort_value.is_null();
  if (const std::int64_t* number = position.sort_value.if_int64()) place.number = *number;
  // The text of an id orders as its bytes do.
  if (const json::string* text = position.sort_value.if_string())
    place.text = sort->type == FieldType::email ? ascii_lower(*text) : std::string(*text);
  return place;
}

bool comes_before(const Place& a, const Place& b, bool descending) {
  if (a.without_value != b.without_value) return b.without_value;
  return descending ? b.key() < a.key() : a.key() < b.key();
}

struct Found {
  Place place;
  ListPosition position;
  std::string item;
};

// Reads all that the driver leads to, few as they are, and sorts them here.
ListPage sorted_page(Connection& connection, const ListQuery& query, const ListDriver& driver) {
  const ListColumns columns = list_columns(*query.kind);
  const Field* sort = list_order(query);
  std::optional<Place> after;
  if (query.after) after = place_of(*query.after, sort);
  std::vector<Found> found;
  const ListStatement statement = set_statement(query, driver, small_set_max);
  Cursor cursor = statement.open(connection);
  while (cursor.next()) {
    if (cursor.integer(columns.passes) == 0) continue;
    ListPosition position = position_of(cursor, columns, sort);
    Place place = place_of(position, sort);
    if (after && !comes_before(*after, place, query.descending)) continue;
    Found& each = found.emplace_back(Found{std::move(place), std::move(position), {}});
    append_record_json(each.item, cursor, *query.kind);
  }
  std::sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    return comes_before(a.place, b.place, query.descending);
  });
  ListPage page;
  const auto limit = static_cast<std::size_t>(query.limit);
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
    page.items.push_back(std::move(found[i].item));
    page.ids.push_back(found[i].position.id);
  }
  if (found.size() > limit) page.next = std::move(found[limit - 1].position);
  return page;
}

void add_walks(std::vector<std::string>& statements, const ListQuery& query,
               const ListDriver& driver) {
  for (const WalkPart part : walk_parts(query))
    statements.push_back(walk_statement(query, driver, part, 1).sql);
}

}  // namespace

ListPage list_records(Connection& connection, const ListQuery& query) {
  SKERRY_CHECK(query.limit >= 1 && query.limit <= list_limit_max);
  SKERRY_CHECK(query.words.empty() || (!query.sort && !query.descending));
  if (!query.words.empty()) return search_page(connection, query);
  const ListChoice choice = choose_driver(connection, query);
  return choice.few ? sorted_page(connection, query, choice.driver)
                    : walked_page(connection, query, choice.driver);
}

std::optional<std::int64_t> count_records(Connection& connection, const ListQuery& query) {
  SKERRY_CHECK(query.words.empty());
  ListDriver fewest;
  std::int64_t rows = list_count_max + 1;
  for (const ListDriver& driver : list_drivers(query)) {
    const ListStatement statement = probe_statement(query, driver, rows);
    Cursor cursor = statement.open(connection);
    cursor.next();
    if (cursor.integer(0) >= rows) continue;
    fewest = driver;
    rows = cursor.integer(0);
  }
  const ListStatement statement = count_statement(query, fewest, list_count_max + 1);
  Cursor cursor = statement.open(connection);
  cursor.next();
  if (cursor.integer(0) > list_count_max) return std::nullopt;
  return cursor.integer(1);
}

std::vector<std::string> list_statements(const ListQuery& query) {
  std::vector<std::string> statements;
  const std::vector<ListDriver> drivers = list_drivers(query);
  for (const ListDriver& driver : drivers) {
    statements.push_back(probe_statement(query, driver, 1).sql);
    statements.push_back(set_statement(query, driver, 1).sql);
  }
  if (!query.words.empty()) {
    statements.push_back(words_statement(query, "x", 1).sql);
    statements.push_back(term_statement(query, "x", 1, 1).sql);
    statements.push_back(terms_statement(query, "x", 1).sql);
    return statements;
  }
  add_walks(statements, query, {});
  statements.push_back(count_statement(query, {}, 1).sql);
  for (const ListDriver& driver : drivers) {
    if (gives_order(query, driver)) add_walks(statements, query, driver);
    statements.push_back(count_statement(query, driver, 1).sql);
  }
  return statements;
}

}  // namespace skerry::store
