#include "store/sqlite/tally.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/deferred.hpp"

namespace skerry::store {
namespace {

void write(Connection& connection, std::string_view name, std::int64_t number) {
  if (number == 0) return;
  connection.execute(
      "INSERT INTO tally(name,number) VALUES(?1,?2) "
      "ON CONFLICT(name) DO UPDATE SET number=number+excluded.number",
      name, number);
}

}  // namespace

void tally::add(Connection& connection, std::string_view name, std::int64_t number) {
  connection.deferred().tally.add(connection, name, number);
}

std::int64_t tally::read(Connection& connection, std::string_view name) {
  Cursor cursor = connection.query("SELECT number FROM tally WHERE name=?1", name);
  return cursor.next() ? cursor.integer(0) : 0;
}

void TallyQueue::add(Connection& connection, std::string_view name, std::int64_t number) {
  if (deferring_)
    remember(name, number);
  else
    write(connection, name, number);
}

void TallyQueue::remember(std::string_view name, std::int64_t number) {
  const std::size_t mark = marks_.empty() ? 0 : marks_.back();
  const auto known =
      std::find_if(additions_.begin() + static_cast<std::ptrdiff_t>(mark), additions_.end(),
                   [&](const auto& each) { return each.name == name; });
  if (known != additions_.end())
    known->number += number;
  else
    additions_.push_back({std::string(name), number});
}

void TallyQueue::flush(Connection& connection) {
  SKERRY_CHECK(marks_.empty());
  for (const auto& [name, number] : additions_) write(connection, name, number);
  clear();
}

void TallyQueue::clear() {
  additions_.clear();
  marks_.clear();
  deferring_ = false;
}

// What the savepoint added belongs to the one around it.
void TallyQueue::release_savepoint() {
  const auto first = additions_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  const std::vector<Addition> inner(std::make_move_iterator(first),
                                    std::make_move_iterator(additions_.end()));
  roll_back_savepoint();
  for (const auto& [name, number] : inner) remember(name, number);
}

void TallyQueue::roll_back_savepoint() {
  additions_.resize(marks_.back());
  marks_.pop_back();
}

}  // namespace skerry::store
