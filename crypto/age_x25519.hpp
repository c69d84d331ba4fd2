// The X25519 recipient type of age: how a file key is wrapped into a stanza and unwrapped.
#pragma once

#include <optional>

#include "core/random.hpp"
#include "crypto/age.hpp"
#include "crypto/age_header.hpp"

namespace skerry::crypto {

inline constexpr std::string_view age_x25519_type = "X25519";
inline constexpr std::size_t age_file_key_bytes = 16;

// Errc::bad_input when the recipient is a point of low order.
Result<AgeStanza> wrap_file_key(const AgeRecipient& recipient, ByteView file_key, Random& random);

// The file key; nullopt when the stanza is for somebody else; Errc::corrupt_bundle when it is not
// what an X25519 stanza must be. `stanza.type` is X25519.
Result<std::optional<SecretBytes>> unwrap_file_key(const AgeIdentity& identity,
                                                   const AgeStanza& stanza);

}  // namespace skerry::crypto
