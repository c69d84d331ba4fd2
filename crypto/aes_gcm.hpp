// AES-256-GCM (NIST SP 800-38D) without associated data, for opening what others have sealed.
#pragma once

#include <optional>

#include "core/bytes.hpp"

namespace skerry::crypto {

inline constexpr std::size_t aes_gcm_nonce_bytes = 12;
inline constexpr std::size_t aes_gcm_tag_bytes = 16;

// The plain text; nullopt for what was not sealed under this key and nonce, and for a nonce or tag
// of another length.
std::optional<Bytes> open_aes_256_gcm(ByteView key32, ByteView nonce, ByteView sealed,
                                      ByteView tag);

}  // namespace skerry::crypto
