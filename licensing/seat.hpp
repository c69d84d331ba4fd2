// A seat that somebody has: one row of table `seat`, one slot of the index.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"

namespace skerry::licensing {

using Amounts = std::map<std::string, std::int64_t, std::less<>>;  // by feature

enum class Hold : std::uint8_t {
  lease,     // kept alive by refreshes
  borrowed,  // a longer lease of a machine that leaves the network
  ended,     // given back within the minimum hold: counts until that has passed
};

// Times are those of the LeaseClock.
struct Seat {
  RecordId id;           // the activation
  RecordId entitlement;  // whose seat it is
  std::string machine;   // what the application calls itself: `seat_id` of the API
  std::string name;      // for people; may be empty
  std::string user;      // may be empty
  std::string group;     // whose reservation it counts for; may be empty
  UnixMillis granted_at = 0;
  UnixMillis until = 0;  // when the lease ends; of an ended seat, when it is free
  Hold hold = Hold::lease;
  bool bound = false;           // node_lock: free only when given back
  std::int64_t generation = 1;  // of its secret: one more with each activation anew
  std::int64_t turn = 0;        // of its nonce: one more with each call
  Hash last_request{};          // of the call that led to `turn`: call_hash()
  Amounts held;                 // of element pools
  Amounts allotted;             // of usage counts, to a machine that is away: consumed beforehand

  bool frees_itself() const { return !bound || hold == Hold::ended; }
  bool operator==(const Seat&) const = default;
};

// How this machine gives seats of one entitlement out: an operator's, not the catalogue's.
struct SeatPolicy {
  struct Reservation {
    std::string group;
    std::int64_t seats = 0;
    std::vector<std::string> users;  // who belongs to the group
    bool operator==(const Reservation&) const = default;
  };
  std::int64_t minimum_hold_seconds = 0;  // a seat is not free again earlier after its grant
  bool show_holders = false;              // who has seats, to those who are denied one
  std::vector<std::string> named_users;   // none: anybody
  std::vector<Reservation> reservations;
  bool operator==(const SeatPolicy&) const = default;
};

}  // namespace skerry::licensing
