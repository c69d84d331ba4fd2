// What must hold once the faults have stopped (SYNC 6.1). Each throws a Violation that says what
// differs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/own_epochs.hpp"
#include "store/upstream.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {

// Empty when of every site one machine is the site (I11), shows exactly central's records of its
// scope, with the versions of every field, and central's conflict records, and waits for nothing,
// and no row waits for a record that is there (H10); otherwise the first difference.
std::string first_difference(World& world);
inline bool all_agree(World& world) { return first_difference(world).empty(); }

// I1 and liveness.
void check_views(World& world);
// I2, I7: every acknowledged change has exactly one disposition and one row of central's log, and
// the site was told it.
void check_ledger(World& world);
// I2 after disasters: every acknowledged change of every machine is decided at central once, or in
// quarantine, or was destroyed before it left its machine; and what was decided of an epoch is one
// branch.
void check_changes_kept(World& world);
// I4: every chain is whole, everywhere, and a row is what it was when it was acknowledged.
void check_chains(World& world);
// H1, H3: nobody is called a copy where the world has no second machine, at any time.
void check_copies(World& world);
// All of a kind, by id.
std::vector<store::Record> records_of(store::Connection& connection, const Kind& kind);

// Where a site stands before and behind a bundle.
struct Stand {
  store::Upstream upstream;
  std::vector<store::OwnEpoch> epochs;
  std::map<RecordId, std::vector<Version>> versions;  // of fields, as central has them
};
Stand stand_of(Machine& site, bool with_versions);
// H3, H4, H5, H14, H18: a site goes on along one history of central's, to another life by a
// snapshot alone and with no more acknowledged than it says, and a copy not at all. `now`: behind
// `bundle`.
void check_taken(const Stand& before, const Stand& now, const std::string& who, const InAir& bundle,
                 const History& history);
// 4.3: a site shows central's state with what waits for a decision over it, at any time; but not of
// the records that another program wrote of.
void check_replayed(Machine& site, const std::set<RecordId>& but);
// Where assets are and what counts for a customer, at this machine, at any time.
void check_derived(Machine& machine);
void check_derived(World& world);
// I10: of no entitlement more is allocated than was sold with its overdraft, at any time.
void check_allocations(Machine& central);
// Tells the journal what central decided.
void count_outcomes(World& world);
// I8, I9, I12 and "every concurrent pair leaves exactly one conflict record": central is what a
// naive reading of its log gives (oracle.hpp).
void check_against_oracle(World& world);

}  // namespace skerry::sim
