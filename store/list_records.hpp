// Lists of one kind, a page at a time, each bounded by an index: the work of a page does not grow
// with the table (RECORDS "Lists", ADR 0018).
//
// A page follows one index (the order asked for, or the most selective filter) and checks the other
// conditions row by row. It looks at no more than list_rows_examined_max rows: with conditions that
// few of those rows meet it may hold fewer than `limit` records, even none, and still have a next
// page. Where a filter leads to at most small_set_max records, all of them are read and sorted, and
// pages are full.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/list_fields.hpp"
#include "store/record.hpp"

namespace skerry::store {

inline constexpr int list_limit_max = 500;
inline constexpr int list_limit_default = 50;
inline constexpr int list_rows_examined_max = 1000;
inline constexpr int small_set_max = 500;
inline constexpr int list_count_max = 5000;

// Of the archived records, or of the scrapped assets.
enum class Archived { exclude, include, only };

// Records whose `field` holds the value; null: those that have none (not of a required field).
struct ListFilter {
  const Field* field = nullptr;  // one that find_list_field() gave
  json::value value;             // canonical
};

// Records whose custom field `key` has the value; nullopt: that have none.
struct CustomFilter {
  std::string key;
  std::optional<std::string> value;  // as in table custom_value: custom_value_text()
};

// Records whose `field` is at `since` or later, and before `until`; null: not bounded there.
struct ListRange {
  const Field* field = nullptr;  // one that find_list_bound() gave; each once in a query
  json::value since, until;      // canonical; not null both
};

// The record a page ended with.
struct ListPosition {
  RecordId id;
  json::value sort_value;  // as the table has it: a number, a text, the id of a reference, null
  // Of a search:
  std::size_t lead = 0;  // which of the words is followed
  std::string term;      // the word of the record that it begins, or a beginning of a long one
  bool term_is_cut = false;
  std::int64_t row = 0;
};

struct ListQuery {
  const Kind* kind = nullptr;
  std::vector<ListFilter> filters;
  std::vector<CustomFilter> custom;
  std::vector<ListRange> ranges;
  // A field that find_list_field() gave; nullptr: by the field of the first range, without one by
  // id, the order of creation.
  const Field* sort = nullptr;
  bool sort_by_id = false;  // asked for by name
  bool descending = false;  // records without a value come last either way
  Archived archived = Archived::exclude;
  Archived scrapped = Archived::include;  // only of kinds that have scrapped_on
  std::vector<RecordId> customers;        // only what is_seen() by them; empty: by everybody
  // search_index::words_of(): each begins a word of the record. The order is then that of the words
  // found, and of the rows among equal ones; excludes `sort` and `descending` (CHECK).
  std::vector<std::string> words;
  int limit = list_limit_default;
  std::optional<ListPosition> after;
};

struct ListPage {
  std::vector<std::string> items;  // each a record as JSON
  std::vector<RecordId> ids;       // of the items
  std::optional<ListPosition> next;
};

// `connection` is a Reader's: its statements see one state.
ListPage list_records(Connection& connection, const ListQuery& query);

// How many records the whole list has, whatever its limit and position. nullopt: more than
// list_count_max rows would have to be examined. Without words (CHECK).
std::optional<std::int64_t> count_records(Connection& connection, const ListQuery& query);

// Every statement that list_records() and count_records() may run for the query, whatever the
// records are: what the test of the query plans reads.
std::vector<std::string> list_statements(const ListQuery& query);

}  // namespace skerry::store
