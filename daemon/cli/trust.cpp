#include "daemon/cli/trust.hpp"

namespace skerry::daemon {

void TrustCommands::add_to(CommandTree& tree) {
  CLI::App* trust = tree.add_noun("trust", "who stands behind central's keys, and new keys");
  CLI::App* key = tree.add_unconfigured(
      trust, "key", "make one holder's root key, on a machine that is on no line",
      [this, &tree](Terminal& terminal) {
        return run_trust_key(terminal, file_, tree.is_dry_run());
      });
  tree.add_dry_run(key);
  key->add_option("FILE", file_, "a new file; its public half goes beside it")->required();
  CLI::App* init =
      tree.add_plain(trust, "init", "at central: draft the first generation, for holders to sign",
                     [this, &tree](const Config& config, Terminal& terminal) {
                       return run_trust_init(config, terminal, start_, tree.is_dry_run());
                     });
  tree.add_dry_run(init);
  init->add_option("DIR", start_.folder, "where the draft goes, and keys that are made")
      ->required();
  CLI::Option* root = CommandTree::repeatable(init->add_option(
      "--root", start_.roots, "a holder's public key, repeatable; without it keys are made"));
  init->add_option("--holders", start_.holders, "how many keys to make")
      ->check(CLI::Range(1, 16))
      ->excludes(root);
  init->add_option("--threshold", start_.threshold, "how many of them sign");
  init->add_option("--expires", start_.expires_at, "a time; without it in five years");
  CLI::App* sign = tree.add_unconfigured(
      trust, "sign", "add a holder's signature, on a machine that is on no line",
      [this, &tree](Terminal& terminal) {
        return run_trust_sign(terminal, file_, key_, tree.is_dry_run());
      });
  tree.add_dry_run(sign);
  sign->add_option("FILE", file_, "the draft")->required();
  sign->add_option("--key", key_, "the holder's key file")->required();
  CLI::App* show = tree.add_plain(
      trust, "show", "what this machine trusts; or what a file says, and what is new in it",
      [this](const Config& config, Terminal& terminal) {
        return run_trust_show(config, terminal, file_);
      });
  show->add_option("FILE", file_, "needs no daemon");
  add_rotate(tree, trust);
  CLI::App* adopt =
      tree.add_plain(trust, "adopt", "take a signed generation on, where the daemon does not run",
                     [this, &tree](const Config& config, Terminal& terminal) {
                       return run_trust_adopt(config, terminal, file_, tree.is_dry_run());
                     });
  tree.add_dry_run(adopt);
  adopt->add_option("FILE", file_, "with enough signatures")->required();
}

void TrustCommands::add_rotate(CommandTree& tree, CLI::App* trust) {
  CLI::App* rotate = tree.add_plain(
      trust, "rotate", "at central: draft the next generation; at a site: new keys of its own",
      [this, &tree](const Config& config, Terminal& terminal) {
        return run_trust_rotate(config, terminal, change_, tree.is_dry_run());
      });
  tree.add_dry_run(rotate);
  rotate->add_option("FILE", change_.file, "at central: a new file for the draft");
  rotate->add_flag("--central-keys", change_.central_keys,
                   "with new keys for central, which revokes those before");
  CommandTree::repeatable(
      rotate->add_option("--add-root", change_.add_roots, "a holder's public key, repeatable"));
  CommandTree::repeatable(
      rotate->add_option("--drop-root", change_.drop_roots, "a root's short name, repeatable"));
  rotate->add_option("--threshold", change_.threshold, "how many of the roots sign");
  CommandTree::repeatable(
      rotate->add_option("--revoke", change_.revoke, "a key's short name, repeatable"));
  rotate->add_option("--expires", change_.expires_at, "a time; without it in five years");
}

}  // namespace skerry::daemon
