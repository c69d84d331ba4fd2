#include "daemon/cli/operations.hpp"

namespace skerry::daemon {

void OperationsCommands::add_to(CommandTree& tree) {
  CLI::App* support = tree.add_noun("support", "what whoever helps needs to know");
  CLI::App* bundle = tree.add_plain(
      support, "bundle", "this machine's state as texts in one tar, without secrets and records",
      [this](const Config& config, Terminal& terminal) {
        return run_support_bundle(config, terminal, support_);
      },
      true);
  bundle->add_option("FILE|DIR", support_.to, "a new file; without it in the present folder");
  bundle->add_option("--log", support_.log, "a file with the daemon's log, instead of the journal");
  bundle->add_flag("--dry-run", support_.dry_run, "only say what it would hold");
  add_dev(tree);
}

void OperationsCommands::add_dev(CommandTree& tree) {
  CLI::App* dev = tree.add_noun("dev", "a sandbox to try things out: a central and a site");
  const auto verb = [&](const char* name, const char* doc,
                        Result<Exit> (*run)(Terminal&, const DevWish&)) {
    CLI::App* made = tree.add_plain(dev, name, doc, [this, run](const Config&, Terminal& terminal) {
      return run(terminal, dev_);
    });
    made->add_option("--sandbox", dev_.sandbox, "its folder; without it skerry-sandbox here");
    return made;
  };
  const auto choose = [&](CLI::App* made) {
    made->add_option("--at", dev_.at, "central, site or both")
        ->check(CLI::IsMember({"central", "site", "both"}));
  };
  verb("up", "make it with invented data, or start it again", run_dev_up);
  verb("down", "stop it", run_dev_down)
      ->add_flag("--remove", dev_.remove, "with all that is in it");
  verb("status", "its machines, and where the levers are", run_dev_status);
  CLI::App* clock = verb("clock", "move the clocks of running machines", run_dev_clock);
  clock->add_option("MOVE", dev_.lever, "by so much: +90s, +15m, +2h, +3d; or right")->required();
  clock->add_flag("--back", dev_.back, "into the past");
  clock->add_flag("--running", dev_.running, "as if so long had gone by: leases end, too")
      ->excludes("--back");
  choose(clock);
  verb("peer", "the line between site and central", run_dev_peer)
      ->add_option("STATE", dev_.lever, "cut or join")
      ->required()
      ->check(CLI::IsMember({"cut", "join"}));
  CLI::App* disk = verb("disk", "whether running machines can write files", run_dev_disk);
  disk->add_option("STATE", dev_.lever, "full or good")
      ->required()
      ->check(CLI::IsMember({"full", "good"}));
  choose(disk);
}

}  // namespace skerry::daemon
