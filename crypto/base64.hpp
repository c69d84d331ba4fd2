// Base64 as age writes it: RFC 4648 section 4, without padding. Not for secrets (nothing is wiped).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace skerry::crypto {

std::string to_base64(ByteView bytes);
// Canonical only: no padding, no stray trailing bits, no white space.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace skerry::crypto
