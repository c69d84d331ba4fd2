// conflict list, show, resolve, undo; conflict rule list, add, remove; lost list, acknowledge:
// their options.
#pragma once

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class ConflictCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  static void add_lost(CommandTree& tree);
  void add_rules(CommandTree& tree, CLI::App* conflict);

  bool all_ = false;
  std::int64_t limit_ = 100;
  Resolution resolution_;
  RuleWish rule_;
};

}  // namespace skerry::daemon
