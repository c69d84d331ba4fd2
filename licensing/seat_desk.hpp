// The seats of this machine: the index in memory, the rows behind it, the clock, and who may call.
//
// Threads: what changes seats runs on the writer thread, as part of a write job, and is answered
// after its commit; a refresh changes the index alone, on any thread, and is written within
// flush_every, many at once and without a row of the log: after a crash every lease is given its
// whole period again, and a nonce proves by itself that it was given. One mutex guards all of it.
//
// A job whose commit fails leaves the index ahead of the rows: commit_failed() says so, and the
// next call reads the rows anew.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "core/mutex.hpp"
#include "licensing/lease_token.hpp"
#include "licensing/seat_proof.hpp"
#include "licensing/seat_rows.hpp"
#include "licensing/seat_rules.hpp"
#include "licensing/usage_facts.hpp"
#include "store/run_clock.hpp"

namespace skerry::licensing {

// Port to the catalogue. Reads on the connection that it is given, any thread.
class AllowanceSource {
 public:
  virtual ~AllowanceSource() = default;
  // What an activation code opens, by its digest, in the order of the entitlements' ids.
  virtual std::vector<Allowance> by_code(store::Connection& connection, const Hash& digest,
                                         UnixMillis now) = 0;
  // Those of these customers, in the same order.
  virtual std::vector<Allowance> by_customers(store::Connection& connection,
                                              std::span<const RecordId> customers,
                                              UnixMillis now) = 0;
  virtual std::optional<Allowance> by_id(store::Connection& connection, const RecordId& entitlement,
                                         UnixMillis now) = 0;
};

using AllowanceRef = std::shared_ptr<const Allowance>;

// Who calls about a seat. An operator needs neither secret nor nonce; his reason is the caller's to
// record.
struct Caller {
  std::string_view secret;
  std::string_view nonce;
  Hash request{};  // of this call: method, path, key and body
  bool is_operator = false;
};

// In the middle of the lease: a call that is lost leaves time for many more. 0 without an
// allowance.
constexpr std::int64_t renew_after(const Allowance* allowance) {
  return allowance ? allowance->lease_seconds * 1000 / 2 : 0;
}

// A seat as it is told to its holder.
struct SeatState {
  Seat seat;
  AllowanceRef allowance;
  UnixMillis now = 0;  // by the lease clock
  std::int64_t renew_after_ms = 0;
  bool is_new = false;
  bool repeated = false;
  std::optional<Numbers> numbers{};  // of a feature, where one was asked for
};

// What a claim names to say whose seat it wants.
struct Opening {
  Hash digest{};                      // of the activation code, or of the customers
  std::string product;                // its id or sku
  std::string edition;                // its name; empty: any
  std::vector<RecordId> customers{};  // whose entitlements it opens; empty: those of the code
};

// Of whoever may take seats of these customers, one at least, without a code (ADR 73).
Opening opening_of(std::vector<RecordId> customers);

// One entitlement's seats as an operator sees them.
struct PoolState {
  RecordId entitlement;
  AllowanceRef allowance;  // null: the entitlement is not here any more
  Numbers numbers;
  SeatPolicy policy;
  SeatCounts counts;
  std::vector<Seat> seats;
};

struct ClockState {
  UnixMillis now = 0;
  UnixMillis floor = 0;
  UnixMillis wall = 0;
};

// A seat with a longer lease; or, `ended` says why, as it was when it was the surplus and ended.
struct Renewed {
  SeatState state;
  std::optional<Denial> ended;
};

// Who was denied a seat, for the facts.
inline UsageKey wanted_by(const Claim& claim, const RecordId& entitlement) {
  return {entitlement, Happened::denial, 0, {}, claim.machine, claim.user, {}};
}

class SeatDesk {
 public:
  static constexpr std::int64_t flush_every_ms = 1000;
  static constexpr std::int64_t floor_every_ms = 60'000;
  static constexpr std::size_t swept_max = 1000;   // seats in one job
  static constexpr std::size_t written_max = 500;  // refreshes in one upkeep: others wait for it
  static constexpr std::int64_t read_again_ms = 60'000;  // an allowance: some depend on the day
  static constexpr std::size_t listed_max = 1000;

  // All must outlive the desk. `run_clock`: the one that all of this machine's keys are kept by;
  // the desk writes it down for the next run. `version`: a number that rises with every commit
  // which may have changed an allowance. Reads the rows.
  SeatDesk(store::Database& database, const Clock& clock,
           std::shared_ptr<const store::RunClock> run_clock, Random& random,
           AllowanceSource& source, const crypto::SigningKey& key,
           std::function<std::int64_t()> version);

  const SeatProof& proof() const { return proof_; }

