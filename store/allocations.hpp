// What sites hold of an entitlement, and how much of it that takes (SYNC 4.4 class K, H26, ADR
// 0047).
//
// An allocation is central's record; what it was before a change counts on until the site's receipt
// of that change is in: the larger of both, so that a seat exists in one place whatever the site
// knows.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/kinds/amounts.hpp"
#include "store/record.hpp"
#include "store/refusal.hpp"

namespace skerry::store {

// Seats, and amounts of features by key.
struct Counted {
  std::int64_t seats = 0;
  std::map<std::string, Amount, std::less<>> amounts;
  bool operator==(const Counted&) const = default;

  void cover(const Counted& other);       // the larger of each
  void add(const Counted& other);         // the sum of each
  void take(const Counted& other);        // what is left of each, never below nothing
  Amount of(std::string_view key) const;  // 0 where nothing is said
};

// An instant as a field of a record has it; nullopt for null.
std::optional<UnixMillis> instant_of(const json::value& value);
// The id that a reference holds; zero for null.
RecordId id_in(const json::value& value);
// Whether `part` fits into `all`.
bool covers(const Counted& all, const Counted& part);
// As a field of a record has them: null for none.
json::value amounts_json(const Counted& of);
// What is given now, whatever counts beside it.
Counted present(const Record& allocation);
// What the allocation takes at a time: the present numbers and, until its site confirmed them,
// those before. What is disputed takes nothing.
Counted counted(const Record& allocation, UnixMillis now);
// Of all allocations of the entitlement; of usage counts what a site told as used where that is
// more, when its allocation is over or gone, too.
Counted counted_of(Connection& connection, const Record& entitlement, UnixMillis now);
// What was sold, with what may be overdrawn: the bound of the sum.
Amount sold_seats(const Record& entitlement);
Amount sold_of(const Record& entitlement, std::string_view feature);

// Since when usage of its counts adds up: the last month's day, the renewal, the start, ever (0).
UnixMillis usage_since(const Record& entitlement, UnixMillis now);

// From when on what a site noted and told as used counts since then. Notes and facts say their
// hour, or the reset within it that their machine knew of. A monthly one every machine foresees:
// each use counts on one side of it. Of a renewal a site hears later: its hour counts whole, so
// what was used earlier in that hour counts with the new amount, too, and nothing is sold twice.
UnixMillis told_since(const Record& entitlement, UnixMillis since);

// What was used here of usage counts since then (table `feature_use`), each that ever was. Of one
// that counts from another instant on, because the reset was heard of late: what was noted and told
// from `told_since` on.
Counted own_counts(Connection& connection, const RecordId& entitlement, UnixMillis since,
                   UnixMillis told_since);

// What the seats take that this machine gave: those that are out, what they hold of pools (table
// `seat`), what was used of counts.
Counted own_use(Connection& connection, const RecordId& entitlement, UnixMillis since,
                UnixMillis told_since);
// At central, which knows of each reset when it comes.
inline Counted own_use(Connection& connection, const RecordId& entitlement, UnixMillis since) {
  return own_use(connection, entitlement, since, since);
}

// What sites told as used of its counts since the last reset, by site: gone, whatever became of
// their allocations.
using UsedBySite = std::map<std::string, Counted, std::less<>>;
UsedBySite used_at_sites(Connection& connection, const Record& entitlement, UnixMillis now);

// A new issue, when `after` gives other numbers than `before`; keeps what was there before in
// `held_…` where that was more.
void hold_until_confirmed(const Record& before, Record& after, UnixMillis now);

// Takes back all but `left` without the site's word: what it may still use beyond that stands in
// `disputed_…` until the end that the site knows, and counts no more.
void dispute(const Record& before, Record& after, const Counted& left, UnixMillis now);

// Complaints about an allocation, or about an entitlement of which some is allocated or in use
// here. Amounts that are no more than `before` may be too much: sites tell late what they used.
void check_allocation_fits(Connection& connection, const Record& allocation, const Record* before,
                           UnixMillis now, Refusal& refusal);
void check_allocations_fit(Connection& connection, const Record& entitlement, const Record& before,
                           UnixMillis now, Refusal& refusal);

// While it lives, the entitlement may get fewer seats than this machine's own are: the surplus ends
// at its next refresh. Part of one write job, whose transaction it is undone with.
class ForcedReduction {
 public:
  ForcedReduction(Connection& connection, const RecordId& entitlement);
  ~ForcedReduction();
  ForcedReduction(const ForcedReduction&) = delete;
  ForcedReduction& operator=(const ForcedReduction&) = delete;

 private:
  Connection& connection_;
};

// Errc::in_use for an allocation that a site may still use, and an entitlement with seats out here.
Result<void> check_unallocated(Connection& connection, const Record& record, UnixMillis now);

// Sets `confirmed` of an allocation from its receipts; at central only those of its own site count.
void update_confirmed(Connection& connection, const RecordId& allocation);

}  // namespace skerry::store
