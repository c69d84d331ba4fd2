// The desk's memory: what it reads and writes, and what it shows. Its calls: seat_desk_calls.cpp.
#include "licensing/seat_desk.hpp"

#include <algorithm>

#include "licensing/site_certificate.hpp"
#include "store/identity.hpp"
#include "store/time_floor.hpp"

namespace skerry::licensing {
namespace {

UnixMillis read_floor(store::Database& database) {
  const store::Reader reader = database.read();
  return load_floor(*reader);
}

}  // namespace

SeatDesk::SeatDesk(store::Database& database, const Clock& clock,
                   std::shared_ptr<const store::RunClock> run_clock, Random& random,
                   AllowanceSource& source, const crypto::SigningKey& key,
                   std::function<std::int64_t()> version)
    : database_(database),
      wall_(clock),
      run_clock_(std::move(run_clock)),
      random_(random),
      source_(source),
      key_(key),
      proof_(key),
      version_(std::move(version)),
      written_(version_),
      clock_(clock, read_floor(database)) {
  const store::Reader reader = database.read();
  const MutexLock lock(mutex_);
  load(*reader);
}

// A lease may have been renewed since it was written, for its whole period at most: so each is
// given that, and no holder of a token is overtaken.
void SeatDesk::load(store::Connection& connection) {
  index_.clear();
  refreshed_.clear();
  known_.clear();
  starts_ = load_starts(connection);
  const UnixMillis now = clock_.now();
  loaded_at_ = now;
  std::set<RecordId> with_seats;
  for (Seat& seat : load_seats(connection)) {
    if (surplus_.contains(seat.id)) continue;
    with_seats.insert(seat.entitlement);
    const AllowanceRef allowed = allowance(connection, seat.entitlement, version_());
    if (allowed && seat.hold == Hold::lease) {
      UnixMillis until = now + allowed->lease_seconds * 1000;
      if (const auto end = allowed->seats_until()) until = std::min(until, *end);
      seat.until = std::max(seat.until, until);
    }
    index_.put(std::move(seat));
  }
  for (const FeatureUse& each : load_used(connection))
    index_.set_used(each.entitlement, each.feature, each.used);
  policies_ = load_policies(connection);
  counts_ = load_counts(connection);
  for (const RecordId& each : with_seats)  // a crash may have come before the count was written
    if (const std::int64_t seats = index_.use(each).seats; counts_[each].high_water < seats)
      counts(each).high_water = seats;
  tally_.forget_marks();
  marked_hour_ = 0;
  stale_ = false;
}

void SeatDesk::load_if_stale(store::Connection& connection) {
  if (stale_) load(connection);
}

Allowance SeatDesk::as_granted(Allowance read) const {
  // The source may not know yet of a start that is just being written.
  if (const auto start = starts_.find(read.entitlement); start != starts_.end())
    read = begun(std::move(read), start->second, clock_.floor());
  // Who sold it went by the wall clock, which may have been set forward within this run.
  if (read.status == Status::created && read.starts_at && *read.starts_at <= wall_.wall_ms())
    read.status = Status::active;
  return read;
}

AllowanceRef SeatDesk::keep(std::optional<Allowance> read, const RecordId& entitlement,
                            std::int64_t version) {
  Known& known = known_[entitlement];
  known.version = version;
  known.read_at = clock_.now();
  known.allowance =
      read ? std::make_shared<const Allowance>(as_granted(*std::move(read))) : AllowanceRef();
  return known.allowance;
}

bool SeatDesk::is_fresh(const Known& known, std::int64_t version) const {
  return known.version >= version && clock_.now() - known.read_at < read_again_ms;
}

AllowanceRef SeatDesk::allowance(store::Connection& connection, const RecordId& entitlement,
                                 std::int64_t version) {
  const auto known = known_.find(entitlement);
  if (known != known_.end() && is_fresh(known->second, version)) return known->second.allowance;
  return keep(source_.by_id(connection, entitlement, clock_.floor()), entitlement, version);
}

SeatCounts& SeatDesk::counts(const RecordId& entitlement) {
  counted_.insert(entitlement);
  return counts_[entitlement];
}

void SeatDesk::put(store::Connection& connection, const Seat& seat) {
  write_seat(connection, seat);
  // What was given must not lie ahead of the clock that starts after a crash: its entitlement may
  // have begun meanwhile, by a wall clock that was set back since.
  write_floor(connection, clock_.floor());
  refreshed_.erase(seat.id);
  index_.put(seat);
  const std::int64_t seats = index_.use(seat.entitlement).seats;
  const auto known = counts_.find(seat.entitlement);
  if (known == counts_.end() || known->second.high_water < seats)
    counts(seat.entitlement).high_water = seats;
  mark(seat.entitlement);
}

// Free at once, or when its minimum hold has passed.
void SeatDesk::drop(store::Connection& connection, const Seat& seat) {
  freed_.insert(seat.entitlement);
  note_end(connection, seat);
  if (const auto held = decide_release(policies_[seat.entitlement], seat, clock_.now()))
    return put(connection, *held);
  end(connection, seat.id);
}

void SeatDesk::end_surplus(store::Connection& connection, const Seat& seat) {
  freed_.insert(seat.entitlement);
  note_end(connection, seat);
  end(connection, seat.id);
}

void SeatDesk::end(store::Connection& connection, const RecordId& id) {
  delete_seat(connection, id);
  refreshed_.erase(id);
  index_.erase(id);
}

void SeatDesk::sweep(store::Connection& connection) {
  for (const auto& [id, entitlement] : surplus_) {
    delete_seat(connection, id);
    freed_.insert(entitlement);
  }
  surplus_.clear();
  for (const RecordId& id : index_.due(clock_.now(), swept_max)) {
    const Seat seat = *index_.find(id);
    drop(connection, seat);
  }
}

void SeatDesk::set_policy(store::Connection& connection, const RecordId& entitlement,
                          const SeatPolicy& policy) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  write_policy(connection, entitlement, policy);
  policies_.insert_or_assign(entitlement, policy);
}

