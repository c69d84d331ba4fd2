// What became of imports, on disk: so that it can be asked for after a restart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct KeptImport {
  RecordId id;
  std::string kind;   // "customer"
  std::string state;  // waiting, checking, writing, done, failed, cancelled
  UnixMillis created_at = 0;
  std::string summary;  // JSON, whatever the API made of it
};

inline constexpr std::int64_t kept_imports_max = 200;

// Adds one, and forgets the oldest beyond kept_imports_max.
void keep_import(Connection& connection, const KeptImport& import);
void update_import(Connection& connection, const RecordId& id, std::string_view state,
                   std::string_view summary);
std::optional<KeptImport> find_import(Connection& connection, const RecordId& id);
// The newest first.
std::vector<KeptImport> list_imports(Connection& connection);

}  // namespace skerry::store
