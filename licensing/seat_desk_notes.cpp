// What the desk notes of what happens to seats: licensing/usage_notes.hpp.
#include "licensing/seat_desk.hpp"

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

// What it was allotted and nobody settled counts as used, as it does in the pool.
void SeatDesk::note_end(store::Connection& connection, const Seat& seat) {
  if (seat.hold != Hold::ended) note(connection, event(seat, Happened::release), 1);
  for (const auto& [feature, amount] : seat.allotted)
    note_usage(connection, seat.entitlement, feature, amount);
}

// By the hour and the feature alone: who used how much stays here.
void SeatDesk::note_usage(store::Connection& connection, const RecordId& entitlement,
                          const std::string& feature, std::int64_t amount) {
  if (amount == 0) return;
  note(connection, {entitlement, Happened::usage, hour_of(clock_.now()), {}, {}, {}, feature},
       amount);
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

Result<void> SeatDesk::confirm_freed(store::Connection& connection) {
  std::vector<RecordId> freed;
  {
    const MutexLock lock(mutex_);
    freed.assign(freed_.begin(), freed_.end());
    freed_.clear();
  }
  return facts_ ? facts_->confirm(connection, freed) : Result<void>();
}

Result<UsageFacts::Written> SeatDesk::write_facts(store::Connection& connection, bool close) {
  if (!facts_) return UsageFacts::Written{};
  return facts_->write(connection, clock().now, close);
}

}  // namespace skerry::licensing
