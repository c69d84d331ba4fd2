#include "licensing/lease_clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace skerry::licensing {

LeaseClock::LeaseClock(const Clock& clock, UnixMillis floor)
    : clock_(clock), start_(floor), started_at_(clock.monotonic_ms()) {
  const UnixMillis wall = clock.wall_ms();
  if (wall + jump_ms_min <= floor) at_start_ = ClockJump{floor, wall};
  start_ = std::max(start_, wall);
  wall_offset_ = wall - started_at_;
}

UnixMillis LeaseClock::now() const { return start_ + (clock_.monotonic_ms() - started_at_); }

UnixMillis LeaseClock::floor() const { return std::max(now(), told_); }

void LeaseClock::raise(UnixMillis told) { told_ = std::max(told_, told); }

std::optional<ClockJump> LeaseClock::check() {
  if (at_start_) return std::exchange(at_start_, std::nullopt);
  const UnixMillis wall = clock_.wall_ms();
  const std::int64_t monotonic = clock_.monotonic_ms();
  const UnixMillis expected = monotonic + wall_offset_;
  wall_offset_ = wall - monotonic;  // a drift that is followed never adds up to a jump
  if (std::abs(wall - expected) < jump_ms_min) return std::nullopt;
  return ClockJump{expected, wall};
}

}  // namespace skerry::licensing
