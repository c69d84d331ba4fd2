// The desk's calls: who may, which call it is, what is decided, and the row of it.
#include <algorithm>
#include <fmt/format.h>

#include "licensing/activation_codes.hpp"
#include "licensing/seat_desk.hpp"
#include "store/idempotency.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t opened_max = 10'000;        // codes whose entitlements are remembered
constexpr std::int64_t generations_known = 8;     // secrets of the past that are told from nonsense
constexpr std::int64_t purged_with_each_key = 2;  // so the table shrinks faster than it grows

tl::unexpected<Denial> deny(Why code, std::string why, std::string next = {}) {
  return tl::unexpected<Denial>(Denial{code, std::move(why), std::move(next), {}, {}});
}

tl::unexpected<Denial> other_call() {
  return deny(Why::id_used, "this Idempotency-Key was used for another call",
              "make a new key for each call");
}

}  // namespace

// No code has a colon and small letters: its canonical form is in capitals.
Opening opening_of(std::vector<RecordId> customers) {
  std::string text = "customers:";
  for (const RecordId& id : customers) text.append(to_string(id)).append(" ");
  return {digest_of(text), {}, {}, std::move(customers)};
}

std::vector<AllowanceRef> SeatDesk::opened_by(store::Connection& connection,
                                              const Opening& opening) {
  const std::int64_t version = written_();
  std::vector<AllowanceRef> allowances;
  if (const auto known = opened_.find(opening.digest);
      known != opened_.end() && known->second.version == version) {
    for (const RecordId& id : known->second.entitlements)
      if (AllowanceRef allowed = allowance(connection, id, version)) allowances.push_back(allowed);
  } else {
    Opened opened{version, {}};
    const UnixMillis now = clock_.floor();
    for (Allowance& read : opening.customers.empty()
                               ? source_.by_code(connection, opening.digest, now)
                               : source_.by_customers(connection, opening.customers, now)) {
      const RecordId id = read.entitlement;
      opened.entitlements.push_back(id);
      allowances.push_back(keep(std::move(read), id, version));
    }
    if (opened_.size() >= opened_max) opened_.clear();
    if (!allowances.empty()) opened_.insert_or_assign(opening.digest, std::move(opened));
  }
  std::erase_if(allowances, [&](const AllowanceRef& each) {
    return (each->product_sku != opening.product && to_string(each->product) != opening.product) ||
           (!opening.edition.empty() && each->edition != opening.edition);
  });
  return allowances;
}

AllowanceRef SeatDesk::allowance_of(const RecordId& id) {
  RecordId entitlement;
  {
    const MutexLock lock(mutex_);
    const Seat* const seat = index_.find(id);
    if (!seat) return nullptr;
    entitlement = seat->entitlement;
    const auto known = known_.find(entitlement);
    if (known != known_.end() && is_fresh(known->second, version_()))
      return known->second.allowance;
  }
  const store::Reader reader = database_.read();
  const MutexLock lock(mutex_);
  return allowance(*reader, entitlement, version_());
}

AllowanceRef SeatDesk::last_known(const RecordId& entitlement, AllowanceRef read) const {
  const auto known = known_.find(entitlement);
  return known == known_.end() ? std::move(read) : known->second.allowance;
}

Decision<Seat> SeatDesk::admit(const RecordId& id, const Caller& caller) {
  const Seat* const seat = index_.find(id);
  if (!seat || seat->hold == Hold::ended)
    return deny(Why::no_seat, "no seat here has this id: it was released, or its lease ended",
                "POST /v1/activations");
  if (caller.is_operator || proof_.is_secret(id, seat->generation, caller.secret)) return *seat;
  const std::int64_t oldest = std::max<std::int64_t>(1, seat->generation - generations_known);
  for (std::int64_t past = seat->generation - 1; past >= oldest; --past) {
    if (!proof_.is_secret(id, past, caller.secret)) continue;
    count_clone(*seat);
    return deny(
        Why::seat_cloned,
        fmt::format("{} was activated again since, perhaps on another machine", seat->machine),
        "activate this machine under a seat_id of its own");
  }
  return deny(Why::forbidden, "this is not the secret of the seat",
              "send the secret of its activation in Skerry-Seat-Secret");
}

