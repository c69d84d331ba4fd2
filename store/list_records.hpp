// Lists of one kind, a page at a time, each bounded by an index: the cost of a page does not grow
// with the table (RECORDS "Lists").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/record.hpp"

namespace skerry::store {

inline constexpr int list_limit_max = 500;
inline constexpr int list_limit_default = 50;

enum class Archived { exclude, include, only };

// The record a page ended with.
struct ListPosition {
  RecordId id;
  std::int64_t row = 0;    // lists by `match` go on from here
  json::value sort_value;  // of the field the list is sorted by
};

struct ListQuery {
  const Kind* kind = nullptr;
  std::vector<FieldValue> filters;  // filterable fields, canonical values, none null
  std::optional<std::size_t> sort;  // a filterable field; nullopt: by id, the order of creation
  bool descending = false;          // records without a value come last either way
  Archived archived = Archived::exclude;
  std::optional<std::string> match;  // search_index::match_expression: in the order recorded here
  int limit = list_limit_default;
  std::optional<ListPosition> after;
};

struct ListPage {
  std::vector<std::string> items;  // each a record as JSON
  std::optional<ListPosition> next;
};

// `match` excludes `sort` and `descending` (CHECK).
ListPage list_records(Connection& connection, const ListQuery& query);

// The statements that list_records() may run for the query: what the test of the query plans reads.
std::vector<std::string> list_statements(const ListQuery& query);

}  // namespace skerry::store
