#include "store/list_records.hpp"

#include <fmt/format.h>

#include "core/check.hpp"

namespace skerry::store {
namespace {

// One statement of a list, with what is bound to it.
struct Statement {
  // A value of `field`; without a field a number, a text or `id`.
  struct Bound {
    const Field* field = nullptr;
    json::value value;
    RecordId id;
  };

  std::string sql;
  std::vector<Bound> bound;

  std::string mark(const Field& field, const json::value& value) {
    return mark(Bound{&field, value, {}});
  }
  std::string mark(std::int64_t number) { return mark(Bound{nullptr, number, {}}); }
  std::string mark(const std::string& text) { return mark(Bound{nullptr, json::string(text), {}}); }
  std::string mark(const RecordId& id) { return mark(Bound{nullptr, nullptr, id}); }

 private:
  std::string mark(Bound value) {
    bound.push_back(std::move(value));
    return fmt::format("?{}", bound.size());
  }
};

// A list by a field that may be empty is two walks, one behind the other: SQL leaves the place of
// nulls in an order to the system, and a comparison with null is never true.
enum class Walk { by_id, by_value, without_value, by_match };

std::vector<Walk> walks_of(const ListQuery& query) {
  SKERRY_CHECK(!query.match || (!query.sort && !query.descending));
  if (query.match) return {Walk::by_match};
  if (!query.sort) return {Walk::by_id};
  if (query.kind->fields[*query.sort].required) return {Walk::by_value};
  if (query.after && query.after->sort_value.is_null()) return {Walk::without_value};
  return {Walk::by_value, Walk::without_value};
}

std::string qualified_columns(const Kind& kind) {
  std::string columns;
  std::string_view rest = select_columns(kind);
  while (true) {
    const std::size_t comma = rest.find(',');
    columns += fmt::format("{}{}.{}", columns.empty() ? "" : ",", kind.name, rest.substr(0, comma));
    if (comma == std::string_view::npos) return columns;
    rest.remove_prefix(comma + 1);
  }
}

void add_filters(Statement& statement, const ListQuery& query) {
  const std::string_view table = query.kind->name;
  for (const FieldValue& filter : query.filters) {
    const Field& field = query.kind->fields[filter.field];
    const std::string mark = statement.mark(field, filter.value);
    statement.sql += fmt::format(" AND {}.{}={}", table, field.name, mark);
  }
  if (query.archived == Archived::exclude)
    statement.sql += fmt::format(" AND {}.archived_at IS NULL", table);
  if (query.archived == Archived::only)
    statement.sql += fmt::format(" AND {}.archived_at IS NOT NULL", table);
}

// Where the walk goes on, and its order.
void add_place(Statement& statement, const ListQuery& query, Walk walk) {
  const std::string_view table = query.kind->name;
  const std::string_view beyond = query.descending ? "<" : ">";
  const std::string_view direction = query.descending ? " DESC" : "";
  const auto& after = query.after;
  if (walk == Walk::by_value) {
    const Field& field = query.kind->fields[*query.sort];
    if (after) {
      const std::string value = statement.mark(field, after->sort_value);
      const std::string id = statement.mark(after->id);
      statement.sql +=
          fmt::format(" AND ({0}.{1},{0}.id){2}({3},{4})", table, field.name, beyond, value, id);
    } else if (!field.required) {
      statement.sql += fmt::format(" AND {}.{} IS NOT NULL", table, field.name);
    }
    statement.sql += fmt::format(" ORDER BY {0}.{1}{2},{0}.id{2}", table, field.name, direction);
    return;
  }
  if (walk == Walk::without_value)
    statement.sql += fmt::format(" AND {}.{} IS NULL", table, query.kind->fields[*query.sort].name);
  const bool goes_on = after && (walk == Walk::by_id || after->sort_value.is_null());
  if (goes_on)
    statement.sql += fmt::format(" AND {}.id{}{}", table, beyond, statement.mark(after->id));
  statement.sql += fmt::format(" ORDER BY {}.id{}", table, direction);
}

Statement statement_of(const ListQuery& query, Walk walk, std::int64_t rows) {
  const std::string_view table = query.kind->name;
  const std::string columns = qualified_columns(*query.kind);
  Statement statement;
  if (walk == Walk::by_match) {
    const std::string match = statement.mark(*query.match);
    const std::string row = statement.mark(query.after ? query.after->row : 0);
    // CROSS JOIN: from the index to the records, never the other way.
    statement.sql = fmt::format(
        "SELECT {0} FROM {1}_search CROSS JOIN {1} ON {1}.row={1}_search.rowid "
        "WHERE {1}_search MATCH {2} AND {1}_search.rowid>{3}",
        columns, table, match, row);
    add_filters(statement, query);
    statement.sql += fmt::format(" ORDER BY {}_search.rowid", table);
  } else {
    statement.sql = fmt::format("SELECT {} FROM {} WHERE 1", columns, table);
    add_filters(statement, query);
    add_place(statement, query, walk);
  }
  statement.sql += fmt::format(" LIMIT {}", statement.mark(rows));
  return statement;
}

void bind(Cursor& cursor, int parameter, const Statement::Bound& bound) {
  if (bound.field)
    bind_value(cursor, parameter, *bound.field, bound.value);
  else if (const std::int64_t* number = bound.value.if_int64())
    cursor.bind(parameter, *number);
  else if (const json::string* text = bound.value.if_string())
    cursor.bind(parameter, std::string_view(*text));
  else
    cursor.bind(parameter, bound.id);
}

ListPosition position_of(const Cursor& cursor, const ListQuery& query) {
  const Record last = read_record(cursor, *query.kind);
  return {last.id, last.row, query.sort ? last.values[*query.sort] : json::value()};
}

}  // namespace

ListPage list_records(Connection& connection, const ListQuery& query) {
  SKERRY_CHECK(query.limit >= 1 && query.limit <= list_limit_max);
  const auto limit = static_cast<std::size_t>(query.limit);
  ListPage page;
  std::optional<ListPosition> last;
  for (const Walk walk : walks_of(query)) {
    // One more than asked for: it tells whether there is a next page.
    const auto rows = static_cast<std::int64_t>(limit + 1 - page.items.size());
    const Statement statement = statement_of(query, walk, rows);
    Cursor cursor = connection.statement(statement.sql);
    for (std::size_t i = 0; i < statement.bound.size(); ++i)
      bind(cursor, static_cast<int>(i) + 1, statement.bound[i]);
    while (cursor.next()) {
      if (page.items.size() == limit) {
        page.next = std::move(last);
        return page;
      }
      append_record_json(page.items.emplace_back(), cursor, *query.kind);
      if (page.items.size() == limit) last = position_of(cursor, query);
    }
  }
  return page;
}

std::vector<std::string> list_statements(const ListQuery& query) {
  std::vector<std::string> statements;
  for (const Walk walk : walks_of(query)) statements.push_back(statement_of(query, walk, 1).sql);
  return statements;
}

}  // namespace skerry::store
