// HKDF with SHA-256 (RFC 5869).
#pragma once

#include <string_view>

#include "crypto/secret.hpp"

namespace skerry::crypto {

// `secret` is not empty; an empty salt means none; `size` is at most 255 * 32.
SecretBytes hkdf_sha256(ByteView secret, ByteView salt, std::string_view info, std::size_t size);

}  // namespace skerry::crypto
