// backup create, list, verify, restore, reapply, key, schedule: their options.
#pragma once

#include <string>

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class BackupCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  static void add_access(CLI::App* verb, BackupAccess& access);

  NewBackup new_;
  std::string folder_, file_;
  BackupAccess access_;
  RestoreOptions restore_;
};

}  // namespace skerry::daemon
