#include "daemon/cli/users.hpp"

namespace skerry::daemon {

void UserCommands::add_to(CommandTree& tree) {
  CLI::App* setup =
      tree.add(&tree.app(), "setup", "the first administrator: a one-time code, for 30 minutes",
               [this](Session& s) { return run_setup(s, name_, user_); });
  setup->add_option("--name", name_, "of the administrator; admin without it");
  tree.add_dry_run(setup);
  setup->add_option("--password-file", user_, "choose the password here; - reads it from stdin");
  CLI::App* user = tree.add_noun("user", "people who sign in at this machine");
  CLI::App* create = tree.add(user, "create", "make a user; the one-time code is shown once",
                              [this](Session& s) { return run_user_create(s, wish_); });
  create->add_option("NAME", wish_.name)->required();
  tree.offer(
      create
          ->add_option("--role", wish_.role, "admin, operator, mover, viewer, auditor, application")
          ->required(),
      CommandTree::Words::roles);
  tree.add(user, "list", "every user", run_user_list);
  CLI::App* set = tree.add(user, "set", "change a user's role, customers or end",
                           [this](Session& s) { return run_user_set(s, wish_); });
  set->add_option("USER", wish_.name, "name or id")->required();
  tree.offer(set->add_option("--role", wish_.role, "as of user create"), CommandTree::Words::roles);
  for (CLI::App* verb : {create, set}) {
    CommandTree::repeatable(verb->add_option("--customer", wish_.customers,
                                             "only this customer's records (id), repeatable"));
    verb->add_option("--expires", wish_.expires_at, "a time such as 2027-01-31T00:00:00Z");
    tree.add_dry_run(verb);
  }
  set->add_flag("--all-customers", wish_.all_customers, "everybody's records");
  set->add_flag("--no-expiry", wish_.no_expiry, "for ever");
  add_of(tree, user, "disable", "sign a user out and let him in no more", run_user_disable);
  add_of(tree, user, "enable", "take that back", run_user_enable);
  add_of(tree, user, "reset", "end a password; a new one-time code is shown once", run_user_reset);
  CLI::App* session = tree.add_noun("session", "who has signed in, and from where");
  tree.add(session, "list", "every session, the one used last first", run_session_list);
  CLI::App* revoke = tree.add(session, "revoke", "sign out whoever has the session",
                              [this](Session& s) { return run_session_revoke(s, user_); });
  revoke->add_option("ID", user_, "as session list shows it")->required();
  tree.add_dry_run(revoke);
}

CLI::App* UserCommands::add_of(CommandTree& tree, CLI::App* user, const char* name, const char* doc,
                               Result<Exit> (*run)(Session&, const std::string&)) {
  CLI::App* verb = tree.add(user, name, doc, [this, run](Session& s) { return run(s, user_); });
  verb->add_option("USER", user_, "name or id")->required();
  tree.add_dry_run(verb);
  return verb;
}

}  // namespace skerry::daemon
