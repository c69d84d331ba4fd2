// What central has to tell one site: everything with a version behind the place where the site
// stands, in the order of versions, and the lines that say it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "store/site_scope.hpp"

namespace skerry::sync {

// One thing central has a version of, on its way into a bundle.
struct Due {
  std::int64_t version = 0;
  RecordId id;
  // A kind's name, "tombstone", "scope_move", "site_scope", "conflict" or "ingest".
  std::string_view table;
  std::int64_t epoch = 0;  // of "ingest": the number of the site's epoch, and the row; its id is
  std::int64_t seq = 0;    // zero
};

// Where it stands in the order; a record that moved to another customer is due twice there.
inline auto place_of(const Due& due) { return std::tie(due.version, due.id); }

// For whom lines are written, and of which part of central's log.
struct DueFor {
  store::Site site;
  store::ScopeView scope;
  std::int64_t life = 0;  // central's ord
  std::int64_t base = 0;  // the site stands here
  std::int64_t upto = 0;  // and will stand here
  // The site has all fields with versions up to here: lines hold the others only.
  std::int64_t fields_from = 0;
  std::vector<store::SiteEpoch> epochs;  // whose results are due
  bool snapshot = false;
};

inline constexpr std::int64_t due_batch_rows = 1000;

// The next ones behind `after`, at least due_batch_rows unless there are no more; things of one
// version and id come in one batch.
std::vector<Due> next_due(store::Connection& connection, const DueFor& due_for, const Due& after);

// Gives `add` each line of what is due: none when it is out of the site's scope or gone meanwhile,
// many when a customer came into the scope or left it. False, the result, when `add` gave that:
// there is no room.
using AddLine = std::function<Result<bool>(const std::string& line)>;
Result<bool> add_lines(store::Connection& connection, const DueFor& due_for, const Due& due,
                       const AddLine& add);

}  // namespace skerry::sync
