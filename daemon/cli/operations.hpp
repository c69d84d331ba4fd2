// support bundle: its options.
#pragma once

#include "daemon/cli/tree.hpp"
#include "daemon/commands/operations.hpp"

namespace skerry::daemon {

class OperationsCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  SupportWish support_;
};

}  // namespace skerry::daemon
