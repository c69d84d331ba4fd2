// The change log (SYNC 4.1, 4.3): one table, several chains. Every visible change on this machine
// is one row; its own changes are the chain that travels, what a site got from central is another.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "core/change.hpp"
#include "core/clock.hpp"
#include "core/hlc.hpp"
#include "store/database.hpp"

namespace skerry::store {

// The end of one chain.
struct LogHead {
  std::int64_t number = 0;  // of the log, table `log`
  EpochId epoch;
  std::int64_t ord = 0;  // central: unix seconds at the start of this life; 0 at a site
  std::int64_t seq = 0;
  Hash hash{};
  std::int64_t n = 0;  // of its last row on this machine: central's position, which lives share
};

// A row of a chain, named so that nobody can take it for another.
struct LogPlace {
  EpochId epoch;
  std::int64_t seq = 0;
  Hash hash{};
  bool operator==(const LogPlace&) const = default;
};

// A chain that begins: the first of this machine, or one that goes on where another ended.
struct NewLog {
  EpochId epoch;
  std::int64_t ord = 0;
  std::optional<LogPlace> parent{};
  std::optional<EpochId> previous{};  // the epoch this machine was in
  std::string_view why{};             // empty for the first
};

// What a row says of its record beside the line, so that the log outlives the record.
struct LogSubject {
  std::string label;  // what people knew the record by; may be empty
  RecordId customer;  // whose scope decided who saw it; zero: nobody's, or everybody's
  RecordId place;     // of an asset, the customer where it stood, if another one; or zero
};

// Where a row came to stand.
struct LogPosition {
  std::int64_t n = 0;    // on this machine: the number of the change feed
  std::int64_t seq = 0;  // in its chain; at central equal to n within the first life only
  Hash hash{};
};

// The heads of the chains and the hybrid clock, in memory beside the table. Used on the writer
// thread only, except last_n(), which any thread may call.
class ChangeLog final : public Participant {
 public:
  // `clock` must outlive the log.
  explicit ChangeLog(const Clock& clock) : clock_(clock) {}

  // Reads the heads. Called once, before the first write.
  void load(Connection& connection);

  // Starts a chain of this machine's own changes: at `init`, and later with each new epoch.
  void start_own(Connection& connection, const NewLog& log);
  // Starts the chain of what arrives from central: at enrolment.
  void start_received(Connection& connection, EpochId epoch);

  // `kind` and `record`: what the row is about; a row that could not be read is about "" and zero.
  // `recorded_at`: that of the line's own stamp, so that the one proves the other; left out, now.
  LogPosition append_own(Connection& connection, std::string_view kind, const RecordId& record,
                         std::string_view line, const LogSubject& subject = {},
                         std::optional<UnixMillis> recorded_at = {});
  LogPosition append_received(Connection& connection, std::string_view kind, const RecordId& record,
                              std::string_view line, const LogSubject& subject = {});

  const LogHead& own() const { return now_.own; }
  // Errc::read_only_copy while this machine is a copy of its site (SYNC H3). Asked by who writes
  // records; `set_copy` belongs to the job that writes it to table `upstream`.
  Result<void> check_writable() const;
  bool is_copy() const { return now_.copy; }
  void set_copy(bool copy) { now_.copy = copy; }
  // store::trust_seen() of the database, for the anchor; whoever changes that sets it.
  std::int64_t trust_seen() const { return now_.trust; }
  void set_trust_seen(std::int64_t generation) { now_.trust = generation; }
  // Central's version for the row that append_own will write next.
  Version next_version() const { return {now_.own.ord, now_.n + 1}; }
  // A stamp later than every one before it; `wall` is wall_ms().
  HlcStamp tick(UnixMillis wall) { return hlc_.tick(wall); }
  HlcStamp tick() { return tick(wall_ms()); }
  // Raises the clock's floor to a stamp of central's, for good.
  void observe(Connection& connection, HlcStamp seen);
  // Makes the next start remember the latest stamp given, whatever becomes of the rows.
  void keep_clock(Connection& connection);
  UnixMillis wall_ms() const { return clock_.wall_ms(); }

  // The last committed n.
  std::int64_t last_n() const { return committed_n_.load(std::memory_order_acquire); }
  // Called on the writer thread after each commit that appended rows or changed trust_seen().
  void on_commit(std::function<void(std::int64_t last_n)> listener);

  void begin_group() override { group_ = now_; }
  void begin_job() override { job_ = now_; }
  void rollback_job() override { now_ = job_; }
  void rollback_group() override { now_ = group_; }
  void committed() override;

 private:
  struct Heads {
    std::int64_t n = 0;
    LogHead own;
    LogHead received;
    bool copy = false;
    std::int64_t trust = 0;
  };
  LogPosition append(Connection& connection, LogHead& head, std::string_view kind,
                     const RecordId& record, std::string_view line, const LogSubject& subject,
                     UnixMillis recorded_at);

  const Clock& clock_;
  Hlc hlc_;
  Heads now_;
  Heads job_;
  Heads group_;
  std::atomic<std::int64_t> committed_n_{0};
  std::function<void(std::int64_t)> listener_;
};

// The end of the newest chain for `purpose` ("own", "received") as this connection sees it; number
// 0 when there is none. For readers: the writer's heads are in the ChangeLog.
LogHead read_head(Connection& connection, std::string_view purpose);

// One row, read back.
struct LogRow {
  std::int64_t n = 0;
  std::int64_t log = 0;
  std::int64_t seq = 0;
  Hash hash{};
  std::string kind;
  RecordId record;
  UnixMillis recorded_at = 0;
  std::string line;
  LogSubject subject;
};
inline constexpr std::string_view log_columns =
    "n,log,seq,hash,kind,record,recorded_at,line,label,customer,place";
LogRow read_log_row(const Cursor& cursor);

// What the column `seal` of a row holds: SHA-256 over its hash and all that stands beside its line
// for lists and people, where the line does not prove it (ADR 0074).
Hash seal_of(const Hash& hash, std::string_view kind, const RecordId& record,
             UnixMillis recorded_at, const LogSubject& subject);

// Every chain from its first row or from where it was pruned, each row's columns against its seal,
// its kind and record against its line, of what was written here also its time, label and customer
// as far as the line says them, and whether what else the database knows of the log (positions
// confirmed, versions given) is still in it (docs/formats/audit.md says what is not proven).
// Errc::bad_signature names the first row that does not fit, its place and the remedy.
// `progress(rows)` is called now and then; it may be empty.
struct LogAudit {
  std::int64_t rows = 0;
  std::int64_t logs = 0;
  std::int64_t pruned = 0;  // rows before them that are not here any more
};
Result<LogAudit> verify_chains(Connection& connection,
                               const std::function<void(std::int64_t)>& progress);

}  // namespace skerry::store
