// The desk's calls for machines that name no entitlement and prove nothing: Relay's protocol.
#include "licensing/seat_desk.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t ended_at_once_max = 100'000;

tl::unexpected<Denial> no_seat() {
  return tl::unexpected<Denial>(
      Denial{Why::no_seat, "the machine has no seat among these", {}, {}, {}});
}

}  // namespace

const Seat* SeatDesk::held_among(Among entitlements, std::string_view machine) const {
  for (const RecordId& each : entitlements) {
    const Seat* const seat = index_.find(each, machine);
    if (seat && seat->hold != Hold::ended && (seat->bound || clock_.now() < seat->until))
      return seat;
  }
  return nullptr;
}

Decision<SeatState> SeatDesk::lengthen(const Seat& held, const AllowanceRef& allowed) {
  if (!allowed) return no_seat();
  auto longer = decide_refresh(index_, *allowed, held, at());
  if (!longer) return tl::unexpected<Denial>(std::move(longer).error());
  refreshed_.insert(longer->id);
  index_.put(*longer);
  return state(*longer, allowed);
}

Decision<SeatState> SeatDesk::claim_among(store::Connection& connection, Among entitlements,
                                          const Claim& claim) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  sweep(connection);
  if (const Seat* const held = held_among(entitlements, claim.machine)) {
    const Seat seat = *held;
    auto longer = lengthen(seat, allowance(connection, seat.entitlement, written_()));
    if (longer) return longer;
    // Perhaps another one gives a seat.
    if (longer.error().code == Why::seats_exhausted)
      end_surplus(connection, seat);
    else
      drop(connection, seat);  // its entitlement has ended
  }
  std::optional<Refusal> why;
  const RecordId id = new_record_id(wall_.wall_ms(), random_);
  for (const RecordId& each : entitlements) {
    const AllowanceRef allowed = allowance(connection, each, written_());
    if (!allowed) continue;
    auto grant = decide_claim(index_, *allowed, policies_[each], claim, id, at());
    if (!grant) {
      prefer(why, each, std::move(grant).error());
      continue;
    }
    put(connection, grant->seat);
    SeatState given = state(grant->seat, allowed);
    given.is_new = true;
    return given;
  }
  if (!why) return no_seat();
  return denied(std::move(why->denial), wanted_by(claim, why->entitlement));
}

Decision<void> SeatDesk::release_among(store::Connection& connection, Among entitlements,
                                       std::string_view machine) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  const Seat* const held = held_among(entitlements, machine);
  if (!held) return no_seat();
  const Seat seat = *held;
  drop(connection, seat);
  return {};
}

void SeatDesk::end_all(store::Connection& connection, const RecordId& entitlement) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  std::vector<RecordId> ids;
  for (const Seat* const seat : index_.list(entitlement, ended_at_once_max))
    ids.push_back(seat->id);
  for (const RecordId& id : ids) {
    delete_seat(connection, id);
    refreshed_.erase(id);
    index_.erase(id);
  }
}

Decision<SeatState> SeatDesk::refresh_among(Among entitlements, std::string_view machine) {
  RecordId id;
  {
    const MutexLock lock(mutex_);
    const Seat* const held = held_among(entitlements, machine);
    if (!held) return no_seat();
    id = held->id;
  }
  const AllowanceRef allowed = allowance_of(id);
  const MutexLock lock(mutex_);
  const Seat* const held = index_.find(id);
  if (!held || held->hold == Hold::ended) return no_seat();
  const Seat seat = *held;
  return lengthen(seat, last_known(seat.entitlement, allowed));
}

bool SeatDesk::holds_among(Among entitlements, std::string_view machine) {
  const MutexLock lock(mutex_);
  return held_among(entitlements, machine) != nullptr;
}

}  // namespace skerry::licensing
