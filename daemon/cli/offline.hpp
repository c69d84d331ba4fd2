// offline request, answer, refresh, return, qr: their options.
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
};

}  // namespace skerry::daemon
