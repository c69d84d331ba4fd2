// trust key, init, sign, show, rotate, adopt: their options.
#pragma once

#include <string>

#include "daemon/cli/tree.hpp"
#include "daemon/commands/trust.hpp"

namespace skerry::daemon {

class TrustCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  void add_rotate(CommandTree& tree, CLI::App* trust);

  std::string file_, key_;
  TrustStart start_;
  TrustChange change_;
};

}  // namespace skerry::daemon
