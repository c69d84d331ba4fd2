// What a database holds, computed from the database itself: when a backup is made, from the copy,
// and again from what was read back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "sync/backup/manifest.hpp"

namespace skerry::sync {

// How far a long work is: what it does, and how much of that is done, in bytes or rows; total 0
// when it is not known. An error ends the work and is returned by it. Any thread.
using BackupProgress =
    std::function<Result<void>(std::string_view step, std::uint64_t done, std::uint64_t total)>;

// Of a file that nobody writes. Throws StorageError. Errc::bad_config for a database that was never
// initialised, Errc::unsupported_version for one of a newer program.
Result<BackupFacts> read_facts(const std::filesystem::path& database);

// Whether the database is whole and what `manifest` says: PRAGMA integrity_check, the tables that
// the migrations make, its facts, every chain of its log. One of an older program is migrated on
// the way, so the file must be the caller's own; what that version of a digest covered is then not
// compared again. Throws StorageError. Errc::corrupt_bundle, or bad_signature of a chain, names
// what does not fit.
Result<void> check_database(const std::filesystem::path& database, const BackupManifest& manifest,
                            const BackupProgress& progress);

}  // namespace skerry::sync
