// Opaque, authenticated cursors of lists (docs/design: API "Lists"). A client cannot make one up,
// change one, or use one for another list than it was given for.
//
// Text: base64url(position ‖ tag), tag = the first 16 bytes of
// HMAC-SHA-256(key, "skerry cursor 1\0" ‖ binding ‖ position).
// The position is authenticated, not encrypted: it holds nothing that the list did not show.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "api/http_types.hpp"
#include "core/bytes.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {

inline constexpr std::size_t cursor_position_bytes_max = 2048;

// What a cursor belongs to: the route, its parameters, and every query parameter (in whatever order
// they came) but `cursor` and `limit`, which may differ from page to page.
Hash list_binding(const Request& request);

// Immutable; any thread.
class CursorCodec {
 public:
  // `key` is the database's own, so that cursors survive a restart and die with the database.
  explicit CursorCodec(const std::array<std::uint8_t, 32>& key) : key_(key) {}

  // `position`: where the next page begins, in any bytes the list likes; at most
  // cursor_position_bytes_max (CHECK).
  std::string encode(std::string_view position, const Hash& binding) const;
  // The position. Errc::bad_cursor for anything that encode() did not give for this binding and
  // key.
  Result<std::string> decode(std::string_view cursor, const Hash& binding) const;

 private:
  std::array<std::uint8_t, 16> tag(std::string_view position, const Hash& binding) const;

  crypto::HmacKey key_;
};

}  // namespace skerry::api