  // Where what happens here is told; without it nowhere. The composition root sets it before
  // anybody calls.
  void tell(UsageFacts& facts) { facts_ = &facts; }
  // What `version` will be once the open transaction has committed: a job heeds then what another
  // wrote before it in the same commit. Set like tell(); asked on the writer thread.
  void heed(std::function<std::int64_t()> written) { written_ = std::move(written); }
  // What the seats of this job leave in the log: receipts of allocations that fit since something
  // came free or was taken back, and for an upkeep the facts that are ready. `close`: also the open
  // hour's. Writer thread, in the job itself; an error undoes it.
  Result<void> confirm_freed(store::Connection& connection) SKERRY_EXCLUDES(mutex_);
  Result<UsageFacts::Written> write_facts(store::Connection& connection, bool close)
      SKERRY_EXCLUDES(mutex_);

  // ---- writer thread, inside a job
  // From the first entitlement that the code opens and that has a seat for the machine, or gives it
  // one. A call that was answered under its key is answered again while it is the last of its seat,
  // and never carried out twice (ADR 68).
  Decision<SeatState> claim(store::Connection& connection, const Opening& opening,
                            const Claim& claim) SKERRY_EXCLUDES(mutex_);
  Decision<void> release(store::Connection& connection, const RecordId& id, const Caller& caller)
      SKERRY_EXCLUDES(mutex_);
  Decision<SeatState> borrow(store::Connection& connection, const RecordId& id,
                             const Caller& caller, UnixMillis until) SKERRY_EXCLUDES(mutex_);
  enum class FeatureCall : std::uint8_t { checkout, give_back, usage };
  Decision<SeatState> feature(store::Connection& connection, const RecordId& id,
                              const Caller& caller, FeatureCall call, std::string_view feature,
                              std::int64_t amount) SKERRY_EXCLUDES(mutex_);
  // For a machine that never sees this one (seat_desk_offline.cpp): a borrowed seat with amounts of
  // pools and counts taken out for it, all or nothing; renewed; and given back, with what was used.
  // Their callers see to it that a request counts once.
  Decision<SeatState> activate_offline(store::Connection& connection, const Opening& opening,
                                       const Claim& claim, const Amounts& amounts)
      SKERRY_EXCLUDES(mutex_);
  Decision<Renewed> refresh_offline(store::Connection& connection, const RecordId& id,
                                    const Caller& caller) SKERRY_EXCLUDES(mutex_);
  Decision<void> settle(store::Connection& connection, const RecordId& id, const Caller& caller,
                        const Amounts& used) SKERRY_EXCLUDES(mutex_);
  void set_policy(store::Connection& connection, const RecordId& entitlement,
                  const SeatPolicy& policy) SKERRY_EXCLUDES(mutex_);
  // As the log tells it to others.
  json::object told(store::Connection& connection, const SeatPolicy& policy);
  // One seat among entitlements that nobody tells apart, by the machine alone: Relay's protocol
  // (seat_desk_relay.cpp). Of the one that the machine has a seat of, else of the first in this
  // order that gives one. Whoever asks is believed.
  using Among = std::span<const RecordId>;
  Decision<SeatState> claim_among(store::Connection& connection, Among entitlements,
                                  const Claim& claim) SKERRY_EXCLUDES(mutex_);
  Decision<void> release_among(store::Connection& connection, Among entitlements,
                               std::string_view machine) SKERRY_EXCLUDES(mutex_);
  // All seats of an entitlement that is taken away.
  void end_all(store::Connection& connection, const RecordId& entitlement) SKERRY_EXCLUDES(mutex_);
  // Seats that came free, refreshes, counts, the time floor, jumps of the clock: a bounded part of
  // what there is; wants_upkeep() says whether something is left.
  void upkeep(store::Connection& connection) SKERRY_EXCLUDES(mutex_);

  // ---- any thread
  Decision<SeatState> refresh(const RecordId& id, const Caller& caller) SKERRY_EXCLUDES(mutex_);
  // no_seat when the machine has none among them.
  Decision<SeatState> refresh_among(Among entitlements, std::string_view machine)
      SKERRY_EXCLUDES(mutex_);
  bool holds_among(Among entitlements, std::string_view machine) SKERRY_EXCLUDES(mutex_);
  // `caller` without a nonce: looking changes nothing.
  Decision<SeatState> look(const RecordId& id, const Caller& caller) SKERRY_EXCLUDES(mutex_);
  std::vector<PoolState> pools() SKERRY_EXCLUDES(mutex_);
  std::optional<PoolState> pool(const RecordId& entitlement) SKERRY_EXCLUDES(mutex_);
  // Read anew: its status is that of this moment by the clock that seats are granted by.
  std::optional<Allowance> allowed(const RecordId& entitlement) SKERRY_EXCLUDES(mutex_);
  ClockState clock() SKERRY_EXCLUDES(mutex_);
  // Of this machine's tokens: in the name of this site, with zeros before it is enrolled, and with
  // central's word for its key once that came; or in central's.
  std::shared_ptr<const LeaseSigner> signer() SKERRY_EXCLUDES(signer_mutex_);
  void commit_failed() SKERRY_EXCLUDES(mutex_);
  // Whether upkeep() has something to write. To be asked every flush_every_ms; notices jumps.
  bool wants_upkeep() SKERRY_EXCLUDES(mutex_);

