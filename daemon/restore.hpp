// `skerry backup restore`: puts a backup in the place of a machine that is not running.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/backup_access.hpp"
#include "sync/backup/cost.hpp"

namespace skerry::daemon {

// What is known before anything is changed.
struct RestorePreview {
  sync::BackupManifest manifest;
  crypto::VerifyKey signer;
  bool vouched = false;                   // somebody but the file says whose key that is
  bool bare = false;                      // there is no database here
  bool gone = false;                      // … any more: its keys are left
  std::optional<sync::RestoreCost> cost;  // nullopt: there is none here that can be read
  std::string unreadable;                 // why it cannot; empty otherwise
  // Rows that by the anchor were written here, and are neither here nor in the backup; nullopt:
  // there is none that can be read.
  std::optional<std::int64_t> lost;
};

struct RestoreReport {
  std::filesystem::path safety;              // folder with what was here; empty where nothing was
  std::vector<std::filesystem::path> saved;  // bundles in it of what is not in the backup
  bool for_central = false;                  // … which central takes in
  bool waiting = false;                      // … nobody else has some of it
  std::string damage;                        // why nothing could be saved; empty: it was not so
};

// In this order: locks the folder (Errc::locked while a daemon runs), opens and checks the whole
// backup in a scratch folder, looks at what is here, asks `confirm`, keeps what is here and saves
// what would be lost, and swaps the database by a rename. Until that nothing here is changed, and
// whatever ends it before (kill -9, too) leaves the machine as it was. The next start begins a new
// epoch, or at central a new life. Keys and configuration are put back only where there are none.
// nullopt: not confirmed. Errors: those of open_backup(), check_database() and check_anchor(),
// Errc::unknown_signer for a backup of another machine, what `confirm` says.
Result<std::optional<RestoreReport>> restore_backup(
    const Config& config, const BackupAccess& access, const sync::BackupProgress& progress,
    const std::function<Result<bool>(const RestorePreview&)>& confirm);

}  // namespace skerry::daemon
