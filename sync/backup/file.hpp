// A backup as a file (docs/formats/backup.md): database → zstd → age, in the container of bundles.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "core/random.hpp"
#include "crypto/age.hpp"
#include "sync/backup/facts.hpp"
#include "sync/bundle_layout.hpp"
#include "sync/file_handle.hpp"
#include "sync/node.hpp"

namespace skerry::sync {

// The machine's keys, to the same recipients as the database: a machine that burned down comes back
// as itself. An armored age file of the signing key in PEM and the age key behind it.
Result<std::string> seal_keys(const Keys& keys, std::span<const crypto::AgeRecipient> recipients,
                              Random& random);
// Errc::missing_key when no identity opens them, Errc::corrupt_bundle.
Result<Keys> open_keys(std::string_view sealed, std::span<const crypto::AgeIdentity> identities);

// The member `payload`, packed into a file without a name in `folder`.
struct PackedPayload {
  FileHandle file;
  BackupPayload info;
};
Result<PackedPayload> pack_payload(const std::filesystem::path& database,
                                   std::span<const crypto::AgeRecipient> recipients, Random& random,
                                   int zstd_level, const std::filesystem::path& folder,
                                   const BackupProgress& progress);

// The key that `id` names for a machine's backups, or why there is none. The manifest is not
// verified yet: it may choose a key, never vouch for one.
using BackupSigner = std::function<Result<crypto::VerifyKey>(const BackupManifest& manifest,
                                                             const crypto::KeyId& id)>;
// Only this machine's own.
BackupSigner signed_by(crypto::VerifyKey key);

// Reads a backup from one descriptor. Movable; one thread.
class BackupReader {
 public:
  // Container, manifest, signatures; nothing is decrypted. Errors as of a bundle.
  static Result<BackupReader> open(FileHandle file, const BackupSigner& signer);

  const BackupManifest& manifest() const { return manifest_; }
  std::uint64_t file_size() const { return layout_.file_size; }

  // Decrypts and decompresses the database into the new file `database` (0600), and compares sizes
  // and hashes with the manifest; what does not fit leaves no file. Errc::missing_key when no
  // identity opens it, corrupt_bundle, storage_full, io_failed, unsupported_version for a database
  // of a newer program.
  Result<void> unpack(std::span<const crypto::AgeIdentity> identities,
                      const std::filesystem::path& database, const BackupProgress& progress) const;

 private:
  explicit BackupReader(FileHandle file) : file_(std::move(file)) {}
  Result<void> read_head(const BackupSigner& signer);
  Result<void> pump_payload(int target, std::span<const crypto::AgeIdentity> identities,
                            const BackupProgress& progress) const;

  FileHandle file_;
  BundleLayout layout_;
  BackupManifest manifest_;
};

// What a backup says about itself, unverified: for lists.
Result<BackupManifest> inspect_backup(int fd);

}  // namespace skerry::sync