json::object SeatDesk::told(store::Connection& connection, const SeatPolicy& policy) {
  return to_json(facts_ ? facts_->told(connection, policy) : policy);
}

void SeatDesk::upkeep(store::Connection& connection) {
  const MutexLock lock(mutex_);
  load_if_stale(connection);
  news_ = news_ || heeded_version_ != version_();
  heeded_version_ = version_();
  sweep(connection);
  for (std::size_t written = 0; written < written_max && !refreshed_.empty(); ++written) {
    const auto id = refreshed_.begin();
    if (const Seat* const seat = index_.find(*id)) write_seat(connection, *seat);
    refreshed_.erase(id);
  }
  for (const RecordId& id : counted_) write_counts(connection, id, counts_[id]);
  for (const KeptJump& jump : jumps_) write_jump(connection, jump);
  if (const UnixMillis hour = hour_of(clock_.now()); hour != marked_hour_) {
    for (const auto& [entitlement, ignored] : counts_) mark(entitlement);
    marked_hour_ = hour;
  }
  tally_.write(connection);
  noted_ = false;
  // The hybrid clock keeps what signed bundles told of the time.
  if (const auto told = store::read_time_floor(connection)) clock_.raise(told->ms());
  written_floor_ = clock_.floor();
  write_floor(connection, written_floor_);
  written_run_time_ = run_clock_->now();
  run_clock_->keep(connection);
  counted_.clear();
  jumps_.clear();
}

bool SeatDesk::wants_upkeep() {
  const MutexLock lock(mutex_);
  if (const auto jump = clock_.check()) jumps_.push_back({clock_.now(), *jump});
  return stale_ || noted_ || (facts_ && index_.size() > 0 && heeded_version_ != version_()) ||
         !refreshed_.empty() || !surplus_.empty() || !counted_.empty() || !jumps_.empty() ||
         !tally_.empty() || (!counts_.empty() && hour_of(clock_.now()) != marked_hour_) ||
         clock_.floor() - written_floor_ >= floor_every_ms ||
         run_clock_->now() - written_run_time_ >= floor_every_ms ||
         !index_.due(clock_.now(), 1).empty();
}

SeatState SeatDesk::state(const Seat& seat, AllowanceRef allowed) {
  const std::int64_t due = renew_after(allowed.get());
  return {seat, std::move(allowed), clock_.now(), due};
}

PoolState SeatDesk::pool_state(const RecordId& entitlement, std::size_t seats_max) {
  PoolState state;
  state.entitlement = entitlement;
  if (const auto known = known_.find(entitlement); known != known_.end())
    state.allowance = known->second.allowance;
  Allowance nothing;
  nothing.entitlement = entitlement;
  if (const auto found = policies_.find(entitlement); found != policies_.end())
    state.policy = found->second;
  state.numbers =
      numbers_of(index_, state.allowance ? *state.allowance : nothing, clock_.now(), state.policy);
  if (const auto found = counts_.find(entitlement); found != counts_.end())
    state.counts = found->second;
  for (const Seat* const seat : index_.list(entitlement, seats_max)) state.seats.push_back(*seat);
  return state;
}

std::vector<PoolState> SeatDesk::pools() {
  const MutexLock lock(mutex_);
  std::set<RecordId> ids;
  for (const auto& [id, ignored] : counts_) ids.insert(id);
  for (const auto& [id, ignored] : policies_) ids.insert(id);
  std::vector<PoolState> states;
  for (const RecordId& id : ids) states.push_back(pool_state(id, 0));
  return states;
}

std::optional<PoolState> SeatDesk::pool(const RecordId& entitlement) {
  const store::Reader reader = database_.read();
  const MutexLock lock(mutex_);
  const AllowanceRef allowed = allowance(*reader, entitlement, version_());
  if (!allowed && !counts_.contains(entitlement)) return std::nullopt;
  return pool_state(entitlement, listed_max);
}

std::optional<Allowance> SeatDesk::allowed(const RecordId& entitlement) {
  auto read = source_.by_id(*database_.read(), entitlement, clock().floor);
  if (!read) return std::nullopt;
  const MutexLock lock(mutex_);
  return as_granted(*std::move(read));
}

ClockState SeatDesk::clock() {
  const MutexLock lock(mutex_);
  return {clock_.now(), clock_.floor(), wall_.wall_ms()};
}

std::shared_ptr<const LeaseSigner> SeatDesk::signer() {
  const std::int64_t version = version_();
  {
    const MutexLock lock(signer_mutex_);
    if (signer_version_ == version) return signer_;
  }
  const store::Reader reader = database_.read();
  const auto identity = store::read_identity(*reader);
  const bool is_site = identity && identity->role == Role::site;
  auto made = std::make_shared<const LeaseSigner>(
      key_, is_site ? to_string(identity->id) : "central", read_site_certificate(*reader));
  const MutexLock lock(signer_mutex_);
  signer_version_ = version;
  signer_ = made;
  return made;
}

void SeatDesk::commit_failed() {
  const MutexLock lock(mutex_);
  stale_ = true;
  known_.clear();
  heeded_version_ = -1;
}

}  // namespace skerry::licensing
