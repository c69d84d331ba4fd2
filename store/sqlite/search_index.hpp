// Full-text search over one kind: SQLite's FTS5 behind a few functions (PostgreSQL has its own).
//
// A kind with searchable fields has, beside its table, these, made by a migration:
//   CREATE VIRTUAL TABLE customer_search USING fts5(text, content='', columnsize=0, detail=none,
//     tokenize='unicode61 remove_diacritics 2');
//   CREATE VIRTUAL TABLE customer_search_words USING fts5vocab(customer_search, instance);
// rowid: the record row's; text: its searchable fields with a space between, with plain letters
// where the tokenizer would leave others, as an ø. It stores no text, no
// positions and no sizes, which makes it the cheapest to write that still tells which rows have a
// word, and in customer_search_words (term, doc) all words with their rows, in the order of the
// alphabet. A prefix query of FTS5 itself gathers the rows of every word with that beginning before
// it gives the first one, and each of its prefix indexes costs as much as the rest of the index;
// walking through the words costs what a page shows (ADR 0018).
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
#include <vector>

#include "store/sqlite/connection.hpp"

struct Fts5Tokenizer;

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

// What a user typed, cut into words as the index is (lower case, without diacritics, and with a
// plain letter for ø, ł and their like: ß is ss), so there is no syntax to get wrong; each once,
// and none beyond words_max. Empty when there is no word. Any thread. Throws StorageError when FTS5
// is missing.
constexpr std::size_t words_max = 8;
std::vector<std::string> words_of(std::string_view user_query);

// A text as the index sees it, for what is looked for without one: its words in their order, with a
// blank between them. Any thread; throws as words_of().
std::string plain_text(std::string_view text);

// Looks whether each of the words begins a word of a text. Not for two threads at a time.
class WordMatch {
 public:
  // `lead`: the position of one of the words (CHECK).
  WordMatch(std::vector<std::string> words, std::size_t lead);

  // When each of the words begins one of the text: the first in the order of the alphabet of those
  // that the lead begins, valid until the next call; otherwise nullopt.
  std::optional<std::string_view> first_of_lead(std::string_view text);

  // A tokenizer of FTS5's.
  struct Cutter {
    Cutter();
    ~Cutter();
    Cutter(const Cutter&) = delete;
    Cutter& operator=(const Cutter&) = delete;
    Fts5Tokenizer* tokenizer;
  };

 private:
  void look_at(std::string_view word);

  Cutter cutter_;
  std::vector<std::string> words_;
  std::size_t lead_;
  unsigned begun_ = 0;  // bit i: words_[i] begins a word of the text
  std::string first_;
};

}  // namespace skerry::store::search_index
