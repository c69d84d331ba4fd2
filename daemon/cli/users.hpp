// setup, user create, list, set, disable, enable, reset, and session list, revoke: their options.
#pragma once

#include "daemon/cli/tree.hpp"
#include "daemon/commands/user.hpp"

namespace skerry::daemon {

class UserCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  CLI::App* add_of(CommandTree& tree, CLI::App* user, const char* name, const char* doc,
                   Result<Exit> (*run)(Session&, const std::string&));

  std::string name_ = "admin", user_;
  UserWish wish_;
};

}  // namespace skerry::daemon
