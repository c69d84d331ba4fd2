// Who gets a seat, for how long, and what becomes of it: decisions only, of what is known and what
// is asked. The seat that a decision gives is what shall be; whoever asked writes it and puts it
// into the index. A decision against it says why, with the numbers.
#pragma once

#include <optional>
#include <string>

#include "core/result.hpp"
#include "licensing/allowance.hpp"
#include "licensing/seat_index.hpp"

namespace skerry::licensing {

// The two instants that a decision stands on (LeaseClock).
struct Instants {
  UnixMillis now = 0;    // leases
  UnixMillis floor = 0;  // ends of entitlements
};

// The numbers of one entitlement's seats, or of one of its features.
struct Numbers {
  Amount limit;
  Amount overdraft;  // beyond it
  std::int64_t in_use = 0;
  std::optional<std::int64_t> next_free_ms;  // of seats: until one comes free by itself
};

// Why not. The rules deny for the first five; the desk, which knows who calls, for the others.
enum class Why : std::uint8_t {
  not_entitled,       // no entitlement that is in force here allows it
  seats_exhausted,    // no seat is free
  feature_exhausted,  // not enough of a feature is left
  not_found,          // the seat has no such feature
  validation_failed,  // the values break a rule of the entitlement
  bad_request,        // the nonce is none
  forbidden,          // the secret is not the seat's
  seat_cloned,        // the call is not the one that follows: another machine goes on as the seat
  already_exists,     // the machine has a seat
  id_used,            // the key of the call, or the id of its file, was used by another one
  no_seat,            // the seat has ended, or was never of this machine
};
// For want of a seat or of a feature: what is counted as a denial.
constexpr bool is_exhausted(Why why) {
  return why == Why::seats_exhausted || why == Why::feature_exhausted;
}
struct Denial {
  Why code;
  std::string why;  // a sentence
  std::string next;
  std::optional<Numbers> numbers;
  std::vector<std::string> holders{};  // of seats, where the policy shows them
  std::string member{};                // of the call, when its value is out of range
};
template <class T>
using Decision = tl::expected<T, Denial>;

// Of entitlements that all refuse, the one whose refusal is answered and counted: the first that
// has too little, else the first.
struct Refusal {
  RecordId entitlement;
  Denial denial;
};
void prefer(std::optional<Refusal>& answered, const RecordId& entitlement, Denial denial);

// not_entitled unless the entitlement may be used at `floor`.
Decision<void> in_force(const Allowance& allowance, UnixMillis floor);

struct Claim {
  std::string machine;
  std::string name;  // empty, as `user`: what the seat has stays
  std::string user;
  Hash request{};     // of the call: the same again is a retry
  std::string key{};  // its Idempotency-Key; empty: nothing is kept of the call
};
struct Grant {
  Seat seat;
  bool is_new = false;    // the machine had none
  bool repeated = false;  // a retry of the call that led here: nothing changes
  bool overdrawn = false;
};
// `id`: of the seat, when it is a new one. Seats that came free by now are gone from `index`.
Decision<Grant> decide_claim(const SeatIndex& index, const Allowance& allowance,
                             const SeatPolicy& policy, const Claim& claim, const RecordId& id,
                             Instants at);

// Of a call: the first half its key's, the second that of all it asks (method, path, body).
Hash call_hash(std::string_view key, const Hash& asked);

// Which call this is. A nonce of a later turn than is known was given by this machine before it
// lost memory. `other`: it asks something else under the key of the call before.
enum class Turn : std::uint8_t { next, repeated, cloned, other };
Turn judge_turn(const Seat& seat, std::int64_t turn, const Hash& request);
// What any call but a repeated one leaves.
Seat after_turn(Seat seat, std::int64_t turn, const Hash& request);

// Whether the seat goes on. With fewer seats than others go on with, the one that asks is the
// surplus and ends: seats_exhausted.
Decision<void> decide_stay(const SeatIndex& index, const Allowance& allowance, const Seat& seat,
                           Instants at);
// A longer lease, where decide_stay() lets it stay.
Decision<Seat> decide_refresh(const SeatIndex& index, const Allowance& allowance, const Seat& seat,
                              Instants at);
// validation_failed when reservations of `wanted` that `present` does not have come to more seats
// than there are: `numbers`.
Decision<void> decide_policy(const SeatPolicy& present, const SeatPolicy& wanted,
                             const Numbers& numbers);
// Of a seat that was given back, or whose lease has ended. nullopt: it is free; otherwise it counts
// until its minimum hold has passed.
std::optional<Seat> decide_release(const SeatPolicy& policy, const Seat& seat, UnixMillis now);
// The latest end of a borrowing that begins now.
UnixMillis latest_borrowing(const Allowance& allowance, UnixMillis now);
// validation_failed when `until` lies beyond the offline lease period or the allowance's end.
Decision<Seat> decide_borrow(const Allowance& allowance, const Seat& seat, UnixMillis until,
                             Instants at);

// What a call about a feature leaves: all of it or nothing.
struct FeatureChange {
  Seat seat;              // of a pool: what it holds then
  std::int64_t used = 0;  // of a count: what is consumed then
  Numbers numbers;        // then
};
// `amount` is at least 1.
Decision<FeatureChange> decide_checkout(const SeatIndex& index, const Allowance& allowance,
                                        const Seat& seat, std::string_view feature,
                                        std::int64_t amount);
Decision<FeatureChange> decide_return(const SeatIndex& index, const Allowance& allowance,
                                      const Seat& seat, std::string_view feature,
                                      std::int64_t amount);
Decision<FeatureChange> decide_usage(const SeatIndex& index, const Allowance& allowance,
                                     const Seat& seat, std::string_view feature,
                                     std::int64_t amount);

Numbers numbers_of(const SeatIndex& index, const Allowance& allowance, UnixMillis now,
                   const SeatPolicy& policy = {});
Numbers numbers_of(const SeatIndex& index, const Allowance& allowance,
                   const AllowedFeature& feature);

}  // namespace skerry::licensing
