// offline request, answer, refresh, return, qr, join: their options.
#pragma once

#include "daemon/cli/tree.hpp"
#include "daemon/commands/qr.hpp"

namespace skerry::daemon {

class OfflineCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  OfflineWish wish_;
  QrWish qr_;
  JoinWish join_;
};

}  // namespace skerry::daemon
