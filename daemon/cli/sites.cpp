#include "daemon/cli/sites.hpp"

namespace skerry::daemon {

void SiteCommands::add_to(CommandTree& tree) {
  CLI::App* site = tree.add_noun("site", "the sites of this central");
  add_enrolment(tree, site);
  add_records(tree, site);
  CLI::App* revoke =
      add_of(tree, site, "revoke", "refuse a site's bundles from now on", run_site_revoke);
  tree.add_dry_run(revoke);
  tree.add_reason(revoke);
  CommandTree::example(revoke, "skerry site revoke 'Plant 7'");
  CommandTree::example(
      add_of(tree, site, "copies", "machines that write as this site and are not the one",
             run_site_copies),
      "skerry site copies 'Plant 7'");
  add_copy_verb(tree, site, "reauthorise", "a copy goes on as the site", run_site_reauthorise);
  add_copy_verb(tree, site, "adopt", "take in what copies wrote", run_site_adopt);
  add_copy_verb(tree, site, "discard", "refuse for good what copies wrote", run_site_discard);
}

void SiteCommands::add_enrolment(CommandTree& tree, CLI::App* site) {
  CLI::App* invite = tree.add(site, "invite", "a new site, with its invitation",
                              [this](Session& s) { return run_site_invite(s, invitation_); });
  invite->add_option("NAME", invitation_.name, "of the site, for people")->required();
  invite->add_option("--scope", invitation_.scope,
                     "what it sees: all, or customers with commas: account_ref, name or id");
  invite->add_option("--customer", invitation_.customer, "whose site it is");
  invite->add_option("--id", invitation_.id,
                     "of a site that is one already, where central was put back to before it");
  invite->add_option("--out", invitation_.out, "a medium's folder, or a file");
  tree.add_dry_run(invite);
  CommandTree::example(invite, "skerry site invite 'Plant 7' --scope ACME,BOLT --out /media/stick");
  CLI::App* admit = tree.add(site, "admit", "admit a site by its answer",
                             [this](Session& s) { return run_site_admit(s, admission_); });
  admit->add_option("FILE|DIR", admission_.place, "the answer, or the medium")->required();
  CLI::Option* words =
      admit->add_option("--fingerprint", admission_.fingerprint, "the words that the site shows");
  admit->add_flag("--yes", admission_.yes, "admit without comparing")->excludes(words);
  tree.add_dry_run(admit);
  CommandTree::example(admit, "skerry site admit /media/stick");
  CLI::App* enrol = tree.add(&tree.app(), "enrol", "at a site: answer central's invitation",
                             [this](Session& s) { return run_enrol(s, name_); });
  enrol->add_option("FILE|DIR", name_, "the invitation, or the medium")->required();
  tree.add_dry_run(enrol);
  CommandTree::example(enrol, "skerry enrol /media/stick");
}

void SiteCommands::add_records(CommandTree& tree, CLI::App* site) {
  CLI::App* list = tree.add(site, "list", "every site and how far it is",
                            [this](Session& s) { return run_site_list(s, all_); });
  list->add_flag("--all", all_, "archived ones too");
  CommandTree::example(add_of(tree, site, "show", "one site", run_site_show),
                       "skerry site show 'Plant 7'");
  CLI::App* set = tree.add(site, "set", "change a site's name, customer or scope",
                           [this](Session& s) { return run_site_set(s, change_); });
  set->add_option("SITE", change_.site, "name or id")->required();
  set->add_option("--name", change_.name, "a new name");
  set->add_option("--customer", change_.customer, "whose site it is, or none");
  CLI::Option* scope = set->add_option("--scope", change_.scope,
                                       "all, or customers with commas: account_ref, name or id");
  CommandTree::repeatable(
      set->add_option("--scope-add", change_.scope_add, "a customer, repeatable"))
      ->excludes(scope);
  CommandTree::repeatable(
      set->add_option("--scope-remove", change_.scope_remove, "a customer, repeatable"))
      ->excludes(scope);
  tree.add_dry_run(set);
  tree.add_reason(set);
  CommandTree::example(set, "skerry site set 'Plant 7' --scope-add CORK --dry-run");
}

CLI::App* SiteCommands::add_of(CommandTree& tree, CLI::App* noun, const char* name, const char* doc,
                               Run run) {
  CLI::App* verb = tree.add(noun, name, doc, [this, run](Session& s) { return run(s, name_); });
  verb->add_option("SITE", name_, "name or id")->required();
  return verb;
}

void SiteCommands::add_copy_verb(CommandTree& tree, CLI::App* site, const char* name,
                                 const char* doc, RunOfCopy run) {
  CLI::App* verb =
      tree.add(site, name, doc, [this, run](Session& s) { return run(s, name_, epoch_); });
  verb->add_option("SITE", name_, "name or id")->required();
  // An empty one would be none: a decision on every copy.
  verb->add_option("--epoch", epoch_, "of the copy, as site copies shows it, or its beginning")
      ->check(CommandTree::refuse_empty);
  tree.add_dry_run(verb);
  tree.add_reason(verb);
  CommandTree::example(verb, "skerry site " + std::string(name) + " 'Plant 7' --epoch 3f2a");
}

}  // namespace skerry::daemon
