#include "crypto/signing.hpp"

#include <algorithm>
#include <sodium.h>

#include "core/check.hpp"
#include "crypto/evp.hpp"
#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

constexpr std::size_t key_bytes = 32;

// What stands before the key in its DER SubjectPublicKeyInfo (RFC 8410): always the same, and
// OpenSSL's encoder takes longer to find its way there than a signature takes.
constexpr std::array<std::uint8_t, 12> spki_prefix{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                   0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

using EncodedPoint = std::array<std::uint8_t, key_bytes>;

constexpr EncodedPoint point(std::uint8_t first, std::uint8_t middle, std::uint8_t last) {
  EncodedPoint encoded;
  encoded.fill(middle);
  encoded.front() = first;
  encoded.back() = last;
  return encoded;
}

// Every y of a point whose order divides 8, without the sign bit (p = 2^255-19).
constexpr std::array<EncodedPoint, 7> low_order_points{
    point(0x00, 0x00, 0x00),  // y = 0, order 4
    point(0x01, 0x00, 0x00),  // y = 1, the neutral element
    point(0xec, 0xff, 0x7f),  // y = p-1, order 2
    point(0xed, 0xff, 0x7f),  // y = p, another spelling of 0
    point(0xee, 0xff, 0x7f),  // y = p+1, another spelling of 1
    // order 8: the roots of d*y^4 + 2*y^2 - 1
    EncodedPoint{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    EncodedPoint{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

bool is_low_order(ByteView raw) {
  EncodedPoint y;
  std::ranges::copy(raw, y.begin());
  y.back() &= 0x7f;
  return std::ranges::find(low_order_points, y) != low_order_points.end();
}

DigestContextPtr new_context() {
  DigestContextPtr context(EVP_MD_CTX_new());
  openssl_must(context != nullptr, "EVP_MD_CTX_new");
  return context;
}

}  // namespace

Result<VerifyKey> VerifyKey::from_raw(ByteView raw32) {
  if (raw32.size() != key_bytes) return fail(Errc::bad_input, "an Ed25519 public key has 32 bytes");
  if (is_low_order(raw32))
    return fail(Errc::bad_input, "the Ed25519 public key is a point of low order");
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw32.data(), raw32.size());
  openssl_must(key != nullptr, "Ed25519 public key");
  return VerifyKey({key, EVP_PKEY_free});
}

std::array<std::uint8_t, 32> VerifyKey::raw() const {
  std::array<std::uint8_t, key_bytes> raw;
  std::size_t size = raw.size();
  openssl_must(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) == 1,
               "Ed25519 public key");
  return raw;
}

std::string VerifyKey::to_text() const { return to_base64url(raw()); }

Result<VerifyKey> VerifyKey::from_text(std::string_view text) {
  const std::optional<Bytes> raw = from_base64url(text);
  if (!raw) return fail(Errc::bad_input, "the public key is not canonical base64url");
  return from_raw(*raw);
}

bool is_key_id(std::string_view text) {
  constexpr std::size_t digits = 16;
  return text.size() == digits && from_hex(text).has_value();
}

KeyId VerifyKey::key_id() const {
  std::array<std::uint8_t, spki_prefix.size() + key_bytes> der;
  std::ranges::copy(raw(), std::ranges::copy(spki_prefix, der.begin()).out);
  const Hash digest = sha256(der);
  return to_hex(ByteView(digest).first(8));
}

bool VerifyKey::verify(ByteView message, ByteView signature) const {
  if (signature.size() != std::tuple_size_v<Signature>) return false;
  const OpensslErrorScope errors;
  const DigestContextPtr context = new_context();
  openssl_must(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1,
               "Ed25519");
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

SigningKey::SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {
  static const bool is_ready = sodium_init() >= 0;
  SKERRY_CHECK(is_ready);
  SecretBytes both(2 * key_bytes);
  std::size_t seed_size = key_bytes;
  std::size_t public_size = key_bytes;
  openssl_must(EVP_PKEY_get_raw_private_key(key_.get(), both.span().data(), &seed_size) == 1 &&
                   EVP_PKEY_get_raw_public_key(key_.get(), both.span().data() + key_bytes,
                                               &public_size) == 1,
               "Ed25519 private key");
  seed_and_public_ = std::make_shared<const SecretBytes>(std::move(both));
}

SigningKey SigningKey::generate() {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  openssl_must(key != nullptr, "Ed25519 key generation");
  return SigningKey({key, EVP_PKEY_free});
}

Result<SigningKey> SigningKey::from_seed(ByteView seed32) {
  if (seed32.size() != key_bytes) return fail(Errc::bad_input, "an Ed25519 seed has 32 bytes");
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, seed32.data(), seed32.size());
  openssl_must(key != nullptr, "Ed25519 private key");
  return SigningKey({key, EVP_PKEY_free});
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature;
  SKERRY_CHECK(crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(),
                                            message.size(), seed_and_public_->view().data()) == 0);
  return signature;
}

VerifyKey SigningKey::verify_key() const {
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key_ex(
      nullptr, "ED25519", nullptr, seed_and_public_->view().data() + key_bytes, key_bytes);
  openssl_must(key != nullptr, "Ed25519 public key");
  return VerifyKey({key, EVP_PKEY_free});
}

}  // namespace skerry::crypto
