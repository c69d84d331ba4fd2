#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

CLI::App* CommandTree::add_plain(CLI::App* parent, const std::string& name, const std::string& doc,
                                 Command command) {
  CLI::App* verb = parent->add_subcommand(name, doc);
  verb->callback([this, command = std::move(command)] { command_ = command; });
  return verb;
}

CLI::App* CommandTree::add(CLI::App* parent, const std::string& name, const std::string& doc,
                           std::function<Result<Exit>(Session&)> run) {
  return add_plain(parent, name, doc,
                   [this, run = std::move(run)](const Config& config, Terminal& terminal) {
                     DaemonClient daemon(config, terminal);
                     daemon.set_reason(reason_);
                     Session session{config, terminal, daemon};
                     return run(session);
                   });
}

CLI::App* CommandTree::add_noun(const std::string& name, const std::string& doc) {
  CLI::App* noun = app_.add_subcommand(name, doc);
  noun->require_subcommand(1);
  return noun;
}

CLI::Option* CommandTree::repeatable(CLI::Option* option) {
  return option->take_all()->allow_extra_args(false);
}

void CommandTree::add_reason(CLI::App* verb) {
  verb->add_option("--reason", reason_, "why; kept in the log with the change");
}

}  // namespace skerry::daemon
