// Makes a backup of a running machine, reads it back, and notes what became of it.
#pragma once

#include <filesystem>
#include <string_view>

#include "store/backups.hpp"
#include "sync/backup/facts.hpp"
#include "sync/node.hpp"

namespace skerry::sync {

struct BackupPlan {
  std::filesystem::path target;   // a folder that is there, or a file that is not; absolute
  std::filesystem::path scratch;  // holds the database in the clear; emptied before and after
  crypto::AgeRecipient recovery;  // the key in the safe
};

struct MadeBackup {
  store::Backup backup;
  BackupManifest manifest;
};

// The recovery key that somebody named. Errc::no_recovery_key for an empty text, bad_input for one
// that is no recipient of age.
Result<crypto::AgeRecipient> recovery_recipient(std::string_view text);

// Copies the database while it runs, packs it to the recovery key and to this machine's own, writes
// it beside its place, reads it back from there, opens it and checks the database in it; only then
// the file gets its name. At central every site's `durable` then rises to what the backup holds.
// Success and failure stand in table `backup`, but neither a wrong place nor a stop of the program.
// Neither on the writer thread nor twice at a time. Errc::storage_full, io_failed, bad_input (a
// place where no file can be made), already_exists, what `progress` says.
Result<MadeBackup> make_backup(const Node& node, const BackupPlan& plan,
                               const BackupProgress& progress);

// What make_backup() would begin with: refuses what that would before it does anything, and does
// nothing. With `makes_folder` the target is a folder that is made when it is missing.
Result<store::Backup> try_backup(const Node& node, const BackupPlan& plan, bool makes_folder);

// The same check of a file that this machine has made. Errors as of BackupReader and
// check_database().
Result<MadeBackup> verify_backup(const Node& node, const std::filesystem::path& file,
                                 const std::filesystem::path& scratch,
                                 const BackupProgress& progress);

// Of a database that was unpacked from this file, found whole, and is about to be put in place: the
// backup is in its list, and what it holds is durable. Errors: io_failed.
Result<void> note_restored(store::Connection& connection, const std::filesystem::path& file,
                           const BackupManifest& manifest, UnixMillis now);

}  // namespace skerry::sync
