// Strong identifiers (SYNC 4.1): 16-byte UUIDs that cannot be mistaken for one another.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"

namespace skerry {

// Text form: RFC 9562, 36 characters, lower case.
template <class Tag>
struct Id {
  std::array<std::uint8_t, 16> bytes{};

  ByteView view() const { return bytes; }
  bool is_zero() const { return bytes == std::array<std::uint8_t, 16>{}; }
  auto operator<=>(const Id&) const = default;
};

using RecordId = Id<struct RecordTag>;      // UUIDv7, made where the record is made
using SiteId = Id<struct SiteTag>;          // UUIDv4, made by central; the zero id names central
using EpochId = Id<struct EpochTag>;        // 16 random bytes: one life of one log
using ChangeUid = Id<struct ChangeUidTag>;  // names a change across re-issues

namespace detail {
std::string format_uuid(const std::array<std::uint8_t, 16>& bytes);
// Accepts lower and upper case; hyphens in their places only.
bool parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& bytes);
}  // namespace detail

template <class Tag>
std::string to_string(const Id<Tag>& id) {
  return detail::format_uuid(id.bytes);
}

// parse_id<RecordId>("0199…")
template <class IdType>
std::optional<IdType> parse_id(std::string_view text) {
  IdType id;
  if (!detail::parse_uuid(text, id.bytes)) return std::nullopt;
  return id;
}

// From 16 stored bytes.
template <class IdType>
std::optional<IdType> id_from_bytes(ByteView bytes) {
  IdType id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

// UUIDv7: 48 bits of `now`, then 74 random bits. The time part serves locality only; a clock
// outside its range counts as the nearest end.
RecordId new_record_id(UnixMillis now, Random& random);

// 16 random bytes with the version bits of a UUIDv4.
std::array<std::uint8_t, 16> new_uuid4(Random& random);

template <class IdType>
IdType new_id(Random& random) {
  return IdType{new_uuid4(random)};
}

}  // namespace skerry

template <class Tag>
struct std::hash<skerry::Id<Tag>> {
  std::size_t operator()(const skerry::Id<Tag>& id) const noexcept {
    std::size_t value;  // the last bytes: random in every version we make
    std::memcpy(&value, id.bytes.data() + 8, sizeof value);
    return value;
  }
};
