// Every bundle file ever seen, with what became of it (SYNC 4.3).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct InboxEntry {
  Hash sha256{};
  std::string name;              // as it came; for people
  std::string kind;              // empty when the file could not be read that far
  std::optional<SiteId> sender;  // a site whose signature was verified
  std::string outcome;           // applied, duplicate, or the slug of the refusal
  std::string detail;
  UnixMillis received_at = 0;
  bool open_door = false;   // it came where everybody may send something
  std::int64_t number = 0;  // of its row, when it is listed: of two the later has the greater
};

// Refusals without a verified sender are anybody's to cause, so few are kept: one row for all
// repeats of the same bytes, the newest, and of those rows the newest refused_strangers_max or a
// few more. What came through the open door makes room for its like only: who has no access
// pushes nothing out that somebody brought.
inline constexpr std::int64_t refused_strangers_max = 1000;
void write_inbox(Connection& connection, const InboxEntry& entry);
// The same bytes were taken in before, and had all the effect they can have.
bool was_taken(Connection& connection, const Hash& sha256);
// The same bytes came before, whatever became of them.
bool was_met(Connection& connection, const Hash& sha256);
// Files refused as being of a newer version, each once, the oldest first.
struct UnreadFile {
  Hash sha256{};
  std::string name;
};
std::vector<UnreadFile> list_unread(Connection& connection);
// The newest first; of those before the row `before` only.
std::vector<InboxEntry> list_inbox(Connection& connection, std::int64_t limit,
                                   std::int64_t before = std::numeric_limits<std::int64_t>::max());

}  // namespace skerry::store
