#include "licensing/seat_rules.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"

namespace skerry::licensing {
namespace {

constexpr std::int64_t second_ms = 1000;
constexpr std::ptrdiff_t key_hash_bytes = 16;

tl::unexpected<Denial> deny(Why code, std::string why, std::string next = {},
                            std::optional<Numbers> numbers = std::nullopt) {
  return tl::unexpected<Denial>(
      Denial{code, std::move(why), std::move(next), std::move(numbers), {}});
}

tl::unexpected<Denial> out_of_range(std::string member, std::string why, std::string next) {
  return tl::unexpected<Denial>(
      Denial{Why::validation_failed, std::move(why), std::move(next), {}, {}, std::move(member)});
}

// How many there may be with the overdraft; nullopt: any number.
std::optional<std::int64_t> ceiling(const Numbers& numbers) {
  if (!numbers.limit.limit || !numbers.overdraft.limit) return std::nullopt;
  return *numbers.limit.limit + *numbers.overdraft.limit;
}

UnixMillis lease_end(const Allowance& allowance, std::int64_t seconds, UnixMillis now) {
  const UnixMillis wanted = now + seconds * second_ms;
  const auto end = allowance.seats_until();
  return end ? std::min(wanted, *end) : wanted;
}

const SeatPolicy::Reservation* reservation_of(const SeatPolicy& policy, std::string_view user) {
  for (const auto& each : policy.reservations)
    if (std::find(each.users.begin(), each.users.end(), user) != each.users.end()) return &each;
  return nullptr;
}

// Seats that are in use or kept for another group, when `group` has one more. One that is kept for
// the group itself waits for nobody: where fewer are free than are kept, they go to who asks first.
std::int64_t spoken_for(const SeatIndex::Use& use, const SeatPolicy& policy,
                        std::string_view group) {
  std::int64_t kept = 0;
  for (const auto& each : policy.reservations) {
    const auto found = use.groups.find(each.group);
    const std::int64_t left = each.seats - (found == use.groups.end() ? 0 : found->second);
    if (left <= 0) continue;
    if (each.group == group) return use.seats + 1;
    kept += left;
  }
  return use.seats + 1 + kept;
}

// At a site all that it has is allocated; at central it has what no site does.
tl::unexpected<Denial> none_here(const Allowance& allowance, const Numbers& numbers) {
  if (allowance.allocated_until)
    return deny(Why::seats_exhausted, "no seat of the entitlement is allocated to this site",
                "central allocates some: seats of the allocation", numbers);
  return deny(Why::seats_exhausted, "all seats of the entitlement are allocated to sites",
              "take a seat at a site, or allocate fewer: PATCH /v1/allocations/{id}", numbers);
}

Decision<void> check_free(const SeatIndex& index, const Allowance& allowance,
                          const SeatPolicy& policy, std::string_view group, UnixMillis now) {
  const Numbers numbers = numbers_of(index, allowance, now, policy);
  const auto most = ceiling(numbers);
  if (!most || spoken_for(index.use(allowance.entitlement), policy, group) <= *most) return {};
  if (*most == 0) return none_here(allowance, numbers);
  const bool kept = numbers.in_use < *most;
  return deny(Why::seats_exhausted,
              kept ? fmt::format("{} of {} seats are in use and the others are kept for groups",
                                 numbers.in_use, *most)
              : *most == 1 ? std::string("the one seat is in use")
                           : fmt::format("all {} seats are in use", *most),
              numbers.next_free_ms ? "try again in next_free_in_seconds" : "release a seat",
              numbers);
}

const AllowedFeature* find_feature(const Allowance& allowance, std::string_view key) {
  const auto found = std::find_if(allowance.features.begin(), allowance.features.end(),
                                  [key](const auto& each) { return each.key == key; });
  return found == allowance.features.end() ? nullptr : &*found;
}

std::string_view word(FeatureType type) {
  switch (type) {
    case FeatureType::usage_count:
      return "is counted by usage";
    case FeatureType::element_pool:
      return "is checked out and returned";
    default:
      return "is on or off";
  }
}

std::string next_call(FeatureType type) {
  switch (type) {
    case FeatureType::usage_count:
      return "POST its usage";
    case FeatureType::element_pool:
      return "POST its checkout or return";
    default:
      return "GET the activation: it says whether the feature is on";
  }
}

Decision<const AllowedFeature*> must_be(const Allowance& allowance, std::string_view key,
                                        FeatureType type) {
  const AllowedFeature* const feature = find_feature(allowance, key);
  if (!feature)
    return deny(Why::not_found, fmt::format("the seat has no feature {}", key),
                "GET the activation: its features say which there are");
  if (feature->type != type)
    return deny(Why::validation_failed, fmt::format("feature {} {}", key, word(feature->type)),
                next_call(feature->type));
  return feature;
}

Decision<void> check_left(const Numbers& numbers, std::string_view key, std::int64_t amount) {
  const auto most = ceiling(numbers);
  if (!most || amount <= *most - numbers.in_use) return {};
  return deny(Why::feature_exhausted,
              fmt::format("{} of feature {} are left, not {}",
                          std::max<std::int64_t>(0, *most - numbers.in_use), key, amount),
              "ask for less, or again later", numbers);
}

}  // namespace

void prefer(std::optional<Refusal>& answered, const RecordId& entitlement, Denial denial) {
  if (answered && (is_exhausted(answered->denial.code) || !is_exhausted(denial.code))) return;
  answered = Refusal{entitlement, std::move(denial)};
}

Decision<void> in_force(const Allowance& allowance, UnixMillis floor) {
  switch (allowance.status) {
    case Status::disabled:
      return deny(Why::not_entitled, "the entitlement is disabled");
    case Status::customer_disabled:
      return deny(Why::not_entitled, "the customer is disabled");
    case Status::created:
      if (allowance.starts_with_activation) break;
      if (allowance.starts_at && floor >= *allowance.starts_at) break;
      return deny(Why::not_entitled, allowance.starts_at
                                         ? fmt::format("the entitlement begins at {}",
                                                       format_timestamp(*allowance.starts_at))
                                         : std::string("the entitlement was not started yet"));
    default:
      break;  // whether it has expired is for the clock of this machine
  }
  const auto end = allowance.seats_until();
  if (!end || floor < *end) return {};
  if (end == allowance.allocated_until)
    return deny(Why::not_entitled,
                fmt::format("what is allocated to this site ended at {}", format_timestamp(*end)),
                "central allocates it anew: a later until of the allocation");
  return deny(Why::not_entitled, fmt::format("the entitlement ended at {}", format_timestamp(*end)),
              "renew it at central");
}

Numbers numbers_of(const SeatIndex& index, const Allowance& allowance, UnixMillis now,
                   const SeatPolicy& policy) {
  Numbers numbers{allowance.seats, allowance.overdraft, index.use(allowance.entitlement).seats, {}};
  const std::int64_t hold_ms = policy.minimum_hold_seconds * second_ms;
  if (const auto end = index.first_end(allowance.entitlement, hold_ms))
    numbers.next_free_ms = std::max<std::int64_t>(0, *end - now);
  return numbers;
}

Numbers numbers_of(const SeatIndex& index, const Allowance& allowance,
                   const AllowedFeature& feature) {
  const SeatIndex::Use& use = index.use(allowance.entitlement);
  const std::int64_t in_use = feature.type == FeatureType::element_pool
                                  ? use.held_of(feature.key)
                                  : use.used_of(feature.key, allowance.usage_since);
  return {feature.amount, feature.overdraft, in_use, {}};
}

Decision<Grant> decide_claim(const SeatIndex& index, const Allowance& allowance,
                             const SeatPolicy& policy, const Claim& claim, const RecordId& id,
                             Instants at) {
  if (auto usable = in_force(allowance, at.floor); !usable)
    return tl::unexpected<Denial>(usable.error());
  const Seat* const known = index.find(allowance.entitlement, claim.machine);
  const std::string& user = known && claim.user.empty() ? known->user : claim.user;
  const auto& named = policy.named_users;
  if (!named.empty() && std::find(named.begin(), named.end(), user) == named.end())
    return deny(Why::not_entitled, "seats of this entitlement are for named users",
                "an operator names who may have one");
  Grant grant;
  if (known) {
    grant.seat = *known;
    grant.repeated = known->hold != Hold::ended && known->last_request == claim.request;
    if (grant.repeated) return grant;
    ++grant.seat.generation;
    grant.seat.hold = known->hold == Hold::ended ? Hold::lease : known->hold;
  } else {
    const auto* const reservation = reservation_of(policy, claim.user);
    grant.seat.group = reservation ? reservation->group : std::string();
    if (auto free = check_free(index, allowance, policy, grant.seat.group, at.now); !free)
      return tl::unexpected<Denial>(free.error());
    grant.is_new = true;
    grant.seat.id = id;
    grant.seat.entitlement = allowance.entitlement;
    grant.seat.machine = claim.machine;
    grant.seat.granted_at = at.now;
    grant.overdrawn =
        allowance.seats.limit && index.use(allowance.entitlement).seats >= *allowance.seats.limit;
  }
  Seat& seat = grant.seat;
  if (!claim.name.empty()) seat.name = claim.name;
  if (!claim.user.empty()) seat.user = claim.user;
  seat.bound = allowance.concurrency == Concurrency::node_lock;
  const UnixMillis end = lease_end(allowance, allowance.lease_seconds, at.now);
  seat.until = seat.hold == Hold::borrowed ? std::max(seat.until, end) : end;
  seat = after_turn(std::move(seat), seat.turn, claim.request);
  return grant;
}

Hash call_hash(std::string_view key, const Hash& asked) {
  Hash call = asked;
  const Hash of_key = crypto::sha256(as_bytes(key));
  std::copy_n(of_key.begin(), key_hash_bytes, call.begin());
  return call;
}

Turn judge_turn(const Seat& seat, std::int64_t turn, const Hash& request) {
  const bool same_key =
      std::equal(request.begin(), request.begin() + key_hash_bytes, seat.last_request.begin());
  if (same_key && request != seat.last_request) return Turn::other;
  if (turn >= seat.turn) return Turn::next;
  if (turn == seat.turn - 1 && request == seat.last_request) return Turn::repeated;
  return Turn::cloned;
}

Seat after_turn(Seat seat, std::int64_t turn, const Hash& request) {
  seat.turn = turn + 1;
  seat.last_request = request;
  return seat;
}

Decision<void> decide_stay(const SeatIndex& index, const Allowance& allowance, const Seat& seat,
                           Instants at) {
  if (auto usable = in_force(allowance, at.floor); !usable) return usable;
  const Numbers numbers = numbers_of(index, allowance, at.now);
  const auto most = ceiling(numbers);
  if (!most || numbers.in_use <= *most) return {};
  // A lease that has ended and was not swept yet goes on with its refresh.
  const bool is_live = !seat.frees_itself() || seat.until > at.now;
  const std::int64_t live = index.live(allowance.entitlement, at.now) + (is_live ? 0 : 1);
  if (live <= *most) return {};
  return deny(
      Why::seats_exhausted,
      fmt::format("{} seats are in use and only {} are left: this one has ended", live, *most),
      "ask for more seats at central", numbers);
}

Decision<Seat> decide_refresh(const SeatIndex& index, const Allowance& allowance, const Seat& seat,
                              Instants at) {
  if (auto stays = decide_stay(index, allowance, seat, at); !stays)
    return tl::unexpected<Denial>(std::move(stays).error());
  Seat refreshed = seat;
  const UnixMillis end = lease_end(allowance, allowance.lease_seconds, at.now);
  if (seat.hold == Hold::borrowed && seat.until > end) return refreshed;
  refreshed.hold = Hold::lease;
  refreshed.until = end;
  return refreshed;
}

Decision<void> decide_policy(const SeatPolicy& present, const SeatPolicy& wanted,
                             const Numbers& numbers) {
  const auto most = ceiling(numbers);
  // Those that stay may be more by now: seats were taken away since.
  if (!most || wanted.reservations == present.reservations) return {};
  std::int64_t kept = 0;
  for (std::size_t i = 0; i < wanted.reservations.size(); ++i) {
    kept += wanted.reservations[i].seats;
    if (kept <= *most) continue;
    auto refused = out_of_range(
        fmt::format("reservations/{}/seats", i),
        fmt::format("{} seats would be kept for groups, and there are {}", kept, *most),
        fmt::format("keep at most {} seats, all groups together", *most));
    refused.value().numbers = numbers;
    return refused;
  }
  return {};
}

std::optional<Seat> decide_release(const SeatPolicy& policy, const Seat& seat, UnixMillis now) {
  const UnixMillis free_at = seat.granted_at + policy.minimum_hold_seconds * second_ms;
  if (free_at <= now) return std::nullopt;
  Seat ended = seat;
  ended.hold = Hold::ended;
  ended.until = free_at;
  ended.held.clear();
  ended.allotted.clear();
  return ended;
}

UnixMillis latest_borrowing(const Allowance& allowance, UnixMillis now) {
  return lease_end(allowance, allowance.offline_lease_seconds, now);
}

Decision<Seat> decide_borrow(const Allowance& allowance, const Seat& seat, UnixMillis until,
                             Instants at) {
  if (auto usable = in_force(allowance, at.floor); !usable)
    return tl::unexpected<Denial>(usable.error());
  const UnixMillis latest = latest_borrowing(allowance, at.now);
  if (latest <= at.now)
    return deny(Why::validation_failed, "the entitlement lets no seat leave the network",
                "a vendor gives it an offline lease: offline_lease_seconds, at central");
  if (until > latest || until <= at.now)
    return out_of_range(
        "until",
        until <= at.now ? fmt::format("{} is past: it is {} here", format_timestamp(until),
                                      format_timestamp(at.now))
                        : fmt::format("a seat can be borrowed until {} at the latest, not {}",
                                      format_timestamp(latest), format_timestamp(until)),
        fmt::format("send an until after now and not after {}", format_timestamp(latest)));
  Seat borrowed = seat;
  borrowed.hold = Hold::borrowed;
  borrowed.until = std::max(seat.until, until);
  return borrowed;
}

Decision<FeatureChange> decide_checkout(const SeatIndex& index, const Allowance& allowance,
                                        const Seat& seat, std::string_view feature,
                                        std::int64_t amount) {
  const auto found = must_be(allowance, feature, FeatureType::element_pool);
  if (!found) return tl::unexpected<Denial>(found.error());
  FeatureChange change{seat, 0, numbers_of(index, allowance, **found)};
  if (auto left = check_left(change.numbers, feature, amount); !left)
    return tl::unexpected<Denial>(left.error());
  change.seat.held[std::string(feature)] += amount;
  change.numbers.in_use += amount;
  return change;
}

Decision<FeatureChange> decide_return(const SeatIndex& index, const Allowance& allowance,
                                      const Seat& seat, std::string_view feature,
                                      std::int64_t amount) {
  const auto found = must_be(allowance, feature, FeatureType::element_pool);
  if (!found) return tl::unexpected<Denial>(found.error());
  FeatureChange change{seat, 0, numbers_of(index, allowance, **found)};
  const auto held = change.seat.held.find(feature);
  const std::int64_t had = held == change.seat.held.end() ? 0 : held->second;
  if (amount > had)
    return out_of_range(
        "amount", fmt::format("the seat holds {} of feature {}, not {}", had, feature, amount),
        had > 0 ? "return at most what it holds" : "nothing has to be returned");
  if (amount == had)
    change.seat.held.erase(held);
  else
    held->second -= amount;
  change.numbers.in_use -= amount;
  return change;
}

Decision<FeatureChange> decide_usage(const SeatIndex& index, const Allowance& allowance,
                                     const Seat& seat, std::string_view feature,
                                     std::int64_t amount) {
  const auto found = must_be(allowance, feature, FeatureType::usage_count);
  if (!found) return tl::unexpected<Denial>(found.error());
  FeatureChange change{seat, 0, numbers_of(index, allowance, **found)};
  if (auto left = check_left(change.numbers, feature, amount); !left)
    return tl::unexpected<Denial>(left.error());
  change.numbers.in_use += amount;
  change.used = change.numbers.in_use;
  return change;
}

}  // namespace skerry::licensing
