// What the commands for whoever runs or tries out a machine do: support, dev.
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

// dev.cpp
inline constexpr const char* sandbox_default = "skerry-sandbox";
struct DevWish {
  std::string sandbox = sandbox_default;  // its folder
  std::string at = "both";                // central, site or both
  std::string lever;                      // of the clock, the peer, the disk: where it is put
  bool back = false;                      // the clock: the other way
  bool running = false;                   // as if the machine had run so long
  bool remove = false;
};
// Makes it, or starts what of it does not run.
Result<Exit> run_dev_up(Terminal& terminal, const DevWish& wish);
Result<Exit> run_dev_down(Terminal& terminal, const DevWish& wish);
Result<Exit> run_dev_status(Terminal& terminal, const DevWish& wish);
// The others: Errc::forbidden for a machine that is no sandbox's.
Result<Exit> run_dev_clock(Terminal& terminal, const DevWish& wish);
// "cut" or "join": of the site, which starts anew with that configuration.
Result<Exit> run_dev_peer(Terminal& terminal, const DevWish& wish);
// "full" or "good".
Result<Exit> run_dev_disk(Terminal& terminal, const DevWish& wish);

}  // namespace skerry::daemon
