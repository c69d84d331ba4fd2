// usage report, outgoing: their options.
#pragma once

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class UsageCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  UsageWish wish_;
};

}  // namespace skerry::daemon
