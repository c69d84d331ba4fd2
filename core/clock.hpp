// Port: time. Wall time is a claim, monotonic time is a fact (SYNC 4.2). The simulator injects its
// own.
#pragma once

#include <cstdint>

namespace skerry {

using UnixMillis = std::int64_t;  // milliseconds since 1970-01-01T00:00:00Z

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixMillis wall_ms() const = 0;
  virtual std::int64_t monotonic_ms() const = 0;  // since an arbitrary start; never goes back
};

class SystemClock final : public Clock {
 public:
  UnixMillis wall_ms() const override;
  std::int64_t monotonic_ms() const override;
};

}  // namespace skerry
