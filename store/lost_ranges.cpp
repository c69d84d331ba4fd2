#include "store/lost_ranges.hpp"

#include <algorithm>

#include "store/log_event.hpp"

namespace skerry::store {
namespace {

json::object describe_ranges(const std::vector<LostRange>& ranges) {
  json::array rows;
  for (const LostRange& range : ranges)
    rows.push_back(json::object{
        {"epoch", to_string(range.epoch)}, {"first", range.missing_from()}, {"last", range.last}});
  return {{"ranges", std::move(rows)}};
}

}  // namespace

void note_lost(Connection& connection, const LostRange& range) {
  connection.execute(
      "INSERT INTO lost_range(epoch,first,last,found,noticed_at,told) VALUES(?1,?2,?3,?4,?5,?6) "
      "ON CONFLICT(epoch,first) DO UPDATE SET last=max(last,excluded.last),"
      "acknowledged_at=CASE WHEN excluded.last<=last THEN acknowledged_at END",
      range.epoch, range.first, range.last, range.found, range.noticed_at, range.told);
}

void note_told(Connection& connection, const std::vector<LostRange>& ranges) {
  auto known = list_lost(connection);
  std::erase_if(known, [](const LostRange& range) { return !range.told; });
  const auto same = [](const LostRange& left, const LostRange& right) {
    return left.epoch == right.epoch && left.first == right.first && left.last == right.last;
  };
  if (std::is_permutation(known.begin(), known.end(), ranges.begin(), ranges.end(), same)) return;
  connection.execute("DELETE FROM lost_range WHERE told=1");
  for (LostRange range : ranges) {
    range.told = true;
    note_lost(connection, range);
  }
}

void note_found(Connection& connection, const EpochId& epoch, std::int64_t n) {
  connection.execute("UPDATE lost_range SET found=?2 WHERE epoch=?1", epoch, n);
}

bool is_in_lost_range(Connection& connection, const EpochId& epoch, std::int64_t seq) {
  return connection
      .query("SELECT 1 FROM lost_range WHERE epoch=?1 AND ?2 BETWEEN first AND last", epoch, seq)
      .next();
}

std::vector<LostRange> list_lost(Connection& connection) {
  std::vector<LostRange> ranges;
  Cursor cursor = connection.query(
      "SELECT epoch,first,last,found,noticed_at,told,acknowledged_at FROM lost_range "
      "ORDER BY noticed_at,epoch,first");
  while (cursor.next()) {
    LostRange range{cursor.id<EpochId>(0), cursor.integer(1), cursor.integer(2), cursor.integer(3),
                    cursor.integer(4)};
    range.told = cursor.integer(5) != 0;
    if (!cursor.is_null(6)) range.acknowledged_at = cursor.integer(6);
    ranges.push_back(range);
  }
  return ranges;
}

std::vector<LostRange> list_missing(Connection& connection) {
  auto ranges = list_lost(connection);
  std::erase_if(ranges, [](const LostRange& range) { return !range.is_missing(); });
  return ranges;
}

std::vector<LostRange> acknowledge_lost(Connection& connection, ChangeLog& log,
                                        const Author& author) {
  auto ranges = list_missing(connection);
  std::erase_if(ranges, [](const LostRange& range) { return range.acknowledged_at.has_value(); });
  if (ranges.empty()) return ranges;
  for (LostRange& range : ranges) {
    range.acknowledged_at = log.wall_ms();
    connection.execute("UPDATE lost_range SET acknowledged_at=?3 WHERE epoch=?1 AND first=?2",
                       range.epoch, range.first, *range.acknowledged_at);
  }
  append_event(connection, log, "lost_acknowledged", describe_ranges(ranges), author);
  return ranges;
}

}  // namespace skerry::store
