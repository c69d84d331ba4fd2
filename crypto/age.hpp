// age v1 files (https://age-encryption.org/v1) for X25519 recipients, written and read as streams.
// age authenticates no sender; on a damaged file the reader may have passed on whole chunks before
// it fails. Callers stage what they get and let a signature be the authority (SYNC 2).
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "crypto/secret.hpp"
#include "crypto/x25519.hpp"

namespace skerry::crypto {

inline constexpr std::size_t age_stanzas_max = 8;  // SYNC 4.6
inline constexpr std::size_t age_header_bytes_max = 64 * 1024;

// An X25519 public key: "age1…" (bech32, lower case).
class AgeRecipient {
 public:
  // Errc::bad_input for anything but the one spelling of a key.
  static Result<AgeRecipient> parse(std::string_view text);
  std::string to_text() const;
  const std::array<std::uint8_t, 32>& raw() const { return raw_; }
  bool operator==(const AgeRecipient&) const = default;

 private:
  friend class AgeIdentity;
  std::array<std::uint8_t, 32> raw_{};
};

// An X25519 private key: "AGE-SECRET-KEY-1…". Movable only; wiped when dropped.
class AgeIdentity {
 public:
  static AgeIdentity generate(Random& random);
  // Errc::bad_input for anything but the one spelling of a key; the detail never repeats the text.
  static Result<AgeIdentity> parse(std::string_view text);
  // The file `age-keygen` writes: comments, one key line. Refuses a file that others may read.
  static Result<AgeIdentity> load(const std::filesystem::path& file);
  // Atomic, 0600, with the public key as a comment; Errc::already_exists when it is there.
  Result<void> save_new(const std::filesystem::path& file) const;
  SecretBytes to_text() const;
  AgeRecipient recipient() const;
  const X25519Secret& key() const { return key_; }

 private:
  explicit AgeIdentity(SecretBytes secret) : secret_(std::move(secret)), key_(secret_.view()) {}
  SecretBytes secret_;
  X25519Secret key_;
};

// Encrypts what is written to it and passes the file on to `next`, holding one chunk of 64 KiB. 1
// to age_stanzas_max recipients. Errc::bad_input (from the first write) for a recipient of low
// order.
class AgeEncryptor final : public ByteSink {
 public:
  AgeEncryptor(ByteSink& next, std::span<const AgeRecipient> recipients, Random& random);
  ~AgeEncryptor() override;
  Result<void> write(ByteView plain) override;
  Result<void> finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Decrypts the file written to it and passes each chunk of 64 KiB on to `next` once it is verified;
// the header (at most age_header_bytes_max) and one chunk are held. Errors: Errc::missing_key
// (no stanza is ours), Errc::corrupt_bundle (anything that is not strictly the format),
// Errc::limit_exceeded (more stanzas or a longer header than we read).
// finish() fails unless the final chunk was seen. Stanzas of unknown types are skipped but counted.
class AgeDecryptor final : public ByteSink {
 public:
  // `identities` must outlive the stage.
  AgeDecryptor(ByteSink& next, std::span<const AgeIdentity> identities);
  ~AgeDecryptor() override;
  Result<void> write(ByteView file) override;
  Result<void> finish() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skerry::crypto
