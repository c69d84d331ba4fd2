// relay add, list, remove: their options.
#pragma once

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class RelayCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  RelayFile wish_;
  std::string pool_, licence_;
};

}  // namespace skerry::daemon
