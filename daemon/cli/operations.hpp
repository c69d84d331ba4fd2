// support bundle; dev up, down, status, clock, peer, disk: their options.
#pragma once

#include "daemon/cli/tree.hpp"
#include "daemon/commands/operations.hpp"

namespace skerry::daemon {

class OperationsCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  void add_dev(CommandTree& tree);

  SupportWish support_;
  DevWish dev_;
};

}  // namespace skerry::daemon
