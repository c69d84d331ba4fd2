// The time by which leases run (LICENSING "Time"): the monotonic clock within a run, a floor that
// is kept across runs and only rises. The wall clock is asked once, at the start of a run; later
// its jumps are noticed and recorded, and change nothing.
#pragma once

#include <optional>

#include "core/clock.hpp"

namespace skerry::licensing {

// The wall clock went from `expected` to `found` beside the monotonic one; of a jump between two
// runs `expected` is the floor, and only a step back can be seen.
struct ClockJump {
  UnixMillis expected = 0;
  UnixMillis found = 0;
  bool operator==(const ClockJump&) const = default;
};

// Not thread-safe; whoever shares one guards it.
class LeaseClock {
 public:
  static constexpr std::int64_t jump_ms_min = 10'000;  // smaller ones are a clock being disciplined

  // `clock` must outlive this. `floor`: as kept by the last run, 0 for none.
  LeaseClock(const Clock& clock, UnixMillis floor);

  // Never goes back. What leases are measured in; no instant anybody told raises it.
  UnixMillis now() const;
  // The latest instant known: now(), or one that a signed bundle told. What an entitlement's end is
  // held against, and what the next run begins at.
  UnixMillis floor() const;
  void raise(UnixMillis told);

  // Holds the wall clock against the monotonic one, since the last time: a jump is told once.
  std::optional<ClockJump> check();

 private:
  const Clock& clock_;
  UnixMillis start_;
  std::int64_t started_at_;  // monotonic
  UnixMillis told_ = 0;
  std::int64_t wall_offset_;  // wall minus monotonic, as last found
  std::optional<ClockJump> at_start_;
};

}  // namespace skerry::licensing
