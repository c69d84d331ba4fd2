// Full-text search over one kind: SQLite's FTS5 behind three functions (PostgreSQL has its own).
//
// A kind with searchable fields has, beside its table, this one, made by a migration:
//   CREATE VIRTUAL TABLE customer_search USING fts5(text, content='', columnsize=0, detail=none,
//     prefix='2 3', tokenize='unicode61 remove_diacritics 2');
// rowid: the record row's; text: its searchable fields with a space between. It stores no text, no
// positions and no sizes, which makes it the cheapest to write that still answers "each of these
// words begins a word of the record":
//   SELECT rowid FROM customer_search WHERE customer_search MATCH ? ORDER BY rowid
//
// FTS5 writes out all it has gathered whenever a savepoint begins, and whenever rowids go
// backwards: one segment for each job of a group, three times the cost of one for all. So inside a
// WriteJob insert() and remove() only remember, savepoints forget what they undo, and the writer
// writes all of it, sorted, before COMMIT. A job that searches does not see its own changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/connection.hpp"

namespace skerry::store::search_index {

// `kind_table` is a table's name of our own: a-z, digits and underscores. `rowid` is not in the
// index.
void insert(Connection& connection, std::string_view kind_table, std::int64_t rowid,
            std::string_view text);

// `old_text` is exactly what was inserted last: the index does not store it, and with another text
// its words would stay behind. Replacing is remove(), then insert(); it costs nothing when the text
// is the same.
void remove(Connection& connection, std::string_view kind_table, std::int64_t rowid,
            std::string_view old_text);

// The MATCH operand for what a user typed: every word must begin a word of the record, compared
// without case and diacritics; a word of one ASCII character must be a whole word, since it begins
// too many. Cut into words as the index is, so there is no syntax to get wrong. Words beyond
// words_max are ignored; nullopt when there is no word. Any thread. Throws StorageError when FTS5
// is missing.
constexpr std::size_t words_max = 8;
std::optional<std::string> match_expression(std::string_view user_query);

}  // namespace skerry::store::search_index
