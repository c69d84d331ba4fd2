// Ed25519 (RFC 8032) over exact bytes, and its keys as files.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "core/bytes.hpp"
#include "crypto/secret.hpp"

struct evp_pkey_st;

namespace skerry::crypto {

using Signature = std::array<std::uint8_t, 64>;

// The first 16 hex digits of SHA-256(DER SubjectPublicKeyInfo): a hint, never an authority
// (SYNC 4.6).
using KeyId = std::string;
bool is_key_id(std::string_view text);

// A public key. Immutable; copies share it; all members may be called from several threads. What is
// not such a key is refused with Errc::bad_input.
class VerifyKey {
 public:
  // Refuses the points of low order too: under those, one signature fits many messages.
  static Result<VerifyKey> from_raw(ByteView raw32);
  static Result<VerifyKey> from_pem(std::string_view pem);  // SubjectPublicKeyInfo
  std::string to_pem() const;
  std::array<std::uint8_t, 32> raw() const;
  std::string to_text() const;  // base64url of raw()
  static Result<VerifyKey> from_text(std::string_view text);
  KeyId key_id() const;

  // False for a signature of another length, too.
  bool verify(ByteView message, ByteView signature) const;

  bool operator==(const VerifyKey& other) const { return raw() == other.raw(); }

 private:
  explicit VerifyKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  friend class SigningKey;
  std::shared_ptr<evp_pkey_st> key_;
};

// A private key. Immutable; copies share it and the last one wipes it; all members may be called
// from several threads.
class SigningKey {
 public:
  static SigningKey generate();
  // From a 32-byte seed: the simulator's and the test vectors' way to a key.
  static Result<SigningKey> from_seed(ByteView seed32);
  // PEM, PKCS#8, unencrypted. Refuses a file that others may read (mode & 077), with the chmod to
  // run.
  static Result<SigningKey> load(const std::filesystem::path& file);
  // Exactly one PEM block; Errc::bad_input for another kind of key and for an encrypted one.
  static Result<SigningKey> from_pem(std::string_view pem);
  SecretBytes to_pem() const;
  // Creates the file atomically with mode 0600; Errc::already_exists when it is there.
  Result<void> save_new(const std::filesystem::path& file) const;

  Signature sign(ByteView message) const;
  VerifyKey verify_key() const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key);
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<const SecretBytes> seed_and_public_;  // as libsodium takes the key (ADR 71)
};

}  // namespace skerry::crypto
