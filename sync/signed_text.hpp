// A text with Ed25519 signatures over its exact bytes, as trust and new keys travel: inside a
// manifest, in a file, in the database (docs/formats/trust.md).
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/strict_json.hpp"
#include "crypto/signing.hpp"

namespace skerry::sync {

inline constexpr std::size_t signed_text_bytes_max = 16 * 1024;
inline constexpr std::size_t text_signatures_max = 32;

struct SignedText {
  std::string text;  // JSON; its member `_type` says of what
  std::map<crypto::KeyId, crypto::Signature> signatures;
};

json::object to_json(const SignedText& text);
// Errc::corrupt_bundle. Nothing is verified.
Result<SignedText> read_signed_text(const json::value& value);
// Of an array of them; empty for none.
Result<std::vector<SignedText>> read_signed_texts(const json::value& value, std::size_t count_max);

void sign(SignedText& text, const crypto::SigningKey& key);
// False without a signature that is named after the key; Errc::bad_signature for one that does not
// fit.
Result<bool> is_signed_by(const SignedText& text, const crypto::VerifyKey& key);
// By how many of the keys, which are distinct.
Result<std::int64_t> count_signers(const SignedText& text, std::span<const crypto::VerifyKey> keys);

}  // namespace skerry::sync
