// X25519 (RFC 7748).
#pragma once

#include <array>
#include <memory>

#include "crypto/secret.hpp"

struct evp_pkey_st;

namespace skerry::crypto {

using X25519Key = std::array<std::uint8_t, 32>;

// A secret with its public key, which costs a multiplication and is computed once. Immutable;
// copies share it and the last one wipes it; all members may be called from several threads.
class X25519Secret {
 public:
  explicit X25519Secret(ByteView secret32);  // any 32 bytes are one

  const X25519Key& public_key() const { return public_key_; }

  // The shared secret, or Errc::corrupt_bundle when it is all zero: the peer's point has low order,
  // so the "secret" would be the same for everybody (RFC 7748 section 6.1).
  Result<SecretBytes> shared(const X25519Key& peer) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  X25519Key public_key_;
};

}  // namespace skerry::crypto
