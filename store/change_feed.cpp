#include "store/change_feed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/prune_log.hpp"
#include "store/row_scope.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t hash_bytes_shown = 8;

std::string shown(const Hash& hash) { return to_hex(ByteView(hash).first(hash_bytes_shown)); }

bool passes(Connection& connection, const LogRow& row, const FeedQuery& query) {
  if (!query.kinds.empty() &&
      std::find(query.kinds.begin(), query.kinds.end(), row.kind) == query.kinds.end())
    return false;
  if (query.customer && !is_of_customer(connection, row, *query.customer)) return false;
  return is_row_seen(connection, row, query.customers);
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
