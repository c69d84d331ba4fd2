// Hybrid logical clock (SYNC 4.2): 48 bits of milliseconds and a 16-bit counter. Never goes back.
// Source: Kulkarni et al., "Logical Physical Clocks", 2014.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace skerry {

struct HlcStamp {
  std::uint64_t bits = 0;  // milliseconds << 16 | counter

  UnixMillis ms() const { return static_cast<UnixMillis>(bits >> 16); }
  auto operator<=>(const HlcStamp&) const = default;

  static HlcStamp at(UnixMillis ms, std::uint16_t counter = 0);
};

// "0199c0de1234-0003": 12 and 4 hexadecimal digits.
std::string to_string(HlcStamp stamp);
std::optional<HlcStamp> parse_hlc(std::string_view text);

// Not thread-safe: owned by the writer.
class Hlc {
 public:
  explicit Hlc(HlcStamp floor = {}) : last_(floor) {}

  // Greater than every stamp given before, and not before `wall`. At the end of its range, which
  // only a forged stamp can reach, the clock stands still rather than start again.
  HlcStamp tick(UnixMillis wall);
  // Raises the floor: what central stamped happened before what comes now.
  void observe(HlcStamp seen);
  HlcStamp last() const { return last_; }

 private:
  HlcStamp last_;
};

// SYNC 4.2: a stamp never counts later than a minute after it was received (invariant I9).
inline constexpr std::int64_t stamp_lead_ms_max = 60'000;
HlcStamp effective_stamp(HlcStamp stamp, UnixMillis received);

// More than five minutes apart: the sender's clock is suspect. Data is never refused for it.
inline constexpr std::int64_t clock_suspect_ms = 300'000;
bool clock_suspect(HlcStamp stamp, UnixMillis received);

}  // namespace skerry
