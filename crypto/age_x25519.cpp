#include "crypto/age_x25519.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "crypto/aead.hpp"
#include "crypto/base64.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/x25519.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view wrap_info = "age-encryption.org/v1/X25519";
constexpr std::size_t body_bytes = age_file_key_bytes + aead_tag_bytes;
constexpr AeadNonce zero_nonce{};  // every wrapping key is used once

SecretBytes wrap_key(ByteView shared, const X25519Key& ephemeral, const X25519Key& recipient) {
  std::array<std::uint8_t, 64> salt;
  std::ranges::copy(recipient, std::ranges::copy(ephemeral, salt.begin()).out);
  return hkdf_sha256(shared, salt, wrap_info, 32);
}

}  // namespace

Result<AgeStanza> wrap_file_key(const AgeRecipient& recipient, ByteView file_key, Random& random) {
  SKERRY_CHECK(file_key.size() == age_file_key_bytes);
  SecretBytes secret(32);
  random.fill(secret.span());
  const X25519Secret ephemeral(secret.view());
  const auto shared = ephemeral.shared(recipient.raw());
  if (!shared)
    return fail(Errc::bad_input,
                "the age recipient " + recipient.to_text() + " is a point of low order");
  ChaCha20Poly1305 cipher(wrap_key(shared->view(), ephemeral.public_key(), recipient.raw()).view());
  AgeStanza stanza{
      std::string(age_x25519_type), {to_base64(ephemeral.public_key())}, Bytes(body_bytes)};
  cipher.seal(zero_nonce, file_key, stanza.body);
  return stanza;
}

Result<std::optional<SecretBytes>> unwrap_file_key(const AgeIdentity& identity,
                                                   const AgeStanza& stanza) {
  if (stanza.arguments.size() != 1)
    return fail(Errc::corrupt_bundle, "an X25519 stanza has one argument");
  const std::optional<Bytes> share = from_base64(stanza.arguments[0]);
  X25519Key ephemeral;
  if (!share || share->size() != ephemeral.size())
    return fail(Errc::corrupt_bundle, "the argument of an X25519 stanza is not a public key");
  std::ranges::copy(*share, ephemeral.begin());
  // Checked before opening: a longer body could be made to open under several keys.
  if (stanza.body.size() != body_bytes)
    return fail(Errc::corrupt_bundle, "the body of an X25519 stanza has 32 bytes");

  SKERRY_TRY(const SecretBytes shared, identity.key().shared(ephemeral));
  ChaCha20Poly1305 cipher(wrap_key(shared.view(), ephemeral, identity.key().public_key()).view());
  SecretBytes file_key(age_file_key_bytes);
  if (!cipher.open(zero_nonce, stanza.body, file_key.span())) return std::nullopt;
  return std::optional<SecretBytes>(std::move(file_key));
}

}  // namespace skerry::crypto
