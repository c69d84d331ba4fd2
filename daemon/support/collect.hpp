// What a vendor needs to know of a machine to help, as texts that a person can read before they
// leave it: nothing of a record, of a key or of a token is among them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/config.hpp"

namespace skerry::daemon {

inline constexpr std::size_t support_member_bytes_max = 1024 * 1024;
inline constexpr std::size_t support_bytes_max = 8 * 1024 * 1024;  // of the whole file

struct SupportMember {
  std::string name;  // as ustar takes it: [a-z0-9.]
  std::string text;
  std::size_t replaced = 0;  // places that Redactor replaced
  std::size_t cut = 0;       // bytes left out, of the beginning of a log, else of the end
};

struct SupportOptions {
  std::filesystem::path log_file;  // instead of the journal; empty: the journal
};

// The first member explains the others. Never fails: what cannot be found out is said in its place,
// whether the daemon answers, the database opens or the folder is there at all. Writes nothing.
std::vector<SupportMember> collect_support(const Config& config, const SupportOptions& options);

}  // namespace skerry::daemon
