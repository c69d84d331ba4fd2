// The members of a bundle by name and order (SYNC 4.6), over the archive that ustar.hpp reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signing.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/ustar.hpp"

namespace skerry::sync {

inline constexpr std::string_view manifest_member = "manifest.json";
inline constexpr std::string_view signature_prefix = "sig.";
inline constexpr std::string_view payload_member = "payload";

struct SignatureMember {
  crypto::KeyId key;     // a hint
  std::uint64_t offset;  // of 64 bytes
};

struct BundleLayout {
  UstarMember manifest;
  std::vector<SignatureMember> signatures;  // 1–8, ascending by key
  std::optional<UstarMember> payload;
  std::uint64_t file_size = 0;
};

// Errc::limit_exceeded over a limit, Errc::corrupt_bundle for anything that is not the layout.
Result<BundleLayout> read_layout(int fd, const BundleLimits& limits);

}  // namespace skerry::sync
