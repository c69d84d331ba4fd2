#include "core/ids.hpp"

#include <algorithm>

namespace skerry {
namespace {

constexpr UnixMillis ms_max = (UnixMillis{1} << 48) - 1;

bool hyphen_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void set_version(std::array<std::uint8_t, 16>& bytes, std::uint8_t version) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

std::string detail::format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (hyphen_before(i)) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

bool detail::parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
  if (text.size() != 36) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (hyphen_before(i) && text[at++] != '-') return false;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

RecordId new_record_id(UnixMillis now, Random& random) {
  RecordId id;
  random.fill(std::span(id.bytes).subspan(6));
  const auto ms = static_cast<std::uint64_t>(std::clamp<UnixMillis>(now, 0, ms_max));
  for (int i = 0; i < 6; ++i)
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  set_version(id.bytes, 7);
  return id;
}

std::array<std::uint8_t, 16> new_uuid4(Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  set_version(bytes, 4);
  return bytes;
}

}  // namespace skerry
