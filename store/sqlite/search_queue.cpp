#include "store/sqlite/search_queue.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "core/check.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {
namespace {

// Bounds the memory of a transaction of any size.
constexpr std::size_t waiting_changes_max = 1024;

using Key = std::pair<std::string_view, std::int64_t>;
Key key_of(const SearchChange& change) { return {change.kind_table, change.rowid}; }

// The statements of one index, so that no change costs their text.
struct Texts {
  explicit Texts(const std::string& kind_table)
      : insert(fmt::format("INSERT INTO {}_search(rowid,text) VALUES(?1,?2)", kind_table)),
        remove(fmt::format("INSERT INTO {0}_search({0}_search,rowid,text) VALUES('delete',?1,?2)",
                           kind_table)) {}
  std::string insert;
  std::string remove;
};

void make(Connection& connection, const Texts& texts, const SearchChange& change) {
  connection.execute(change.is_removal ? texts.remove : texts.insert, change.rowid, change.text);
}

// All changes of one row, in order: what they amount to is at most one removal and one insertion.
void make_net(Connection& connection, const Texts& texts,
              std::span<const SearchChange> of_one_row) {
  const SearchChange* removal = nullptr;
  const SearchChange* insertion = nullptr;
  for (const SearchChange& change : of_one_row) {
    if (!change.is_removal)
      insertion = &change;
    else if (insertion != nullptr)
      insertion = nullptr;
    else
      removal = &change;
  }
  if (removal != nullptr && insertion != nullptr && removal->text == insertion->text) return;
  if (removal != nullptr) make(connection, texts, *removal);
  if (insertion != nullptr) make(connection, texts, *insertion);
}

// Sorted by row, because FTS5 writes a segment whenever rowids go backwards.
void make_sorted(Connection& connection, std::vector<SearchChange> changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
  std::optional<Texts> texts;
  for (auto first = changes.begin(); first != changes.end();) {
    const auto last = std::find_if(first, changes.end(), [&](const SearchChange& change) {
      return key_of(change) != key_of(*first);
    });
    if (first == changes.begin() || std::prev(first)->kind_table != first->kind_table)
      texts.emplace(first->kind_table);
    make_net(connection, *texts, {first, last});
    first = last;
  }
}

}  // namespace

void SearchQueue::add(Connection& connection, SearchChange change) {
  if (!deferring_) return make(connection, Texts(change.kind_table), change);
  changes_.push_back(std::move(change));
  flush_if_many(connection);
}

void SearchQueue::flush(Connection& connection) {
  SKERRY_CHECK(marks_.empty());
  if (failed_) throw StorageError(Errc::io_failed, "the search index could not be written");
  make_all(connection, std::exchange(changes_, {}));
  clear();
}

void SearchQueue::clear() {
  changes_.clear();
  marks_.clear();
  deferring_ = false;
  failed_ = false;
}

void SearchQueue::make_all(Connection& connection, std::vector<SearchChange> changes) {
  failed_ = true;
  make_sorted(connection, std::move(changes));
  failed_ = false;
}

void SearchQueue::release_savepoint(Connection& connection) {
  marks_.pop_back();
  flush_if_many(connection);
}

void SearchQueue::roll_back_savepoint() {
  changes_.erase(changes_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), changes_.end());
  marks_.pop_back();
}

// What belongs to the innermost savepoint can be written now: rolling it back undoes that too. What
// came before it must wait, and so must later changes of the same rows.
void SearchQueue::flush_if_many(Connection& connection) {
  const std::size_t mark = marks_.empty() ? 0 : marks_.back();
  if (changes_.size() - mark < waiting_changes_max) return;
  const auto first = changes_.begin() + static_cast<std::ptrdiff_t>(mark);
  std::set<Key> earlier;
  std::transform(changes_.begin(), first, std::inserter(earlier, earlier.end()), key_of);
  const auto ready = std::stable_partition(
      first, changes_.end(), [&](const auto& change) { return earlier.contains(key_of(change)); });
  std::vector<SearchChange> now(std::make_move_iterator(ready),
                                std::make_move_iterator(changes_.end()));
  changes_.erase(ready, changes_.end());
  make_all(connection, std::move(now));
}

}  // namespace skerry::store
