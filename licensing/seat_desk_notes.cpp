// What the desk notes of what happens to seats: licensing/usage_notes.hpp.
#include <algorithm>
#include <utility>

#include "licensing/seat_desk.hpp"
#include "store/allocations.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t holders_shown = 100;

}  // namespace

UsageKey SeatDesk::event(const Seat& seat, Happened what) const {
  const UnixMillis now = clock_.now();
  return {seat.entitlement, what, is_counted(what) ? hour_of(now) : now, seat.id, seat.machine,
          seat.user,        {}};
}

void SeatDesk::note(store::Connection& connection, const UsageKey& key, std::int64_t amount) {
  write_note(connection, key, amount);
  noted_ = true;
}

void SeatDesk::note_grant(store::Connection& connection, const Seat& seat, bool overdrawn) {
  note(connection, event(seat, Happened::activation), 1);
  if (!overdrawn) return;
  ++counts(seat.entitlement).overdrafts;
  note(connection, event(seat, Happened::overdraft), 1);
}

// What it was allotted and nobody settled counts as used, as it does in the pool: since it was
// given.
void SeatDesk::note_end(store::Connection& connection, const Seat& seat) {
  if (seat.hold != Hold::ended) note(connection, event(seat, Happened::release), 1);
  for (const auto& [feature, amount] : seat.allotted)
    note_usage(connection, seat.entitlement, feature, amount, 0);
}

// By the hour and the feature alone: who used how much stays here. An hour in which usage begins
// anew is two, so that nothing is of both.
void SeatDesk::note_usage(store::Connection& connection, const RecordId& entitlement,
                          const std::string& feature, std::int64_t amount, UnixMillis since) {
  if (amount == 0) return;
  const UnixMillis at = std::max(hour_of(clock_.now()), since);
  note(connection, {entitlement, Happened::usage, at, {}, {}, {}, feature}, amount);
}

void SeatDesk::count_on(store::Connection& connection, const Allowance& allowance) {
  const RecordId& entitlement = allowance.entitlement;
  const UnixMillis since = allowance.usage_since;
  const auto& used = index_.use(entitlement).used;
  if (std::all_of(used.begin(), used.end(),
                  [since](const auto& each) { return each.second.since == since; }))
    return;
  const store::Counted counts =
      store::own_counts(connection, entitlement, since, allowance.usage_told_since);
  for (const auto& [feature, amount] : counts.amounts)
    put_used(connection, {entitlement, feature, {amount.limit.value_or(0), since}});
}

void SeatDesk::mark(const RecordId& entitlement) {
  const SeatIndex::Use& use = index_.use(entitlement);
  UsageKey key{entitlement, Happened::high_water, hour_of(clock_.now()), {}, {}, {}, {}};
  if (use.seats > 0) tally_.mark(key, use.seats);
  for (const auto& [feature, amount] : use.held) {
    key.feature = feature;
    if (amount > 0) tally_.mark(key, amount);
  }
}

void SeatDesk::count_clone(const Seat& seat) {
  ++counts(seat.entitlement).clones;
  tally_.add(event(seat, Happened::clone), 1);
}

tl::unexpected<Denial> SeatDesk::denied(Denial denial, UsageKey about) {
  const RecordId entitlement = about.entitlement;
  if (is_exhausted(denial.code)) {
    ++counts(entitlement).denials;
    about.what = Happened::denial;
    about.at = hour_of(clock_.now());
    tally_.add(std::move(about), 1);
  }
  if (denial.code == Why::seats_exhausted && policies_[entitlement].show_holders)
    for (const Seat* const seat : index_.list(entitlement, holders_shown))
      denial.holders.push_back(seat->name.empty() ? seat->machine : seat->name);
  return tl::unexpected<Denial>(std::move(denial));
}

UnixMillis SeatDesk::settle_leases(store::Connection& connection, const RecordId& entitlement,
                                   UnixMillis former) {
  const MutexLock lock(mutex_);
  const AllowanceRef allowed =
      keep(source_.by_id(connection, entitlement, clock_.floor()), entitlement, written_());
  const UnixMillis last = index_.last_end(entitlement);
  if (last == 0 || !allowed) return last;
  // What the run before this one refreshed and had not written is not in the index.
  return std::max(last, std::min(former, loaded_at_ + allowed->lease_seconds * 1000));
}

Result<void> SeatDesk::confirm_freed(store::Connection& connection) {
  std::vector<RecordId> freed;
  bool is_news = false;
  {
    const MutexLock lock(mutex_);
    is_news = std::exchange(news_, false);
    freed.assign(freed_.begin(), freed_.end());
    freed_.clear();
  }
  if (!facts_) return {};
  const LeasedUntil leased = [&](const RecordId& entitlement, UnixMillis former) {
    return settle_leases(connection, entitlement, former);
  };
  return is_news ? facts_->confirm_all(connection, leased)
                 : facts_->confirm(connection, freed, leased);
}

Result<UsageFacts::Written> SeatDesk::write_facts(store::Connection& connection, bool close) {
  if (!facts_) return UsageFacts::Written{};
  return facts_->write(connection, clock().now, close);
}

}  // namespace skerry::licensing
