// Reads a bundle from one descriptor, in the order of protection (SYNC 4.6): size, archive,
// manifest, signatures; then, when the caller accepted sender and recipient, payload hash, age,
// zstd, plain hash. Nothing of the payload is given out before all of it was verified.
//
// The descriptor must be of a private copy (spool.hpp): one that changes underneath is refused at
// the latest by the hashes, but only a copy makes that certain for what was read before.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "sync/bundle_layout.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/file_handle.hpp"
#include "sync/line_reader.hpp"
#include "sync/manifest.hpp"

namespace skerry::sync {

// The key that `key` names for this sender, nullopt when there is none (Errc::unknown_signer), or
// an error of the caller's, Errc::revoked_signer for one. Asked once for each signature. The
// manifest is not verified yet: it may choose a key, never vouch for one.
using KeyLookup = std::function<Result<std::optional<crypto::VerifyKey>>(const Manifest& manifest,
                                                                         const crypto::KeyId& key)>;

// What to do with a bundle that was refused so; empty where its detail has to say it.
std::string bundle_remedy(Errc code);

// Movable; one thread.
class BundleReader {
 public:
  // Every signature is by a key that `lookup` knows, and fits. Errors: Errc::corrupt_bundle,
  // limit_exceeded, unsupported_version, bad_signature, unknown_signer, revoked_signer, io_failed.
  static Result<BundleReader> open(FileHandle file, const KeyLookup& lookup,
                                   const BundleLimits& limits = {});

  const Manifest& manifest() const { return manifest_; }
  // The exact bytes that are signed: what to keep as evidence.
  const std::string& manifest_text() const { return manifest_text_; }
  const std::vector<crypto::KeyId>& signers() const { return signers_; }
  std::uint64_t file_size() const { return layout_.file_size; }

  // The payload's size and hash are those of the manifest. Needs no key. Nothing to do without one.
  Result<void> check_payload() const;

  // check_payload(), then decrypts and decompresses into a private file in `folder` and compares
  // sizes, counts, hash and head line with the manifest. Errc::missing_key when no identity opens
  // it.
  Result<void> stage(std::span<const crypto::AgeIdentity> identities,
                     const std::filesystem::path& folder);

  // After stage(): each line after the head line, in order; numbers count the head line, so the
  // first is 2. Stops at the callback's first error. May be called again. No payload: no lines.
  Result<void> for_each_line(const LineCallback& on_line) const;

 private:
  BundleReader(FileHandle file, const BundleLimits& limits)
      : file_(std::move(file)), limits_(limits) {}
  Result<void> read_manifest();
  Result<void> check_signatures(const KeyLookup& lookup);
  Result<void> check_declared_sizes() const;

  FileHandle file_;
  BundleLimits limits_;
  BundleLayout layout_;
  Manifest manifest_;
  std::string manifest_text_;
  std::vector<crypto::KeyId> signers_;
  FileHandle staged_;
};

// What a bundle says about itself, unverified: for people.
struct BundleInspection {
  Manifest manifest;
  std::string manifest_text;
  std::vector<crypto::KeyId> signature_keys;
  std::uint64_t file_size = 0;
};
Result<BundleInspection> inspect_bundle(int fd, const BundleLimits& limits = {});

// The courier's check: signatures by `keys` and the payload's hash, without a key to open it.
Result<BundleInspection> verify_bundle(int fd, std::span<const crypto::VerifyKey> keys,
                                       const BundleLimits& limits = {});

}  // namespace skerry::sync
