// The tree of commands while it is built: CLI11, with what every command here has in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "daemon/cli/manual.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/run_command.hpp"

namespace skerry::daemon {

// What options are read into must live as long as this.
class CommandTree {
 public:
  CLI::App& app() { return app_; }
  // The one that the arguments name, ready to run.
  const Command& command() const { return command_; }

  // A command without the daemon; with `any_config` it runs with a wrong configuration, too.
  CLI::App* add_plain(CLI::App* parent, const std::string& name, const std::string& doc,
                      CommandBody run, bool any_config = false);
  // A command that needs no configuration: it runs with a wrong one, too.
  CLI::App* add_unconfigured(CLI::App* parent, const std::string& name, const std::string& doc,
                             std::function<Result<Exit>(Terminal&)> run);
  // A command that talks to the daemon.
  CLI::App* add(CLI::App* parent, const std::string& name, const std::string& doc,
                std::function<Result<Exit>(Session&)> run);
  CLI::App* add_noun(const std::string& name, const std::string& doc);
  static CLI::Option* repeatable(CLI::Option* option);
  // Words that completion offers. They are not checked here: whoever takes one says more of a wrong
  // one, and the help would not end.
  enum class Words : std::uint8_t { roles, kinds, plurals, codes };
  void offer(CLI::Option* option, Words words);
  const Offers& offers() const { return offers_; }
  // A line that can be typed, at the end of the help and of the manual page.
  static void example(CLI::App* verb, const std::string& line);
  // A check: of a variable that is not set, the word is empty.
  static std::string refuse_empty(const std::string& word);
  // For commands that write records.
  void add_reason(CLI::App* verb);
  // For commands that can be tried: they say last that nothing is written.
  void add_dry_run(CLI::App* verb);
  // Once the arguments are read: for commands without the daemon. Those with it ask their client.
  bool is_dry_run() const { return dry_run_; }

 protected:
  CLI::App app_{"Skerry: one register for a vendor and sites that are cut off", "skerry"};

 private:
  Command command_;
  Offers offers_;
  std::string reason_;
  bool dry_run_ = false;
};

}  // namespace skerry::daemon
