// The protocol's decisions about whole bundles (SYNC 4.5), sans I/O: what is known goes in, what to
// do comes out. The store-bound parts (take_changes, take_state, pack_*) carry the decisions out;
// the simulator runs the same code.
#pragma once

#include <cstdint>
#include <optional>

#include "sync/positions.hpp"

namespace skerry::sync {

enum class Action {
  apply,      // take in what is new
  stage,      // a piece of a snapshot whose last piece is not here yet
  duplicate,  // known already: nothing to do but to note the contact
};

// What a site knows of itself and of central.
struct SiteKnowledge {
  EpochId epoch;          // of its own log
  std::int64_t head = 0;  // last own row
  CentralLife life;       // ord 0: holds nothing of central
  std::int64_t n = 0;
  Hash hash{};
  std::int64_t acked = 0;
  std::optional<Hash> hash_at_ack;  // own chain hash at the row the bundle acknowledges, when known
};

// At a site: a "state" or "snapshot" bundle. Errors: Errc::bundle_gap, Errc::wrong_history.
Result<Action> judge_state(const SiteKnowledge& site, const StateBody& body, bool snapshot);

// The highest own row that counts as decided after the bundle was taken in.
std::int64_t acked_after(const SiteKnowledge& site, const StateBody& body);

// What central knows of itself and of one epoch of a site.
struct CentralKnowledge {
  CentralLife life;
  std::int64_t n = 0;  // last row of its log
  std::optional<Hash>
      hash_at_down;       // its own hash at the position the site reports, when there is one
  std::int64_t head = 0;  // last row taken in of the epoch
  std::optional<Hash> hash_before;   // its hash of the row before the bundle's first, when known
  std::optional<Hash> hash_at_last;  // and of the bundle's last row, when it has that already
};

// At central: a "changes" bundle. Errors: Errc::bundle_gap, Errc::wrong_history.
Result<Action> judge_changes(const CentralKnowledge& central, const ChangesBody& body);

}  // namespace skerry::sync
