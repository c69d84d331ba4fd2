// At central: the sites, and how far each of their logs was taken in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/change.hpp"
#include "core/version.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

// A position in central's log as a site reports it: number and hash together, never a bare number.
struct DownCursor {
  Version at;
  Hash hash{};
  bool operator==(const DownCursor&) const = default;
};

enum class SiteStatus { invited, active, fenced, revoked };
std::string_view to_text(SiteStatus status);

// Whether a site holds what central holds for it (SYNC 4.9).
struct Comparison {
  UnixMillis digest_at = 0;  // when a digest last went to it
  std::int64_t at = 0;       // the position in central's log at which it last compared
  bool differs = false;
  // The place of the log since which it needs the whole state, because it differed; 0: it did not
  // since both were last the same.
  std::int64_t repair = 0;
  // The whole state was sent for that, and did not help: nothing more is sent by itself (H25).
  bool is_alarm() const { return differs && repair > 0 && at >= repair; }
};

// A record of the kind `site`, as the machinery of exchange reads it.
struct Site {
  std::int64_t number = 0;  // the record's row
  SiteId id;
  // Changed by change_site() or as any record; written to the log.
  std::string name;
  SiteStatus status = SiteStatus::invited;
  bool sees_all = true;  // otherwise the customers of store/site_scope.hpp
  std::string sign_key;  // crypto::VerifyKey::to_text(); empty until admitted
  std::string age_recipient;
  // What central notes as it works, by note_site(): in no log.
  std::optional<EpochId> epoch;     // the active one
  std::optional<EpochId> expected;  // of a copy that is authorised to go on instead
  UnixMillis invited_at = 0;
  std::optional<UnixMillis> admitted_at;
  std::optional<UnixMillis> contact_at;
  std::string app_version;  // of its last bundle; empty before
  std::int64_t schema = 0;
  bool clock_suspect = false;
  std::optional<Hash> code_hash;  // of the invitation's single-use code
  DownCursor down;                // what the site last said it holds
  // The place of the last change of its scope to or from "all": before it, it needs the whole
  // state.
  std::int64_t scope_reset = 0;
  Comparison comparison;

  RecordId record_id() const { return RecordId{id.bytes}; }
};

// How far one epoch of a site's log was taken in.
struct SiteEpoch {
  std::int64_t number = 0;
  EpochId epoch;
  std::int64_t head = 0;
  Hash head_hash{};
  std::int64_t durable = 0;
  bool fenced = false;                  // its rows are a copy's, and not taken in
  std::optional<std::int64_t> fork_at;  // behind this row another branch was met
  std::optional<UnixMillis> copy_at;    // when a copy that writes it was last heard of
  // Whoever writes it stood before the head when last heard of: late, or put back. It is to be told
  // what central has.
  bool behind = false;
  std::int64_t began_n = 0;  // where central's log stood when it became the site's
  std::int64_t site = 0;     // whose log it is of
};

std::optional<Site> find_site(Connection& connection, const SiteId& id);
std::optional<Site> find_site_by_number(Connection& connection, std::int64_t number);
std::vector<Site> list_sites(Connection& connection);
// Sites whose id begins with `text`, or whose name is `text`: what a person types.
std::vector<Site> find_sites_by_text(Connection& connection, std::string_view text);
// A new record; `values` as read_new() gave them. Errors: those of RecordWriter::create.
Result<Site> make_site(Connection& connection, RecordWriter& writer, const SiteId& id,
                       FieldValues values, const Author& author);
// Status and keys: a change of the log when one of them is another.
Result<void> change_site(Connection& connection, RecordWriter& writer, const Site& site,
                         const Author& author);
void note_site(Connection& connection, const Site& site);
void note_comparison(Connection& connection, const Site& site);

std::optional<SiteEpoch> find_epoch(Connection& connection, const EpochId& epoch);
// The site's epochs, the newest `limit`, the newest first.
std::vector<SiteEpoch> list_epochs(Connection& connection, const Site& site, std::size_t limit);
SiteEpoch insert_epoch(Connection& connection, const Site& site, const EpochId& epoch);
void update_epoch(Connection& connection, const SiteEpoch& epoch);

// One row of a site, taken in: its chain hash, the place of its decision, the decision.
struct Ingested {
  Hash hash{};
  std::int64_t n = 0;
  Disposition disposition = Disposition::applied;
  std::optional<ChangeUid> uid{};  // of a row that was issued again
};
std::optional<Ingested> find_ingested(Connection& connection, std::int64_t epoch, std::int64_t seq);
void insert_ingested(Connection& connection, std::int64_t epoch, std::int64_t seq,
                     const Ingested& row, std::string_view detail);
// A row that was held is decided at place `n` of central's log. The place of its first decision
// stays: the site may have seen that acknowledged.
void update_disposition(Connection& connection, std::int64_t epoch, std::int64_t seq,
                        Disposition disposition, std::string_view detail, std::int64_t n);

// The largest seq of the epoch whose decision is not after `n`, with its chain hash; {0, zero} when
// there is none.
std::pair<std::int64_t, Hash> last_decided(Connection& connection, std::int64_t epoch,
                                           std::int64_t n);

struct RowResult {
  std::int64_t seq = 0;
  Disposition disposition = Disposition::applied;
  std::string detail;
};

// Positions of central's log.
std::optional<Hash> hash_at(Connection& connection, std::int64_t n);
// The line of that row.
std::optional<std::string> line_at(Connection& connection, std::int64_t n);
inline constexpr std::int64_t waypoints_max = 64;
// `fields_from`: a site that takes the piece in has every field with a version up to there, and the
// newest state of every record not changed behind `n`.
void add_waypoint(Connection& connection, const Site& site, std::int64_t n, const Hash& hash,
                  std::int64_t fields_from);
// Of the waypoint at `n`; `n` itself when there is none.
std::int64_t fields_from_of(Connection& connection, const Site& site, std::int64_t n);
// From `from_n` on, at most waypoints_max, the oldest first.
std::vector<std::pair<std::int64_t, Hash>> waypoints_from(Connection& connection, const Site& site,
                                                          std::int64_t from_n);

}  // namespace skerry::store