 private:
  struct Known {
    std::int64_t version = -1;
    UnixMillis read_at = 0;
    AllowanceRef allowance;  // null: there is none
  };

  void load(store::Connection& connection) SKERRY_REQUIRES(mutex_);
  void load_if_stale(store::Connection& connection) SKERRY_REQUIRES(mutex_);
  // As of `version` at least: written_() on the writer thread, version_() on others.
  AllowanceRef allowance(store::Connection& connection, const RecordId& entitlement,
                         std::int64_t version) SKERRY_REQUIRES(mutex_);
  Allowance as_granted(Allowance read) const SKERRY_REQUIRES(mutex_);
  AllowanceRef keep(std::optional<Allowance> allowance, const RecordId& entitlement,
                    std::int64_t version) SKERRY_REQUIRES(mutex_);
  std::vector<AllowanceRef> opened_by(store::Connection& connection, const Opening& opening)
      SKERRY_REQUIRES(mutex_);
  bool is_fresh(const Known& known, std::int64_t version) const SKERRY_REQUIRES(mutex_);
  AllowanceRef start(store::Connection& connection, const AllowanceRef& allowed)
      SKERRY_REQUIRES(mutex_);
  // For a call on any thread, before it holds the mutex: reads when it must.
  AllowanceRef allowance_of(const RecordId& seat) SKERRY_EXCLUDES(mutex_);
  // And then, by which a lease may be made longer: no older one than confirm_freed() went by.
  AllowanceRef last_known(const RecordId& entitlement, AllowanceRef read) const
      SKERRY_REQUIRES(mutex_);
  // The latest end of a lease that was given; from now on none is given beyond what the job sees.
  // `former`: no refresh of a run before this one went beyond it.
  UnixMillis settle_leases(store::Connection& connection, const RecordId& entitlement,
                           UnixMillis former) SKERRY_EXCLUDES(mutex_);
  Decision<Seat> admit(const RecordId& id, const Caller& caller) SKERRY_REQUIRES(mutex_);
  // The seat as it is after this call, or as it is when the call was answered before (`repeated`).
  struct Admitted {
    Seat seat;
    bool repeated = false;
  };
  Decision<Admitted> admit_turn(const RecordId& id, const Caller& caller) SKERRY_REQUIRES(mutex_);
  // Denies a claim whose key was used and whose answer cannot be given again. `holder`: whose keys
  // are kept together (SeatProof::holder()).
  Decision<void> admit_key(store::Connection& connection, const std::string& holder,
                           const Claim& claim) SKERRY_REQUIRES(mutex_);
  void keep_key(store::Connection& connection, const std::string& holder, const Claim& claim,
                const RecordId& seat) SKERRY_REQUIRES(mutex_);
  // `about`: who was denied what; its entitlement is set.
  tl::unexpected<Denial> denied(Denial denial, UsageKey about) SKERRY_REQUIRES(mutex_);
  void count_clone(const Seat& seat) SKERRY_REQUIRES(mutex_);
  // For the facts: what happened now, or is counted in this hour.
  UsageKey event(const Seat& seat, Happened what) const SKERRY_REQUIRES(mutex_);
  void note(store::Connection& connection, const UsageKey& key, std::int64_t amount)
      SKERRY_REQUIRES(mutex_);
  void note_grant(store::Connection& connection, const Seat& seat, bool overdrawn)
      SKERRY_REQUIRES(mutex_);
  void note_end(store::Connection& connection, const Seat& seat) SKERRY_REQUIRES(mutex_);
  // `since`: of the counting that it is part of.
  void note_usage(store::Connection& connection, const RecordId& entitlement,
                  const std::string& feature, std::int64_t amount, UnixMillis since)
      SKERRY_REQUIRES(mutex_);
  // Usage may have begun anew before this machine heard of it: what it noted since then counts on.
  void count_on(store::Connection& connection, const Allowance& allowance) SKERRY_REQUIRES(mutex_);
  void mark(const RecordId& entitlement) SKERRY_REQUIRES(mutex_);
  void end(store::Connection& connection, const RecordId& id) SKERRY_REQUIRES(mutex_);
  void sweep(store::Connection& connection) SKERRY_REQUIRES(mutex_);
  void drop(store::Connection& connection, const Seat& seat) SKERRY_REQUIRES(mutex_);
  // Free at once, whatever its minimum hold: what it was is no more.
  void end_surplus(store::Connection& connection, const Seat& seat) SKERRY_REQUIRES(mutex_);
  void put_used(store::Connection& connection, const FeatureUse& use) SKERRY_REQUIRES(mutex_);
  Decision<Seat> allot(const Allowance& allowance, Seat seat, const Amounts& amounts,
                       std::vector<FeatureUse>& uses) SKERRY_REQUIRES(mutex_);
  void put(store::Connection& connection, const Seat& seat) SKERRY_REQUIRES(mutex_);
  const Seat* held_among(Among entitlements, std::string_view machine) const
      SKERRY_REQUIRES(mutex_);
  // The longer lease, in the index alone.
  Decision<SeatState> lengthen(const Seat& seat, const AllowanceRef& allowance)
      SKERRY_REQUIRES(mutex_);
  SeatState state(const Seat& seat, AllowanceRef allowance) SKERRY_REQUIRES(mutex_);
  PoolState pool_state(const RecordId& entitlement, std::size_t seats_max) SKERRY_REQUIRES(mutex_);
  Instants at() const SKERRY_REQUIRES(mutex_) { return {clock_.now(), clock_.floor()}; }
  SeatCounts& counts(const RecordId& entitlement) SKERRY_REQUIRES(mutex_);

