#include "daemon/cli/backup.hpp"

namespace skerry::daemon {

void BackupCommands::add_to(CommandTree& tree) {
  CLI::App* backup = tree.add_noun("backup", "encrypted copies of this machine");
  CLI::App* create = tree.add(backup, "create", "back this machine up, whether it runs or not",
                              [this](Session& s) { return run_backup_create(s, new_); });
  create->add_option("FILE|DIR", new_.to, "a new file, or a folder; without it backup.folder");
  create->add_option("--recipient", new_.recipient,
                     "age1…: the recovery key; without it backup.recipient");
  tree.add_dry_run(create);
  CommandTree::example(create, "skerry backup create /mnt/backups");
  CLI::App* list = tree.add_plain(backup, "list", "what was made here, or what lies in a folder",
                                  [this](const Config& config, Terminal& terminal) {
                                    return run_backup_list(config, terminal, folder_);
                                  });
  list->add_option("DIR", folder_, "a folder with backups; needs no daemon");
  CommandTree::example(list, "skerry backup list /mnt/backups");
  CLI::App* verify = tree.add_plain(backup, "verify", "open a backup and check the database in it",
                                    [this](const Config& config, Terminal& terminal) {
                                      return run_backup_verify(config, terminal, access_);
                                    });
  add_access(verify, access_);
  CommandTree::example(verify, "skerry backup verify /mnt/backups/NAME --identity recovery.key");
  CLI::App* restore = tree.add_plain(
      backup, "restore", "put a backup in the place of this machine, which must not run",
      [this](const Config& config, Terminal& terminal) {
        return run_backup_restore(config, terminal, restore_);
      });
  add_access(restore, restore_.access);
  restore->add_flag("--yes", restore_.yes, "without a question");
  restore->add_flag("--dry-run", restore_.dry_run, "only show what it costs");
  CommandTree::example(restore,
                       "skerry backup restore /mnt/backups/NAME --identity recovery.key --dry-run");
  CLI::App* reapply = tree.add_plain(
      backup, "reapply", "write again what a restore took away, where the daemon does not run",
      [this, &tree](const Config& config, Terminal& terminal) {
        return run_backup_reapply(config, terminal, file_, tree.is_dry_run());
      });
  tree.add_dry_run(reapply);
  reapply->add_option("FILE", file_, "a bundle saved-….skb that the restore left")->required();
  CommandTree::example(reapply,
                       "skerry backup reapply /var/lib/skerry/before-restore-TIME/saved-NAME.skb");
  CLI::App* key = tree.add_unconfigured(
      backup, "key", "make a recovery key, which opens every backup that is made for it",
      [this, &tree](Terminal& terminal) {
        return run_backup_key(terminal, file_, tree.is_dry_run());
      });
  tree.add_dry_run(key);
  key->add_option("FILE", file_, "a new file, for the safe")->required();
  CommandTree::example(key, "skerry backup key recovery.key");
  tree.add(backup, "schedule", "when backups are made, and how many are kept", run_backup_schedule);
}

void BackupCommands::add_access(CLI::App* verb, BackupAccess& access) {
  verb->add_option("FILE", access.file, "the backup, as backup list names it")->required();
  verb->add_option("--identity", access.identity,
                   "file of the recovery key: works without a daemon, on any machine");
  CommandTree::repeatable(verb->add_option("--key", access.keys,
                                           "public key of the machine that made it: sign_key of "
                                           "skerry status or a PEM file, repeatable"));
}

}  // namespace skerry::daemon
