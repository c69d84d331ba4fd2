// site invite, admit, list, show, set, revoke, copies, reauthorise, adopt, discard, and enrol:
// their options.
#pragma once

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class SiteCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  using Run = Result<Exit> (*)(Session&, const std::string&);
  using RunOfCopy = Result<Exit> (*)(Session&, const std::string&, const std::string&);
  void add_enrolment(CommandTree& tree, CLI::App* site);
  void add_records(CommandTree& tree, CLI::App* site);
  // A command about the one site that its argument names.
  CLI::App* add_of(CommandTree& tree, CLI::App* noun, const char* name, const char* doc, Run run);
  void add_copy_verb(CommandTree& tree, CLI::App* site, const char* name, const char* doc,
                     RunOfCopy run);

  std::string name_, epoch_;
  bool all_ = false;
  Invitation invitation_;
  Admission admission_;
  SiteChange change_;
};

}  // namespace skerry::daemon
