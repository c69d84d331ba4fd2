// A backup file and what opens it: for the commands that need no daemon.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/config.hpp"
#include "sync/backup/file.hpp"

namespace skerry::daemon {

// Public keys, each the text of a key, as `status` and `site list` give it, or a PEM file.
Result<std::vector<crypto::VerifyKey>> load_public_keys(const std::vector<std::string>& given);

// What somebody gave to open a backup and to know its maker by.
struct BackupAccess {
  std::string file;
  std::string identity;           // file of the recovery key; empty: the keys of the data folder
  std::vector<std::string> keys;  // of the signer, as load_public_keys() takes them
};

struct OpenedBackup {
  sync::BackupReader reader;
  std::vector<crypto::AgeIdentity> identities;
  crypto::VerifyKey signer;
  // Whether anybody but the file says that this is the machine's key: the data folder or the
  // caller.
  bool vouched = false;
};

// Container and signature are right; nothing is unpacked yet. Errors name the file.
Result<OpenedBackup> open_backup(const Config& config, const BackupAccess& access);

// A new recovery key in a new file (0600); gives the public half.
Result<std::string> make_recovery_key(const std::filesystem::path& file);

}  // namespace skerry::daemon
