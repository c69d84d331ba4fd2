// A sandbox: a central and a site with invented data in one folder, to be tried out and thrown
// away. Its machines are ordinary ones, made and run by the commands that a person would give;
// their databases say that they are a sandbox's, and only then is there a lever for the clock.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "core/role.hpp"
#include "daemon/config.hpp"
#include "daemon/folder.hpp"
#include "daemon/movable_clock.hpp"

namespace skerry::daemon {

// Whether the database of this data folder is a sandbox's. Opened read-only.
Result<bool> is_sandbox(const DataFolder& folder);
// What the daemon of a sandbox's machine does before anything asks its clock: takes the lever.
// Errc::bad_config when it would listen to other machines.
Result<void> enter_sandbox(const Config& config, MovableClock& clock);
std::filesystem::path clock_lever_of(const DataFolder& folder);

// One machine of a sandbox, seen from outside its process.
class SandboxMachine {
 public:
  SandboxMachine(const std::filesystem::path& sandbox, Role role);

  Role role() const { return role_; }
  const DataFolder& folder() const { return folder_; }
  std::filesystem::path log() const;
  std::filesystem::path token_file() const;
  // As its file says. Errc::bad_config, or Errc::forbidden when it is no sandbox's machine.
  Result<Config> config() const;

  // Writes its configuration: an address on this machine, and at a site the way to central, which
  // leads nowhere when `cut`.
  Result<void> configure(const std::string& address, const std::string& central, bool cut) const;
  Result<void> start() const;  // waits until it answers
  Result<void> stop() const;   // waits until it has ended; fine when it does not run
  // Of the daemon that listens on its socket.
  std::optional<pid_t> pid() const;
  // Whether its daemon may write files, by the limit that the kernel keeps for it.
  bool may_write() const;
  Result<void> let_write(bool may) const;

  // `skerry WORDS… --data FOLDER`: its stdout. An exit code other than 0 and `also` is
  // Errc::io_failed with what was run.
  Result<std::string> run(std::vector<std::string> words, int also = 0) const;

 private:
  std::filesystem::path sandbox_;
  Role role_;
  DataFolder folder_;
};

// Fills both, which run and know each other: customers, devices, a licence. The files it imports
// stay in `data` of the sandbox.
Result<void> fill_sandbox(const std::filesystem::path& sandbox, const SandboxMachine& central,
                          const SandboxMachine& site);

}  // namespace skerry::daemon
