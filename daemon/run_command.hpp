// Runs one command of the command line, once its arguments are read.
#pragma once

#include <functional>
#include <string>

#include "core/errc.hpp"
#include "core/result.hpp"
#include "daemon/config.hpp"
#include "daemon/terminal.hpp"

namespace skerry::daemon {

// Options of every command.
struct Common {
  std::string data;
  std::string config;
  bool json = false;
};

using CommandBody = std::function<Result<Exit>(const Config&, Terminal&)>;

struct Command {
  CommandBody run;
  // Runs with a wrong configuration, too: Config::wrong says what is wrong with it.
  bool any_config = false;
};

// With the configuration that the options and the environment name. Prints the error, if it comes
// to one, and gives the exit code.
int run_command(const Common& common, const Command& command);

}  // namespace skerry::daemon