  store::Database& database_;
  const Clock& wall_;
  const std::shared_ptr<const store::RunClock> run_clock_;  // by which keys are kept
  Random& random_;
  AllowanceSource& source_;
  const crypto::SigningKey key_;
  const SeatProof proof_;
  const std::function<std::int64_t()> version_;
  std::function<std::int64_t()> written_;
  UsageFacts* facts_ = nullptr;

  Mutex mutex_;
  LeaseClock clock_ SKERRY_GUARDED_BY(mutex_);
  SeatIndex index_ SKERRY_GUARDED_BY(mutex_);
  std::map<RecordId, SeatPolicy> policies_ SKERRY_GUARDED_BY(mutex_);
  std::map<RecordId, SeatCounts> counts_ SKERRY_GUARDED_BY(mutex_);
  std::unordered_map<RecordId, Known> known_ SKERRY_GUARDED_BY(mutex_);
  struct Opened {
    std::int64_t version = -1;
    std::vector<RecordId> entitlements;
  };
  std::map<Hash, Opened> opened_ SKERRY_GUARDED_BY(mutex_);  // by the digest of the code
  std::map<RecordId, UnixMillis> starts_ SKERRY_GUARDED_BY(mutex_);
  std::unordered_set<RecordId> refreshed_ SKERRY_GUARDED_BY(mutex_);  // not written yet
  // Seats that a refresh ended, with their entitlements: gone from the index, not yet from the
  // rows.
  std::map<RecordId, RecordId> surplus_ SKERRY_GUARDED_BY(mutex_);
  std::set<RecordId> counted_ SKERRY_GUARDED_BY(mutex_);   // not written yet
  std::vector<KeptJump> jumps_ SKERRY_GUARDED_BY(mutex_);  // not written yet
  // Of which less is in use: what was taken back from an allocation may fit now (ADR 0047).
  std::set<RecordId> freed_ SKERRY_GUARDED_BY(mutex_);
  // What was committed by the last upkeep, and whether something was since the last confirmation:
  // perhaps something was taken back.
  std::int64_t heeded_version_ SKERRY_GUARDED_BY(mutex_) = -1;
  bool news_ SKERRY_GUARDED_BY(mutex_) = false;
  UnixMillis loaded_at_ SKERRY_GUARDED_BY(mutex_) = 0;
  UsageTally tally_ SKERRY_GUARDED_BY(mutex_);            // not written yet
  bool noted_ SKERRY_GUARDED_BY(mutex_) = false;          // since the last upkeep
  UnixMillis marked_hour_ SKERRY_GUARDED_BY(mutex_) = 0;  // whose standing seats are marked
  UnixMillis written_floor_ SKERRY_GUARDED_BY(mutex_) = 0;
  UnixMillis written_run_time_ SKERRY_GUARDED_BY(mutex_) = 0;
  bool stale_ SKERRY_GUARDED_BY(mutex_) = false;

  Mutex signer_mutex_;  // no other is taken under it
  std::shared_ptr<const LeaseSigner> signer_ SKERRY_GUARDED_BY(signer_mutex_);
  std::int64_t signer_version_ SKERRY_GUARDED_BY(signer_mutex_) = -1;
};

}  // namespace skerry::licensing
