#include "core/hlc.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/compile.h>
#include <limits>

namespace skerry {
namespace {

constexpr std::uint64_t bits_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t ms_max = (std::uint64_t{1} << 48) - 1;

bool read_hex(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const bool lower = std::none_of(text.begin(), text.end(),
                                  [](char c) { return c < '0' || (c > '9' && c < 'a'); });
  return error == std::errc{} && end == text.data() + text.size() && lower;
}

}  // namespace

HlcStamp HlcStamp::at(UnixMillis ms, std::uint16_t counter) {
  const auto clamped = ms < 0 ? 0 : std::min(static_cast<std::uint64_t>(ms), ms_max);
  return {clamped << 16 | counter};
}

std::string to_string(HlcStamp stamp) {
  return fmt::format(FMT_COMPILE("{:012x}-{:04x}"), stamp.bits >> 16, stamp.bits & 0xffff);
}

std::optional<HlcStamp> parse_hlc(std::string_view text) {
  std::uint64_t ms = 0;
  std::uint64_t counter = 0;
  if (text.size() != 17 || text[12] != '-' || !read_hex(text.substr(0, 12), ms) ||
      !read_hex(text.substr(13), counter))
    return std::nullopt;
  return HlcStamp{ms << 16 | counter};
}

HlcStamp Hlc::tick(UnixMillis wall) {
  // A full counter runs over into the milliseconds, which keeps the order.
  const std::uint64_t next = last_.bits == bits_max ? bits_max : last_.bits + 1;
  last_ = std::max(HlcStamp::at(wall), HlcStamp{next});
  return last_;
}

void Hlc::observe(HlcStamp seen) { last_ = std::max(last_, seen); }

HlcStamp effective_stamp(HlcStamp stamp, UnixMillis received) {
  return std::min(stamp, HlcStamp::at(received + stamp_lead_ms_max));
}

bool clock_suspect(HlcStamp stamp, UnixMillis received) {
  return std::llabs(stamp.ms() - received) > clock_suspect_ms;
}

}  // namespace skerry
