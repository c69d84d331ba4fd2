#include "store/lost_ranges.hpp"

namespace skerry::store {

void note_lost(Connection& connection, const LostRange& range) {
  connection.execute(
      "INSERT INTO lost_range(epoch,first,last,found,noticed_at) VALUES(?1,?2,?3,?4,?5) "
      "ON CONFLICT(epoch,first) DO UPDATE SET last=max(last,excluded.last)",
      range.epoch, range.first, range.last, range.found, range.noticed_at);
}

void note_found(Connection& connection, const EpochId& epoch, std::int64_t n) {
  connection.execute("UPDATE lost_range SET found=?2 WHERE epoch=?1", epoch, n);
}

std::vector<LostRange> list_lost(Connection& connection) {
  std::vector<LostRange> ranges;
  Cursor cursor = connection.query(
      "SELECT epoch,first,last,found,noticed_at FROM lost_range ORDER BY noticed_at,epoch,first");
  while (cursor.next())
    ranges.push_back({cursor.id<EpochId>(0), cursor.integer(1), cursor.integer(2),
                      cursor.integer(3), cursor.integer(4)});
  return ranges;
}

}  // namespace skerry::store
