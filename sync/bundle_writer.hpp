// Makes a bundle file: lines → zstd → age → a strict ustar with a signed manifest (SYNC 4.6).
// Memory does not depend on the bundle's size; what is unfinished leaves no file behind.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/file_handle.hpp"
#include "sync/manifest.hpp"

namespace skerry::sync {

struct BundleOptions {
  int zstd_level = 3;               // 1–19
  bool accept_unencrypted = false;  // of what is read: by the policy of this machine
  BundleLimits limits;
  // No more lines once this much of the payload is written: what is still in the compressor, the
  // manifest and the signatures fit between this and limits.file_bytes_max.
  std::uint64_t payload_stop_bytes = 28 * mebibyte;
  // How often a site is sent a digest to compare with: it costs a look at every record of its
  // scope.
  std::int64_t digest_every_ms = 86'400'000;
};

// A finished bundle: a file without a name, positioned nowhere in particular.
struct BundleFile {
  FileHandle file;
  std::uint64_t size = 0;
  Hash sha256{};  // of the whole file
  Manifest manifest;
};

// A bundle without payload: signs `manifest` with 1–8 keys, one of which is manifest.from.key.
Result<BundleFile> write_bundle(const std::filesystem::path& folder, const Manifest& manifest,
                                std::span<const crypto::SigningKey> keys);

// One thread. After an error the writer is dead.
class BundleWriter {
 public:
  // Who sends what to whom; the payload's first line and the manifest agree on it.
  struct Route {
    BundleId bundle;
    Sender from;
    Party to;
  };

  // Temporary files are made in `folder`. 1–8 recipients, or none: enc "none".
  static Result<BundleWriter> create(const std::filesystem::path& folder, Random& random,
                                     std::span<const crypto::AgeRecipient> recipients,
                                     const Route& route, BundleOptions options = {});
  BundleWriter(BundleWriter&&) noexcept;
  BundleWriter& operator=(BundleWriter&&) noexcept;
  ~BundleWriter();

  // Whether a line of `line_bytes` still fits: when not, cut here and go on in the next bundle.
  // A fresh writer has room for any line within the limits.
  bool has_room(std::size_t line_bytes) const;
  // Whether so many lines of so many bytes in all, newlines included, still fit one after another.
  bool has_room_for(std::uint64_t lines, std::uint64_t bytes) const;

  // One JSON text without newlines; the caller vouches that it is JSON. Errc::limit_exceeded when
  // has_room() said no or the line is over its limit.
  Result<void> add_line(std::string_view line);

  std::uint64_t lines() const;  // added so far, without the head line

  // `manifest` has no payload member yet and names the route given to create().
  Result<BundleFile> finish(Manifest manifest, std::span<const crypto::SigningKey> keys);

 private:
  struct State;
  explicit BundleWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace skerry::sync