Decision<SeatDesk::Admitted> SeatDesk::admit_turn(const RecordId& id, const Caller& caller) {
  auto admitted = admit(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  Seat& seat = *admitted;
  if (caller.is_operator) return Admitted{std::move(seat), false};  // the holder's turn stays
  const auto turn = proof_.turn_of(id, caller.nonce);
  if (!turn)
    return deny(Why::bad_request, "Skerry-Seat-Nonce is not one that this seat was given",
                "send the nonce of the last answer");
  switch (judge_turn(seat, *turn, caller.request)) {
    case Turn::next:
      return Admitted{after_turn(std::move(seat), *turn, caller.request), false};
    case Turn::repeated:
      return Admitted{std::move(seat), true};
    case Turn::other:
      return other_call();
    default:
      break;
  }
  count_clone(seat);
  return deny(
      Why::seat_cloned,
      fmt::format("the nonce of this call was used by another one: two machines go on as {}",
                  seat.machine),
      "activate this machine under a seat_id of its own");
}

// Kept as other keys are (store/idempotency.hpp), with the seat in place of the answer: the secret
// is computed again, and a duplicate that comes late neither makes a new one nor takes a new seat.
Decision<void> SeatDesk::admit_key(store::Connection& connection, const std::string& holder,
                                   const Claim& claim) {
  if (claim.key.empty()) return {};
  const auto kept = store::find_kept_answer(connection, holder, claim.key, run_clock_->now());
  if (!kept) return {};
  if (kept->request_hash != claim.request) return other_call();
  const auto id = parse_id<RecordId>(kept->body);
  const Seat* const seat = id ? index_.find(*id) : nullptr;
  const bool is_here = seat && seat->hold != Hold::ended;
  if (is_here && seat->last_request == claim.request) return {};
  return deny(Why::already_exists,
              is_here ? "this call was answered, and its seat has gone on since"
                      : "this call was answered, and its seat has ended since",
              "go on with what was answered; to activate anew, send a new Idempotency-Key");
}

void SeatDesk::keep_key(store::Connection& connection, const std::string& holder,
                        const Claim& claim, const RecordId& seat) {
  if (claim.key.empty()) return;
  const UnixMillis now = run_clock_->now();
  store::keep_answer(connection, holder, claim.key, {claim.request, 0, {}, to_string(seat)}, now);
  store::purge_kept_answers(connection, now, purged_with_each_key);
}

Decision<SeatState> SeatDesk::claim(store::Connection& connection, const Opening& opening,
                                    const Claim& claim) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  sweep(connection);
  const std::string holder = proof_.holder(opening.digest);
  if (auto admitted = admit_key(connection, holder, claim); !admitted)
    return tl::unexpected<Denial>(std::move(admitted).error());
  std::vector<AllowanceRef> allowances = opened_by(connection, opening);
  const auto has_seat = [&](const AllowanceRef& each) SKERRY_REQUIRES(mutex_) {
    return index_.find(each->entitlement, claim.machine) != nullptr;
  };
  for (const AllowanceRef& each : allowances)
    if (has_seat(each)) {
      const AllowanceRef only = each;
      allowances.assign(1, only);
      break;
    }
  std::optional<Refusal> why;
  const RecordId id = new_record_id(wall_.wall_ms(), random_);
  for (const AllowanceRef& each : allowances) {
    auto grant = decide_claim(index_, *each, policies_[each->entitlement], claim, id, at());
    if (!grant) {
      prefer(why, each->entitlement, std::move(grant).error());
      continue;
    }
    const Seat* const had = index_.find(each->entitlement, claim.machine);
    const bool is_given = !had || had->hold == Hold::ended;
    if (is_given && facts_ && !facts_->may_write())
      return deny(Why::not_entitled, "this machine is a copy of a site: it gives no new seats",
                  "skerry site copies, at central");
    if (!grant->repeated) {
      put(connection, grant->seat);
      keep_key(connection, holder, claim, grant->seat.id);
    }
    if (is_given) note_grant(connection, grant->seat, grant->overdrawn);
    SeatState given = state(grant->seat, start(connection, each));
    given.is_new = grant->is_new;
    given.repeated = grant->repeated;
    return given;
  }
  if (why) return denied(std::move(why->denial), wanted_by(claim, why->entitlement));
  const bool by_code = opening.customers.empty();
  return deny(Why::not_entitled,
              fmt::format("no entitlement at this machine {} for this product and edition",
                          by_code ? "has this activation code" : "is of a customer of this access"),
              fmt::format("{}an entitlement that was just made comes with the next exchange",
                          by_code ? "check the code; " : ""));
}

