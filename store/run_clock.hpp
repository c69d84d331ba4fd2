// The time that a machine has run for, over all its runs: the monotonic clock, from where the last
// run left it. No wall clock moves it: what is kept for a while by it is neither forgotten early
// nor kept for ever.
#pragma once

#include "core/clock.hpp"
#include "store/database.hpp"

namespace skerry::store {

// Immutable; any thread.
class RunClock {
 public:
  // `clock` must outlive this.
  RunClock(Database& database, const Clock& clock);

  UnixMillis now() const { return start_ + (clock_.monotonic_ms() - started_at_); }
  // For the next run, which begins there; once a minute loses little. Writer thread, inside a job.
  void keep(Connection& connection) const;

 private:
  const Clock& clock_;
  UnixMillis start_;
  std::int64_t started_at_;  // monotonic
};

}  // namespace skerry::store
