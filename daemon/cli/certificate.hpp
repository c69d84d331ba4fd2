// cert show, install-ca, renew: their options.
#pragma once

#include <string>

#include "daemon/cli/tree.hpp"

namespace skerry::daemon {

class CertificateCommands {
 public:
  void add_to(CommandTree& tree);

 private:
  std::string file_;
  bool new_authority_ = false;
  bool qr_ = false;
};

}  // namespace skerry::daemon
