// Which index leads to the records of a list, in which order, and the statements that follow it.
// Only for store/list_records.cpp and store/search_records.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/list_records.hpp"
#include "store/list_statement.hpp"

namespace skerry::store {

// What leads to the records of a list.
struct ListDriver {
  enum class By : std::uint8_t { all, filter, custom, range, archived, scrapped };
  By by = By::all;
  std::size_t filter = 0;  // position in ListQuery::filters, custom or ranges
  bool operator==(const ListDriver&) const = default;
};

// Those that the query's conditions offer, the most selective kind first; `all` is not among them.
std::vector<ListDriver> list_drivers(const ListQuery& query);

// The column that decides the order; nullptr: the id.
const Field* list_order(const ListQuery& query);

// Whether following the driver's index gives the records in the order of the list.
bool gives_order(const ListQuery& query, const ListDriver& driver);

// A list by a field that may be empty is two walks, one behind the other: SQL leaves the place of
// nulls in an order to the system, and a comparison with null is never true.
enum class WalkPart : std::uint8_t { by_id, by_value, without_value };
std::vector<WalkPart> walk_parts(const ListQuery& query);

// Columns behind those of select_columns() in the rows of a walk, a set and a search.
struct ListColumns {
  int passes = 0;  // whether the row meets the other conditions
  int sort = 0;    // the value it is sorted by
  int text = 0;    // its searchable text (searches)
  int term = 0;    // the word that led to it (searches)
};
ListColumns list_columns(const Kind& kind);

// The rows behind query.after, in order; `driver` gives_order, or is `all`.
ListStatement walk_statement(const ListQuery& query, const ListDriver& driver, WalkPart part,
                             std::int64_t rows);
// How many rows the driver leads to, counted up to `rows`.
ListStatement probe_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows);
// All rows the driver leads to, at most `rows`, in no order.
ListStatement set_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows);
// One row: how many the driver leads to (up to `rows`), and how many of them pass.
ListStatement count_statement(const ListQuery& query, const ListDriver& driver, std::int64_t rows);

// Searches: up to `rows` words of the index from `word` on; records by the rest of the rows of one
// term, and by the terms from `term` on.
ListStatement words_statement(const ListQuery& query, const std::string& word, std::int64_t rows);
ListStatement term_statement(const ListQuery& query, const std::string& term, std::int64_t after,
                             std::int64_t rows);
ListStatement terms_statement(const ListQuery& query, const std::string& term, std::int64_t rows);

// What leads to few enough records to read them all.
struct ListChoice {
  ListDriver driver;
  bool few = false;  // at most small_set_max
};
ListChoice choose_driver(Connection& connection, const ListQuery& query);

// A page of a search (store/search_records.cpp).
ListPage search_page(Connection& connection, const ListQuery& query);

}  // namespace skerry::store
