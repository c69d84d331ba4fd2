// Decisions about access that no other row of the log tells of: who was refused, and where.
// Bounded, since strangers cause them: what repeats itself is counted, and the log grows by no more
// than a few rows a minute.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/mutex.hpp"
#include "core/strict_json.hpp"
#include "store/write_records.hpp"
#include "sync/node.hpp"

namespace skerry::api {

inline constexpr std::int64_t refusals_window_ms = 60'000;
inline constexpr std::size_t refusals_per_window_max = 30;

// Any thread.
class AccessLog {
 public:
  // Queues a row; nobody waits for it. Of those within a minute that say the same the first is
  // written; the others are counted in `more_before` of the next one.
  void refused(const sync::Node& node, std::string_view event, json::object facts,
               const store::Author& author) SKERRY_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::int64_t since_ms_ SKERRY_GUARDED_BY(mutex_) = -refusals_window_ms;
  std::set<std::string> seen_ SKERRY_GUARDED_BY(mutex_);  // in this minute
  std::int64_t unwritten_ SKERRY_GUARDED_BY(mutex_) = 0;
};

}  // namespace skerry::api
