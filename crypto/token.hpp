// Bearer tokens: skry_<kind>_<30 base62><crc32 base62> (API.md "Access"). Shown once; SHA-256 at
// rest.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/random.hpp"

namespace skerry::crypto {

// `kind` is 1–16 of [a-z].
std::string new_token(std::string_view kind, Random& random);
// Form and checksum only: lets a typing mistake be told from an unknown token.
bool is_well_formed_token(std::string_view token);
Hash token_hash(std::string_view token);

}  // namespace skerry::crypto
