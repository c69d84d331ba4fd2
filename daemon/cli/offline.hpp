// offline request, answer, refresh, return: their options.
#pragma once

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class OfflineCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  OfflineWish wish_;
};

}  // namespace skerry::daemon
