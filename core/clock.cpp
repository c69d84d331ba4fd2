#include "core/clock.hpp"

#include <chrono>

namespace skerry {
namespace {

template <class ClockType>
std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(ClockType::now().time_since_epoch())
      .count();
}

}  // namespace

UnixMillis SystemClock::wall_ms() const { return now_ms<std::chrono::system_clock>(); }
std::int64_t SystemClock::monotonic_ms() const { return now_ms<std::chrono::steady_clock>(); }

}  // namespace skerry
