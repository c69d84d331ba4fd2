// trust key, init, sign, show, rotate, adopt: what each does, once the command line is read. All
// but `show` without a file work where the daemon does not run, and key, sign and show FILE
// anywhere.
#pragma once

#include "daemon/commands/commands.hpp"

namespace skerry::daemon {

struct TrustStart {
  std::string folder;              // made when it is missing
  std::vector<std::string> roots;  // public keys; none: key files are made in the folder
  std::int64_t holders = 3;
  std::int64_t threshold = 2;
  std::string expires_at;
};
struct TrustChange {
  std::string file;  // central's draft; at a site there is none
  bool central_keys = false;
  std::vector<std::string> add_roots, drop_roots, revoke;
  std::optional<std::int64_t> threshold;
  std::string expires_at;
};

Result<Exit> run_trust_key(Terminal& terminal, const std::string& file, bool dry_run);
Result<Exit> run_trust_init(const Config& config, Terminal& terminal, const TrustStart& start,
                            bool dry_run);
Result<Exit> run_trust_sign(Terminal& terminal, const std::string& file, const std::string& key,
                            bool dry_run);
// Exit::attention for a file that lacks signatures, and for trust that has expired.
Result<Exit> run_trust_show(const Config& config, Terminal& terminal, const std::string& file);
// At central a draft of the next generation; at a site new keys of its own.
Result<Exit> run_trust_rotate(const Config& config, Terminal& terminal, const TrustChange& change,
                              bool dry_run);
Result<Exit> run_trust_adopt(const Config& config, Terminal& terminal, const std::string& file,
                             bool dry_run);

}  // namespace skerry::daemon
