// What a bundle and a backup have in common: a manifest, Ed25519 signatures over its exact bytes
// and a payload, in the strict ustar of ustar.hpp.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/signing.hpp"
#include "sync/bundle_layout.hpp"

namespace skerry::sync {

// Bytes of a descriptor, from its start.
struct PayloadSource {
  int fd = -1;
  std::uint64_t size = 0;
};

// Writes the whole container, without finish(). 1 to signatures_max keys, no key twice.
Result<void> write_container(ByteSink& out, std::string_view manifest,
                             std::span<const crypto::SigningKey> keys,
                             const std::optional<PayloadSource>& payload);

// The exact bytes that are signed.
Result<std::string> read_manifest_text(int fd, const BundleLayout& layout);

// The key for the name of a signature, or the error that it has none here.
using SignerLookup = std::function<Result<crypto::VerifyKey>(const crypto::KeyId& id)>;

// Every signature is by the key of its name and fits `manifest`. Errc::bad_signature, io_failed,
// and what `lookup` says.
Result<void> check_signatures(int fd, const BundleLayout& layout, std::string_view manifest,
                              const SignerLookup& lookup);

// Whether one of the signatures is named after `key`.
bool has_signature(const BundleLayout& layout, const crypto::KeyId& key);

}  // namespace skerry::sync
