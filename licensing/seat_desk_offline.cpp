// Seats of machines that never see this one: given, renewed and settled by files. What such a
// machine may use is taken out of the pools and counts beforehand; what it did not use comes back.
#include <algorithm>
#include <fmt/format.h>

#include "core/text.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::licensing {
namespace {

tl::unexpected<Denial> deny(Why code, std::string why, std::string next = {}) {
  return tl::unexpected<Denial>(Denial{code, std::move(why), std::move(next), {}, {}});
}

// Files carry no nonce: a seat of the network goes by its own calls.
tl::unexpected<Denial> not_away() {
  return deny(Why::validation_failed, "the seat's machine has not left the network");
}

}  // namespace

Decision<Seat> SeatDesk::allot(const Allowance& allowance, Seat seat, const Amounts& amounts,
                               std::vector<FeatureUse>& uses) {
  for (const auto& [feature, amount] : amounts) {
    const bool pool = std::any_of(
        allowance.features.begin(), allowance.features.end(), [&key = feature](const auto& each) {
          return each.key == key && each.type == FeatureType::element_pool;
        });
    auto change = pool ? decide_checkout(index_, allowance, seat, feature, amount)
                       : decide_usage(index_, allowance, seat, feature, amount);
    if (!change) return tl::unexpected<Denial>(std::move(change).error());
    seat = std::move(change->seat);
    if (pool) continue;
    seat.allotted[feature] += amount;
    uses.push_back({allowance.entitlement, feature, {change->used, allowance.usage_since}});
  }
  return seat;
}

void SeatDesk::put_used(store::Connection& connection, const FeatureUse& use) {
  write_used(connection, use);
  index_.set_used(use.entitlement, use.feature, use.used);
}

Decision<SeatState> SeatDesk::activate_offline(store::Connection& connection,
                                               const Opening& opening, const Claim& claim,
                                               const Amounts& amounts) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  sweep(connection);
  const std::vector<AllowanceRef> allowances = opened_by(connection, opening);
  for (const AllowanceRef& each : allowances) {
    // One within its minimum hold was given back: its machine may have it again.
    const Seat* const had = index_.find(each->entitlement, claim.machine);
    if (had && had->hold != Hold::ended)
      return deny(Why::already_exists, "this seat_id has a seat: return it, or refresh it",
                  "skerry offline return, or skerry offline refresh");
  }
  std::optional<Refusal> why;
  const RecordId id = new_record_id(wall_.wall_ms(), random_);
  for (const AllowanceRef& each : allowances) {
    auto grant = decide_claim(index_, *each, policies_[each->entitlement], claim, id, at());
    if (!grant) {
      prefer(why, each->entitlement, std::move(grant).error());
      continue;
    }
    if (facts_ && !facts_->may_write())
      return deny(Why::not_entitled, "this machine is a copy of a site: it gives no new seats");
    const UnixMillis until = latest_borrowing(*each, clock_.now());
    auto seat = decide_borrow(*each, grant->seat, until, at());
    std::vector<FeatureUse> uses;
    count_on(connection, *each);
    if (seat) seat = allot(*each, *std::move(seat), amounts, uses);
    if (!seat) {
      prefer(why, each->entitlement, std::move(seat).error());
      continue;
    }
    put(connection, *seat);
    for (const FeatureUse& use : uses) put_used(connection, use);
    note_grant(connection, *seat, grant->overdrawn);
    return state(*seat, start(connection, each));
  }
  if (why) return denied(std::move(why->denial), wanted_by(claim, why->entitlement));
  return deny(
      Why::not_entitled,
      "no entitlement at this machine has this activation code for this product and edition",
      "check the code; an entitlement that was just made comes with the next exchange");
}

Decision<Renewed> SeatDesk::refresh_offline(store::Connection& connection, const RecordId& id,
                                            const Caller& caller) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  const auto admitted = admit(id, caller);
  if (!admitted) return tl::unexpected<Denial>(admitted.error());
  if (admitted->hold != Hold::borrowed) return not_away();
  AllowanceRef allowed = allowance(connection, admitted->entitlement, written_());
  if (!allowed) return deny(Why::not_entitled, "the entitlement is not here any more");
  if (auto stays = decide_stay(index_, *allowed, *admitted, at()); !stays) {
    if (stays.error().code != Why::seats_exhausted)
      return tl::unexpected<Denial>(std::move(stays).error());
    auto why = denied(std::move(stays).error(), event(*admitted, Happened::denial));
    end_surplus(connection, *admitted);
    Seat last = *admitted;
    last.hold = Hold::ended;
    last.until = clock_.now();
    last.held.clear();
    return Renewed{state(last, std::move(allowed)), std::move(why).value()};
  }
  auto seat = decide_borrow(*allowed, *admitted, latest_borrowing(*allowed, clock_.now()), at());
  if (!seat) return tl::unexpected<Denial>(std::move(seat).error());
  put(connection, *seat);
  return Renewed{state(*seat, std::move(allowed)), std::nullopt};
}

Decision<void> SeatDesk::settle(store::Connection& connection, const RecordId& id,
                                const Caller& caller, const Amounts& used) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  const auto admitted = admit(id, caller);
  if (!admitted) return tl::unexpected<Denial>(admitted.error());
  const Seat& seat = *admitted;
  if (seat.hold != Hold::borrowed) return not_away();
  for (const auto& [feature, amount] : used) {
    const auto given = seat.allotted.find(feature);
    const std::int64_t most = given == seat.allotted.end() ? 0 : given->second;
    if (amount <= most) continue;
    return tl::unexpected<Denial>(
        Denial{Why::validation_failed,
               fmt::format("{} of feature {} were given, not {}", most, feature, amount),
               "make another return: skerry offline return, with --used at most what was given",
               {},
               {},
               "used/" + escape_pointer(feature)});
  }
  const AllowanceRef allowed = allowance(connection, seat.entitlement, written_());
  const UnixMillis since = allowed ? allowed->usage_since : 0;
  if (allowed) count_on(connection, *allowed);
  // Usage began anew since, not for the first time: what it was given counts no more.
  const UnixMillis began = allowed ? allowed->starts_at.value_or(0) : 0;
  const bool is_reset = since > began && seat.granted_at < since;
  for (const auto& [feature, given] : seat.allotted) {
    const auto spent = used.find(feature);
    const std::int64_t taken = spent == used.end() ? 0 : spent->second;
    const std::int64_t back = is_reset ? 0 : given - taken;
    note_usage(connection, seat.entitlement, feature, taken, is_reset ? 0 : since);
    const std::int64_t total = index_.use(seat.entitlement).used_of(feature, since);
    put_used(connection,
             {seat.entitlement, feature, {std::max<std::int64_t>(0, total - back), since}});
  }
  Seat settled = seat;
  settled.allotted.clear();
  drop(connection, settled);
  return {};
}

}  // namespace skerry::licensing
