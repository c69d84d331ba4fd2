// What the commands for whoever runs the machine do: support.
#pragma once

#include <string>

#include "daemon/commands/commands.hpp"

namespace skerry::daemon {

// support.cpp
struct SupportWish {
  std::string to;   // a new file, or a folder; empty: the present folder
  std::string log;  // a log file; empty: the journal
  bool dry_run = false;
};
Result<Exit> run_support_bundle(const Config& config, Terminal& terminal, const SupportWish& wish);

}  // namespace skerry::daemon
