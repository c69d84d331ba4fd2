#include "sync/lost_rows.hpp"

#include "store/lost_ranges.hpp"

namespace skerry::sync {

void declare_lost(store::Connection& connection, const store::ChangeLog& log, const LostRows& lost,
                  json::object& facts) {
  facts["lost"] =
      json::object{{"epoch", to_string(lost.epoch)}, {"first", lost.first}, {"last", lost.last}};
  store::note_lost(connection, {lost.epoch, lost.first, lost.last, 0, log.wall_ms()});
}

}  // namespace skerry::sync
