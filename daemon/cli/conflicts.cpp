#include "daemon/cli/conflicts.hpp"

namespace skerry::daemon {

void ConflictCommands::add_to(CommandTree& tree) {
  CLI::App* conflict = tree.add_noun("conflict", "values that two sides wrote at once");
  CLI::App* list = tree.add(conflict, "list", "open conflicts, the oldest first",
                            [this](Session& s) { return run_conflict_list(s, all_, limit_); });
  list->add_flag("--all", all_, "decided ones too");
  list->add_option("--limit", limit_, "how many; 100 without it")->check(CLI::Range(1, 1'000'000));
  CommandTree::example(list, "skerry conflict list");
  CLI::App* show = tree.add(conflict, "show", "both values of one conflict",
                            [this](Session& s) { return run_conflict_show(s, resolution_.id); });
  CLI::App* resolve = tree.add(conflict, "resolve", "decide a conflict",
                               [this](Session& s) { return run_conflict_resolve(s, resolution_); });
  CLI::App* undo = tree.add(conflict, "undo", "take a decision back",
                            [this](Session& s) { return run_conflict_undo(s, resolution_); });
  for (CLI::App* verb : {show, resolve, undo})
    verb->add_option("ID", resolution_.id, "as conflict list shows it")->required();
  CommandTree::example(show, "skerry conflict show ID");
  CommandTree::example(resolve, "skerry conflict resolve ID --choose central --reason 'by phone'");
  CommandTree::example(undo, "skerry conflict undo ID");
  resolve->add_option("--choose", resolution_.choose, "winner or loser, or whose: central, site")
      ->check(CLI::IsMember({"winner", "loser", "central", "site"}));
  CLI::Option* value = resolve->add_option("--value", resolution_.value, "another value, as JSON");
  resolve->add_flag("--always", resolution_.always, "at central: so from now on, by a rule")
      ->excludes(value);
  for (CLI::App* verb : {resolve, undo}) {
    tree.add_dry_run(verb);
    tree.add_reason(verb);
  }
  add_rules(tree, conflict);
  add_lost(tree);
}

void ConflictCommands::add_lost(CommandTree& tree) {
  CLI::App* lost = tree.add_noun("lost", "changes that nobody has any more, after a restore");
  tree.add(lost, "list", "which rows of whose log", run_lost_list);
  CLI::App* acknowledge =
      tree.add(lost, "acknowledge", "nobody waits for them any more: doctor is content",
               run_lost_acknowledge);
  tree.add_dry_run(acknowledge);
  tree.add_reason(acknowledge);
  CommandTree::example(acknowledge, "skerry lost acknowledge --reason 'entered again'");
}

void ConflictCommands::add_rules(CommandTree& tree, CLI::App* conflict) {
  CLI::App* rule = conflict->add_subcommand("rule", "which side wins, by field; at central");
  rule->require_subcommand(1);
  tree.add(rule, "list", "every rule", run_rule_list);
  CLI::App* made = tree.add(rule, "add", "one side wins every conflict over a field",
                            [this](Session& s) { return run_rule_add(s, rule_); });
  CLI::App* gone = tree.add(rule, "remove", "conflicts over a field are a person's again",
                            [this](Session& s) { return run_rule_remove(s, rule_); });
  for (CLI::App* verb : {made, gone}) {
    tree.offer(verb->add_option("KIND", rule_.kind, "such as customer")->required(),
               CommandTree::Words::kinds);
    verb->add_option("FIELD", rule_.field, "such as phone")->required();
    tree.add_dry_run(verb);
    tree.add_reason(verb);
  }
  made->add_option("SIDE", rule_.side, "central or site")
      ->required()
      ->check(CLI::IsMember({"central", "site"}));
  CommandTree::example(made, "skerry conflict rule add contact phone site");
  CommandTree::example(gone, "skerry conflict rule remove contact phone");
}

}  // namespace skerry::daemon
