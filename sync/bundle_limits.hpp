// The limits of a bundle (SYNC 4.6). Writer and reader share them: what one makes, the other takes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skerry::sync {

inline constexpr std::uint64_t kibibyte = 1024;
inline constexpr std::uint64_t mebibyte = 1024 * kibibyte;

inline constexpr std::size_t manifest_bytes_max = 256 * kibibyte;
inline constexpr std::size_t signatures_max = 8;
inline constexpr std::size_t json_depth_max = 16;
inline constexpr int zstd_window_log_max = 23;  // 8 MiB

struct BundleLimits {
  std::uint64_t file_bytes_max = 32 * mebibyte;
  std::size_t manifest_bytes_max = sync::manifest_bytes_max;
  std::uint64_t plain_bytes_max = 128 * mebibyte;
  std::uint64_t lines_max = 100'000;           // the head line included
  std::size_t line_bytes_max = 64 * kibibyte;  // without the newline

  // Plain bytes may be at most plain_allowance_bytes + expansion_max × payload bytes. A ratio alone
  // would refuse honest work: a long note edited again and again compresses a thousandfold.
  std::uint64_t plain_allowance_bytes = 16 * mebibyte;
  std::uint64_t expansion_max = 200;

  std::uint64_t plain_bytes_for(std::uint64_t payload_bytes) const {
    const std::uint64_t by_ratio = plain_allowance_bytes + expansion_max * payload_bytes;
    return by_ratio < plain_bytes_max ? by_ratio : plain_bytes_max;
  }
};

}  // namespace skerry::sync
