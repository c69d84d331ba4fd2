// JSON Web Signatures (RFC 7515, compact) with EdDSA over Ed25519 (RFC 8037), of one type each.
#pragma once

#include <string>
#include <string_view>

#include "core/strict_json.hpp"
#include "crypto/signing.hpp"

namespace skerry::licensing {

json::object to_jwk(const crypto::VerifyKey& key);
// alg, typ, kid and jwk.
json::object jws_header(const crypto::SigningKey& key, std::string_view type);
// A header or claims, as they stand in the text.
std::string jws_part(const json::object& object);
std::string sign_jws(const crypto::SigningKey& key, std::string_view header_part,
                     const json::object& claims);

// The claims; Errc::bad_signature unless `key` signed this text, as this type.
Result<json::object> verify_jws(const crypto::VerifyKey& key, std::string_view text,
                                std::string_view type);
// The one member of `chain` in the header, which nobody has verified; empty without one.
std::string chain_of(std::string_view text);
// The key that the header names, which anybody may have made; Errc::bad_signature without one.
Result<crypto::VerifyKey> signer_of(std::string_view text);

}  // namespace skerry::licensing
