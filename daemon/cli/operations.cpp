#include "daemon/cli/operations.hpp"

namespace skerry::daemon {

void OperationsCommands::add_to(CommandTree& tree) {
  CLI::App* support = tree.add_noun("support", "what whoever helps needs to know");
  CLI::App* bundle = tree.add_plain(
      support, "bundle", "this machine's state as texts in one tar, without secrets and records",
      [this](const Config& config, Terminal& terminal) {
        return run_support_bundle(config, terminal, support_);
      });
  bundle->add_option("FILE|DIR", support_.to, "a new file; without it in the present folder");
  bundle->add_option("--log", support_.log, "a file with the daemon's log, instead of the journal");
  bundle->add_flag("--dry-run", support_.dry_run, "only say what it would hold");
}

}  // namespace skerry::daemon