// With the first seat an entitlement begins that begins with it.
AllowanceRef SeatDesk::start(store::Connection& connection, const AllowanceRef& allowed) {
  if (!allowed->starts_with_activation || allowed->starts_at) return allowed;
  const RecordId entitlement = allowed->entitlement;
  write_start(connection, entitlement, clock_.floor());
  starts_.emplace(entitlement, clock_.floor());
  return keep(*allowed, entitlement, written_());
}

Decision<void> SeatDesk::release(store::Connection& connection, const RecordId& id,
                                 const Caller& caller) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  auto admitted = admit_turn(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  drop(connection, admitted->seat);
  return {};
}

Decision<SeatState> SeatDesk::borrow(store::Connection& connection, const RecordId& id,
                                     const Caller& caller, UnixMillis until) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  auto admitted = admit_turn(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  AllowanceRef allowed = allowance(connection, admitted->seat.entitlement, written_());
  if (!allowed) return deny(Why::not_entitled, "the entitlement is not here any more");
  if (!admitted->repeated) {
    auto borrowed = decide_borrow(*allowed, admitted->seat, until, at());
    if (!borrowed) return tl::unexpected<Denial>(std::move(borrowed).error());
    admitted->seat = *std::move(borrowed);
    put(connection, admitted->seat);
  }
  SeatState given = state(admitted->seat, std::move(allowed));
  given.repeated = admitted->repeated;
  return given;
}

Decision<SeatState> SeatDesk::feature(store::Connection& connection, const RecordId& id,
                                      const Caller& caller, FeatureCall call,
                                      std::string_view feature, std::int64_t amount) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  auto admitted = admit_turn(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  const RecordId entitlement = admitted->seat.entitlement;
  AllowanceRef allowed = allowance(connection, entitlement, written_());
  if (!allowed) return deny(Why::not_entitled, "the entitlement is not here any more");
  count_on(connection, *allowed);
  if (admitted->repeated) {
    SeatState given = state(admitted->seat, allowed);
    given.repeated = true;
    for (const AllowedFeature& each : allowed->features)
      if (each.key == feature) given.numbers = numbers_of(index_, *allowed, each);
    return given;
  }
  if (call != FeatureCall::give_back)
    if (auto usable = in_force(*allowed, clock_.floor()); !usable)
      return tl::unexpected<Denial>(std::move(usable).error());
  const auto decide = call == FeatureCall::checkout    ? decide_checkout
                      : call == FeatureCall::give_back ? decide_return
                                                       : decide_usage;
  auto change = decide(index_, *allowed, admitted->seat, feature, amount);
  if (!change) {
    UsageKey about = event(admitted->seat, Happened::denial);
    about.feature = feature;
    return denied(std::move(change).error(), std::move(about));
  }
  put(connection, change->seat);
  if (call == FeatureCall::give_back) freed_.insert(entitlement);
  if (call == FeatureCall::usage) {
    const std::string name(feature);
    put_used(connection, {entitlement, name, {change->used, allowed->usage_since}});
    note_usage(connection, entitlement, name, amount, allowed->usage_since);
  }
  SeatState given = state(change->seat, std::move(allowed));
  given.numbers = change->numbers;
  return given;
}

Decision<SeatState> SeatDesk::refresh(const RecordId& id, const Caller& caller) {
  AllowanceRef allowed = allowance_of(id);
  const MutexLock lock(mutex_);
  auto admitted = admit_turn(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  Seat& seat = admitted->seat;
  allowed = last_known(seat.entitlement, std::move(allowed));
  if (!allowed) return deny(Why::not_entitled, "the entitlement is not here any more");
  if (!admitted->repeated) {
    auto longer = decide_refresh(index_, *allowed, seat, at());
    if (!longer && longer.error().code == Why::seats_exhausted) {
      index_.erase(id);  // at once: the next that asks is held against one less
      refreshed_.erase(id);
      surplus_.emplace(id, seat.entitlement);
      tally_.add(event(seat, Happened::release), 1);
    }
    if (!longer) return denied(std::move(longer).error(), event(seat, Happened::denial));
    seat = *std::move(longer);
    index_.put(seat);
    refreshed_.insert(id);
  }
  SeatState given = state(seat, std::move(allowed));
  given.repeated = admitted->repeated;
  return given;
}

Decision<SeatState> SeatDesk::look(const RecordId& id, const Caller& caller) {
  AllowanceRef allowed = allowance_of(id);
  const MutexLock lock(mutex_);
  auto admitted = admit(id, caller);
  if (!admitted) return tl::unexpected<Denial>(std::move(admitted).error());
  return state(*admitted, std::move(allowed));
}

}  // namespace skerry::licensing
