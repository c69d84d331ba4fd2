// Lists by words: through the words of the index in the order of the alphabet, never through all
// the rows that a prefix gathers (ADR 0018).
#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/text.hpp"
#include "store/list_plan.hpp"
#include "store/sqlite/search_index.hpp"

namespace skerry::store {
namespace {

// How many rows a word may lead to before it counts as common.
constexpr std::int64_t common_word_rows = 500;
// Long texts cost more to look at than short ones: each such piece counts as a row.
constexpr std::size_t text_bytes_a_row = 512;
// A cursor holds the term that a page ended with. Of a longer one it holds the beginning, and goes
// on behind all terms with that beginning.
constexpr std::size_t term_bytes_max = 500;

// The rows that words with this beginning lead to, counted up to `rows`.
std::int64_t count_rows(Connection& connection, const ListQuery& query, const std::string& word,
                        std::int64_t rows) {
  const ListStatement statement = words_statement(query, word, rows);
  Cursor cursor = statement.open(connection);
  std::int64_t count = 0;
  while (cursor.next() && cursor.text(0).starts_with(word)) ++count;
  return count;
}

struct Lead {
  std::size_t word = 0;
  std::int64_t rows = 0;  // up to common_word_rows
};

// The word that fewest rows have; among common ones the longest. A long word is likely a rare one,
// and none is counted beyond what a rarer one has.
Lead choose_lead(Connection& connection, const ListQuery& query) {
  std::vector<std::size_t> order(query.words.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return query.words[a].size() > query.words[b].size();
  });
  Lead lead{order.front(), common_word_rows};
  if (query.words.size() == 1 && list_drivers(query).empty()) return lead;
  for (const std::size_t word : order) {
    const std::int64_t rows = count_rows(connection, query, query.words[word], lead.rows);
    if (rows < lead.rows) lead = {word, rows};
    if (rows == 0) break;
  }
  return lead;
}

class Search {
 public:
  Search(Connection& connection, const ListQuery& query, std::size_t lead)
      : connection_(connection),
        query_(query),
        lead_(lead),
        match_(query.words, lead),
        columns_(list_columns(*query.kind)) {}

  ListPage walked() {
    std::string from = query_.words[lead_];
    bool more = true;
    if (query_.after && query_.after->term_is_cut) {
      from = query_.after->term + '\xff';
    } else if (query_.after) {
      const std::string& term = query_.after->term;
      more = look_through(term_statement(query_, term, query_.after->row, rows()));
      from = term + '\x01';  // behind the term, and before every longer one
    }
    if (more) look_through(terms_statement(query_, from, rows()));
    return std::move(page_);
  }

  ListPage sorted(const ListDriver& driver);

 private:
  // One more than may be looked at: it tells whether there is a next page.
  std::int64_t rows() const { return std::max(left_, 0) + 1; }

  // The rows of a statement, until the page ends or the words no longer begin with the lead's.
  // Whether the walk goes on behind them.
  bool look_through(const ListStatement& statement) {
    Cursor cursor = statement.open(connection_);
    while (cursor.next()) {
      const std::string_view term = cursor.text(columns_.term);
      if (!term.starts_with(query_.words[lead_])) return false;
      const bool passes = found_by(cursor, term);
      if (left_ <= 0 || (passes && std::ssize(page_.items) == query_.limit)) {
        page_.next = std::move(last_);
        return false;
      }
      left_ -= 1 + static_cast<int>(cursor.text(columns_.text).size() / text_bytes_a_row);
      if (passes) add(cursor);
      if (left_ <= 0 || std::ssize(page_.items) == query_.limit) last_ = position_of(cursor, term);
    }
    return true;
  }

  // A record with two words that the lead begins is found by the first of them only.
  bool found_by(const Cursor& cursor, std::string_view term) {
    if (cursor.integer(columns_.passes) == 0) return false;
    const auto first = match_.first_of_lead(cursor.text(columns_.text));
    return first && *first == term;
  }

  void add(const Cursor& cursor) {
    append_record_json(page_.items.emplace_back(), cursor, *query_.kind);
    page_.ids.push_back(cursor.id<RecordId>(1));
  }

  ListPosition position_of(const Cursor& cursor, std::string_view term) const {
    ListPosition position;
    position.id = cursor.id<RecordId>(1);
    position.lead = lead_;
    position.term_is_cut = term.size() > term_bytes_max;
    position.term = beginning_of(term, term_bytes_max);
    position.row = cursor.integer(0);
    return position;
  }

  Connection& connection_;
  const ListQuery& query_;
  std::size_t lead_;
  search_index::WordMatch match_;
  ListColumns columns_;
  ListPage page_;
  std::optional<ListPosition> last_;  // once the page may end with any row
  int left_ = list_rows_examined_max;
};

// The same order, from a set that a filter led to.
ListPage Search::sorted(const ListDriver& driver) {
  std::vector<std::pair<ListPosition, std::string>> found;
  const ListStatement statement = set_statement(query_, driver, small_set_max);
  Cursor cursor = statement.open(connection_);
  while (cursor.next()) {
    if (cursor.integer(columns_.passes) == 0) continue;
    const auto term = match_.first_of_lead(cursor.text(columns_.text));
    if (!term) continue;
    ListPosition position = position_of(cursor, *term);
    const auto& after = query_.after;
    if (after && std::tie(position.term, position.row) <= std::tie(after->term, after->row))
      continue;
    append_record_json(found.emplace_back(std::move(position), std::string()).second, cursor,
                       *query_.kind);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.term, a.first.row) < std::tie(b.first.term, b.first.row);
  });
  const auto limit = static_cast<std::size_t>(query_.limit);
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
    page_.items.push_back(std::move(found[i].second));
    page_.ids.push_back(found[i].first.id);
  }
  if (found.size() > limit) page_.next = std::move(found[limit - 1].first);
  return std::move(page_);
}

}  // namespace

ListPage search_page(Connection& connection, const ListQuery& query) {
  Lead lead;
  if (query.after)
    lead = {query.after->lead, common_word_rows};
  else
    lead = choose_lead(connection, query);
  if (lead.rows == 0) return {};
  Search search(connection, query, lead.word);
  if (lead.rows == common_word_rows) {
    const ListChoice choice = choose_driver(connection, query);
    if (choice.few) return search.sorted(choice.driver);
  }
  return search.walked();
}

}  // namespace skerry::store
