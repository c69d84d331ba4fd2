// The one way a small file of ours comes to be: temp, write, fsync, rename, fsync of the folder.
#pragma once

#include <filesystem>
#include <string>

#include "core/bytes.hpp"
#include "crypto/secret.hpp"

namespace skerry::crypto {

// Errors of all: Errc::io_failed (errno's text in the detail), storage_full; of those that read,
// not_found. A crash may leave ".<name>.<hex>.tmp" beside `file`.

// Whether errno says of a path that is opened that no file is there.
bool names_nothing(int error);
// Replaces `file` or creates it; readers see the old bytes or the new ones, never a part. The mode
// is set as given, whatever the umask.
Result<void> write_file_atomically(const std::filesystem::path& file, ByteView bytes,
                                   unsigned mode);
// As above, but Errc::already_exists when `file` is there.
Result<void> create_file_atomically(const std::filesystem::path& file, ByteView bytes,
                                    unsigned mode);
// What the two would refuse before they write, as far as that can be told without a file: another
// folder than one that may be written to, and of a new file one that is there.
Result<void> check_file_place(const std::filesystem::path& file);
Result<void> check_new_file(const std::filesystem::path& file);
// Whole file of at most `size_max` bytes, else Errc::limit_exceeded. Regular files only and not
// through a symbolic link (Errc::bad_input): the file may lie on a foreign medium.
Result<Bytes> read_small_file(const std::filesystem::path& file, std::size_t size_max);
// As above for a secret: also refuses a file that group or others may read or write, that belongs
// to another user than root or this process, or that lies in a folder where others may exchange it
// (Errc::bad_config), with the command to run as the next step.
Result<SecretBytes> read_secret_file(const std::filesystem::path& file, std::size_t size_max);

}  // namespace skerry::crypto
