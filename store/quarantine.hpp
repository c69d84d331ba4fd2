// At central: rows of a site that were met in another branch or from a copy. They are kept as they
// came, and leave only by a decision: issued again by the site, adopted, or discarded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/change.hpp"
#include "store/sites.hpp"

namespace skerry::store {

// The uid of a row that was not issued again: the first half of its chain hash (ADR 9).
ChangeUid uid_of_hash(const Hash& hash);

struct QuarantinedRow {
  std::int64_t number = 0;  // in the order they came
  std::int64_t epoch = 0;   // number of the site's epoch
  std::int64_t seq = 0;
  Hash hash{};
  ChangeUid uid;
  std::string line;
};
// False when it was there already.
bool quarantine(Connection& connection, const Site& site, const QuarantinedRow& row,
                UnixMillis now);
// In the order of epochs and rows; of one epoch only, when it is given.
std::vector<QuarantinedRow> list_quarantined(Connection& connection, const Site& site,
                                             std::optional<std::int64_t> epoch);
std::int64_t count_quarantined(Connection& connection, const Site& site,
                               std::optional<std::int64_t> epoch);
// The change has its disposition.
void release_quarantined(Connection& connection, const Site& site, const ChangeUid& uid);

// What became of a change of the site that was taken in before, under whatever epoch and place.
struct IssuedRow {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  Disposition disposition = Disposition::applied;
  std::string detail;
};
// A row that has its decision before one that is held.
std::optional<IssuedRow> find_issued(Connection& connection, const Site& site,
                                     const ChangeUid& uid);

}  // namespace skerry::store
