// Licence files of Keygen: a certificate in ASCII armour, signed with Ed25519, its content plain or
// encrypted (AES-256-GCM under SHA-256 of the licence key). Input only; immutable data.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/signing.hpp"

namespace skerry::licensing {

inline constexpr std::size_t keygen_file_bytes_max = 256 * 1024;

struct KeygenLicence {
  std::string id;                        // Keygen's, of the licence
  std::string key;                       // the licence key
  std::optional<UnixMillis> expires_at;  // of the licence or of the file, whichever is earlier
};

// 64 hexadecimal digits, as Keygen shows an account's key. Errc::validation_failed.
Result<crypto::VerifyKey> read_keygen_public_key(std::string_view text);

// `key` may be empty for a file that is signed and not encrypted. Errc::validation_failed for a
// file of another form or algorithm, Errc::bad_signature when `account` did not sign it or it is of
// another licence key. Whether it has expired is the caller's question.
Result<KeygenLicence> open_keygen_file(std::string_view file, std::string_view key,
                                       const crypto::VerifyKey& account);

}  // namespace skerry::licensing
