// The subset of POSIX ustar (IEEE 1003.1, pax "ustar Interchange Format") that a bundle is made of:
// regular files with short names, every other header field fixed. There is exactly one spelling of
// a member, so the reader accepts a header only when it is the very bytes the writer makes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace skerry::sync {

inline constexpr std::size_t ustar_block_bytes = 512;
inline constexpr std::size_t ustar_end_bytes = 2 * ustar_block_bytes;  // two blocks of zeros
inline constexpr std::size_t ustar_name_bytes_max = 99;
inline constexpr std::uint64_t ustar_size_max = 077777777777;  // eleven octal digits

using UstarHeader = std::array<std::uint8_t, ustar_block_bytes>;

struct UstarMember {
  std::string name;
  std::uint64_t offset = 0;  // of the content, from the start of the file
  std::uint64_t size = 0;

  bool operator==(const UstarMember&) const = default;
};

// `name` is 1–99 of [a-z0-9.]. Mode 0644, owner 0:0, no owner names, time 0.
UstarHeader make_ustar_header(std::string_view name, std::uint64_t size);

// Zeros that follow `size` bytes of content up to the next block.
std::uint64_t ustar_padding(std::uint64_t size);

// Every member of the archive of `file_size` bytes behind `fd`. Errc::corrupt_bundle, naming the
// member and the field, unless each header is canonical, paddings are zero, exactly two blocks of
// zeros follow the last member and the file ends there; Errc::limit_exceeded over `members_max`.
Result<std::vector<UstarMember>> read_ustar(int fd, std::uint64_t file_size,
                                            std::size_t members_max);

}  // namespace skerry::sync
