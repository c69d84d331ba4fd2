// Bech32 (BIP 173) as age uses it for keys: the original checksum, no limit of 90 characters.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/secret.hpp"

namespace skerry::crypto {

enum class Bech32Case { lower, upper };

// `prefix` is lower case ("age"); the text comes out wholly in the case asked for.
SecretBytes bech32_encode(std::string_view prefix, ByteView bytes, Bech32Case letters);

// The bytes behind exactly this prefix, wholly in this case, with a right checksum and without
// padding that could be spelled otherwise; nullopt for anything else.
std::optional<SecretBytes> bech32_decode(std::string_view prefix, std::string_view text,
                                         Bech32Case letters);

}  // namespace skerry::crypto
