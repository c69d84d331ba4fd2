#include "store/change_feed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "store/prune_log.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t hash_bytes_shown = 8;

std::string shown(const Hash& hash) { return to_hex(ByteView(hash).first(hash_bytes_shown)); }

// A record that moves to another customer leaves the one that its change names as an old value.
bool leaves(std::string_view line, const std::string& customer) {
  return line.find(fmt::format(R"("o":"{}")", customer)) != std::string_view::npos;
}

// Whose the location was when row `n` was written: its last row until then says so. Where that was
// pruned, the table must do.
RecordId customer_at(Connection& connection, const RecordId& location, std::int64_t n) {
  Cursor then = connection.query(
      "SELECT customer FROM change_log WHERE record=?1 AND n<=?2 ORDER BY n DESC LIMIT 1", location,
      n);
  if (then.next()) return then.id<RecordId>(0);
  Cursor now = connection.query("SELECT scope_customer FROM location WHERE id=?1", location);
  return now.next() ? now.id<RecordId>(0) : RecordId{};
}

// Whether a place that was the customer's is one that a move names or named: its asset comes there
// or leaves it.
bool moves_there(Connection& connection, const LogRow& row, const RecordId& customer) {
  if (row.kind != "move") return false;
  const auto line = parse_json_object(row.line, {.fractions = true});
  if (!line) return false;
  const json::value* taken_in = line->if_contains("row");
  const json::object* change = taken_in ? taken_in->if_object() : &*line;
  const json::object* fields = change ? object_of(*change, "f") : nullptr;
  if (!fields) return false;
  const auto was_theirs = [&](const json::value& location) {
    const json::string* text = location.if_string();
    const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
    return id && customer_at(connection, *id, row.n) == customer;
  };
  for (const char* name : {"from_location", "to_location"}) {
    const json::value& value = member_of(*fields, name);
    if (value.is_object() ? was_theirs(member_of(value, "o")) || was_theirs(member_of(value, "n"))
                          : was_theirs(value))
      return true;
  }
  return false;
}

bool is_of_customer(Connection& connection, const LogRow& row, const RecordId& customer) {
  return row.subject.customer == customer || row.subject.place == customer ||
         leaves(row.line, to_string(customer)) || moves_there(connection, row, customer);
}

bool passes(Connection& connection, const LogRow& row, const FeedQuery& query) {
  if (!query.kinds.empty() &&
      std::find(query.kinds.begin(), query.kinds.end(), row.kind) == query.kinds.end())
    return false;
  if (query.customer && !is_of_customer(connection, row, *query.customer)) return false;
  return query.customers.empty() ||
         std::any_of(query.customers.begin(), query.customers.end(),
                     [&](const RecordId& each) { return is_of_customer(connection, row, each); });
}

tl::unexpected<Error> other_history(std::string detail, std::int64_t last) {
  return fail(
      Errc::wrong_history, std::move(detail),
      fmt::format("read the records again, then go on with GET /v1/changes?after={}", last));
}

}  // namespace

FeedPosition position_of(const LogRow& row) { return {row.n, shown(row.hash)}; }

FeedPage read_feed(Connection& connection, const FeedQuery& query) {
  static const std::string sql =
      fmt::format("SELECT {} FROM change_log WHERE n>?1 ORDER BY n LIMIT ?2", log_columns);
  FeedPage page;
  page.last.n = query.after;
  int examined = 0;
  Cursor cursor = connection.query(sql, query.after, query.rows_examined_max);
  while (std::ssize(page.rows) < query.limit && cursor.next()) {
    ++examined;
    LogRow row = read_log_row(cursor);
    page.last = position_of(row);
    if (passes(connection, row, query)) page.rows.push_back(std::move(row));
  }
  page.at_end = examined < query.rows_examined_max && std::ssize(page.rows) < query.limit;
  return page;
}

Result<void> check_position(Connection& connection, const FeedPosition& position) {
  const LogBegin begin = read_log_begin(connection);
  if (position.n == 0 && begin.n == 0) return {};
  Cursor newest = connection.query("SELECT max(n) FROM change_log");
  const std::int64_t last = newest.next() ? newest.integer(0) : 0;
  if (position.n > last)
    return other_history(
        fmt::format("the last change here is {}; {} is of another history of this machine, from "
                    "before a restore or of another copy",
                    last, position.n),
        last);
  if (position.n < begin.n)
    return other_history(fmt::format("changes up to {} are not kept here any more: they were in a "
                                     "backup of central's and old",
                                     begin.n),
                         last);
  if (position.at.empty()) return {};
  Cursor row = connection.query(
      "SELECT hash FROM change_log WHERE n=?1 UNION ALL SELECT hash FROM pruned WHERE n=?1",
      position.n);
  if (row.next() && shown(row.hash(0)) == position.at) return {};
  return other_history(
      fmt::format("change {} here is not the one that was read: the log has another history",
                  position.n),
      last);
}

}  // namespace skerry::store
