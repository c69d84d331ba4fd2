// The seats of this machine in memory, as table `seat` has them: found by id and by machine,
// counted by entitlement and group, and in the order in which they come free. No input or output.
//
// A seat lives in a slot of one array; slots that are free are chained through themselves, so that
// giving one out and taking it back cost the same at ten seats and at a hundred thousand.
// Not thread-safe; licensing::SeatDesk guards it.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "licensing/seat.hpp"

namespace skerry::licensing {

class SeatIndex {
 public:
  // What was consumed of a usage count, which begins anew with a reset.
  struct Used {
    std::int64_t amount = 0;
    UnixMillis since = 0;
  };
  // What the seats of one entitlement come to.
  struct Use {
    std::int64_t seats = 0;                                   // ended ones that are held, too
    std::int64_t ended = 0;                                   // of those
    std::map<std::string, std::int64_t, std::less<>> groups;  // by group; "" for none
    std::map<std::string, std::int64_t, std::less<>> held;    // of element pools
    std::map<std::string, Used, std::less<>> used;            // of usage counts
    std::int64_t held_of(std::string_view feature) const;
    // What was used since then: 0 when the count began before.
    std::int64_t used_of(std::string_view feature, UnixMillis since) const;
  };

  // Valid until the next change of the index; nullptr when there is none.
  const Seat* find(const RecordId& id) const;
  const Seat* find(const RecordId& entitlement, std::string_view machine) const;

  // A new seat, or one that is there as it is now (its id, entitlement and machine do not change).
  void put(Seat seat);
  void erase(const RecordId& id);
  void set_used(const RecordId& entitlement, std::string_view feature, Used used);
  void clear();

  const Use& use(const RecordId& entitlement) const;
  // When the next seat of the entitlement comes free by itself; a lease that ends within the
  // minimum hold is free behind that.
  std::optional<UnixMillis> first_end(const RecordId& entitlement,
                                      std::int64_t minimum_hold_ms = 0) const;
  // The latest end of a lease of the entitlement, 0 without one. Where all seats come free by
  // themselves it costs nothing.
  UnixMillis last_end(const RecordId& entitlement) const;
  // Seats whose holders may still go on: those that have ended, or whose lease has by `now`, are on
  // their way out. Costs as much as ends are due.
  std::int64_t live(const RecordId& entitlement, UnixMillis now) const;
  // Seats that came free by `now`, at most `seats_max`: costs as much as it gives.
  std::vector<RecordId> due(UnixMillis now, std::size_t seats_max) const;
  // Of one entitlement, in the order in which they end; at most `seats_max`, for people.
  std::vector<const Seat*> list(const RecordId& entitlement, std::size_t seats_max) const;
  std::size_t size() const { return by_id_.size(); }
  std::size_t slots() const { return slots_.size(); }

 private:
  using SlotNumber = std::uint32_t;
  static constexpr SlotNumber none = 0xffffffff;
  using Ends = std::set<std::pair<UnixMillis, SlotNumber>>;
  struct Slot {
    Seat seat;
    SlotNumber next_free = none;
  };
  struct Pool {
    Use use;
    Ends ends;                 // of those that come free by themselves
    std::set<SlotNumber> all;  // for people
    std::unordered_map<std::string, SlotNumber> machines;
  };

  SlotNumber take_slot();
  void count(Pool& pool, SlotNumber number, int sign);

  std::vector<Slot> slots_;
  SlotNumber first_free_ = none;
  std::unordered_map<RecordId, SlotNumber> by_id_;
  std::unordered_map<RecordId, Pool> pools_;
  Ends ends_;  // of all entitlements
};

}  // namespace skerry::licensing
