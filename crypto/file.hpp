// The one way a small file of ours comes to be: temp, write, fsync, rename, fsync of the folder.
#pragma once

#include <filesystem>
#include <string>

#include "core/bytes.hpp"
#include "crypto/secret.hpp"

namespace skerry::crypto {

// Replaces `file` or creates it; readers see the old bytes or the new ones, never a part.
Result<void> write_file_atomically(const std::filesystem::path& file, ByteView bytes, unsigned mode);
// As above, but Errc::already_exists when `file` is there.
Result<void> create_file_atomically(const std::filesystem::path& file, ByteView bytes, unsigned mode);
// Whole file of at most `size_max` bytes.
Result<Bytes> read_small_file(const std::filesystem::path& file, std::size_t size_max);
// As above for a secret: also refuses a file that group or others may read.
Result<SecretBytes> read_secret_file(const std::filesystem::path& file, std::size_t size_max);

}  // namespace skerry::crypto
