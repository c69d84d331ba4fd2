// `skerry init`: makes a machine.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.hpp"
#include "core/role.hpp"

namespace skerry::daemon {

struct InitOptions {
  std::filesystem::path data;
  std::filesystem::path anchor;  // its folder
  Role role = Role::site;
  std::string name;         // for people; 1 to 255 characters
  bool with_config = true;  // false: the machine has one elsewhere
  bool sandbox = false;     // for good: skerry dev may move its clock
};

// Makes the folder (0700), the keys (0600), the database with the machine's identity, its anchor,
// and, when wanted, a configuration file of defaults. Errc::already_exists for a folder that holds
// one of these, which stays as it was.
Result<void> initialise(const InitOptions& options);
// Whether that can be done, as far as it can be told beforehand: the same errors, and nothing is
// made.
Result<void> check_init(const InitOptions& options);

}  // namespace skerry::daemon
