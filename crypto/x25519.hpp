// X25519 (RFC 7748).
#pragma once

#include <array>

#include "crypto/secret.hpp"

namespace skerry::crypto {

using X25519Key = std::array<std::uint8_t, 32>;

// The public key of a 32-byte secret (any 32 bytes are one).
X25519Key x25519_public(ByteView secret);

// The shared secret, or Errc::corrupt_bundle when it is all zero: the peer's point has low order,
// so the "secret" would be the same for everybody (RFC 7748 section 6.1).
Result<SecretBytes> x25519_shared(ByteView secret, const X25519Key& peer);

}  // namespace skerry::crypto
