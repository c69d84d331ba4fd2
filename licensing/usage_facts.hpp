// What happened to seats as facts: records of the kind usage_fact, of the machine that gave the
// seats, signed with its log and taken to central by the next bundle (ADR 0053).
#pragma once

#include "licensing/receipts.hpp"
#include "licensing/seat.hpp"
#include "licensing/usage_notes.hpp"
#include "store/write_records.hpp"

namespace skerry::licensing {

// Names that do not leave this machine: a keyed digest stands in the fact instead, the same for the
// same name, before the row is signed.
enum class Redaction : std::uint8_t { none, users, all };  // all: what machines are called, too
std::optional<Redaction> parse_redaction(std::string_view text);

class UsageFacts {
 public:
  static constexpr std::size_t facts_max = 200;  // in one job

  // All must outlive it.
  UsageFacts(store::ChangeLog& log, Random& random, Redaction redaction)
      : log_(log), random_(random), redaction_(redaction) {}

  // Makes facts of what is ready at `now` by the lease clock, at most facts_max; `close`: of what
  // the open hour has counted, too. A copy that may not write keeps its notes. Writer thread.
  struct Written {
    std::size_t facts = 0;
    bool more = false;
  };
  Result<Written> write(store::Connection& connection, UnixMillis now, bool close);

  // A policy as it may be told: the names of people as they stand in facts.
  SeatPolicy told(store::Connection& connection, SeatPolicy policy);

  // Whether this machine may write its log: a copy of a site gives no new seats.
  bool may_write() const { return log_.check_writable().has_value(); }
  // Confirms allocations that fit since so much of these entitlements came free, part of the job
  // that freed it; or of all.
  Result<void> confirm(store::Connection& connection, const std::vector<RecordId>& freed,
                       const LeasedUntil& leased);
  Result<void> confirm_all(store::Connection& connection, const LeasedUntil& leased);

 private:
  Result<void> confirm_of(store::Connection& connection, std::optional<RecordId> entitlement,
                          const LeasedUntil& leased);
  Result<void> write_fact(store::Connection& connection, store::RecordWriter& writer,
                          const std::string& says, const UsageNote& note);
  std::string redacted(store::Connection& connection, std::string_view kind,
                       const std::string& name);

  store::ChangeLog& log_;
  Random& random_;
  const Redaction redaction_;
};

// At central: an entitlement that begins with its first activation has begun with the first that
// central hears of, never before it was sold and never later than now. How many began.
std::size_t start_activated(store::Connection& connection, store::RecordWriter& writer,
                            UnixMillis now, const store::Author& author);

}  // namespace skerry::licensing
