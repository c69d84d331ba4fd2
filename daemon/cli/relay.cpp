#include "daemon/cli/relay.hpp"

namespace skerry::daemon {

void RelayCommands::add_to(CommandTree& tree) {
  CLI::App* relay = tree.add_noun("relay", "licence files that Keygen Relay's protocol hands out");
  CLI::App* add = tree.add(relay, "add", "load a licence file",
                           [this](Session& s) { return run_relay_add(s, wish_); });
  add->add_option("--file", wish_.file, "as Keygen checked it out")->required();
  add->add_option("--key-file", wish_.key_file,
                  "a private file with its licence key; - reads it from stdin");
  add->add_option("--public-key", wish_.public_key, "of the Keygen account: 64 hexadecimal digits")
      ->required();
  tree.add_dry_run(add);
  add->add_option("--pool", wish_.pool, "into this pool; without it the one without a name");
  add->add_option("--seats", wish_.seats, "how many nodes may have it at once");
  CLI::App* list = tree.add(relay, "list", "the licence files, and the nodes that have them",
                            [this](Session& s) { return run_relay_list(s, pool_); });
  list->add_option("--pool", pool_, "of this pool alone");
  CLI::App* remove = tree.add(relay, "remove", "hand a licence out no more",
                              [this](Session& s) { return run_relay_remove(s, licence_); });
  tree.add_dry_run(remove);
  remove->add_option("LICENCE", licence_, "its id, as list shows it")->required();
}

}  // namespace skerry::daemon
