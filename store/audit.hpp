// The change log, read by people and programs: rows of the log as CHANGE objects of the API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/role.hpp"
#include "store/own_epochs.hpp"

namespace skerry::store {

// A row of the log, whatever form its line has.
struct AuditRow {
  std::int64_t n = 0;
  std::string kind;  // empty: the row could not be read, and is about no record
  RecordId record;
  std::string label;    // what people knew the record by when the row was written
  std::string op;       // new, set, del; release (of a held row), decide (of a conflict); event
  json::object fields;  // {name: {"old": …, "new": …}}
  std::string actor;
  std::string actor_name;
  std::string source;
  std::string request;
  std::string reason;
  std::optional<UnixMillis> happened_at;  // a claim of the writer's clock
  UnixMillis recorded_at = 0;
  std::string site;  // at central: the name of the site that made it, or "central"
  // pending, applied, superseded, conflict, rejected, held; reissued: it counts in a later epoch
  std::string disposition;
  std::string detail;    // why not applied; of an event, which
  std::string resolves;  // the conflict this change decides
};

// Turns lines into rows. Lives as long as one request: it reads once who this machine is and what
// central has confirmed. For who is limited to `customers`, without what is another's.
class AuditReader {
 public:
  AuditReader(Connection& connection, Role role, std::vector<RecordId> customers = {});
  AuditRow read(const LogRow& row);

 private:
  AuditRow read_whole(const LogRow& row);
  std::string site_name(std::string_view id);
  void add_disposition(AuditRow& row, const LogRow& from);

  Connection& connection_;
  Role role_;
  std::vector<RecordId> customers_;
  std::int64_t received_log_ = 0;
  std::vector<OwnEpoch> own_epochs_;
  std::vector<std::pair<std::string, std::string>> site_names_;
};

// The actor's name for people; empty when there is none.
std::string_view name_of(const AuditRow& row);

void append_audit_json(std::string& out, const AuditRow& row);

// What a row must be like; what is absent asks nothing.
struct AuditFilter {
  std::optional<std::string> kind;
  std::optional<RecordId> record;
  std::optional<std::string> actor;   // its id ("uid:0", "token:crm") or its name
  std::optional<std::string> source;  // sync: also what a site wrote and an exchange brought
  std::optional<std::string> op;
  std::optional<std::string> site;    // at central: a site's name, or "central"
  std::optional<UnixMillis> since;    // recorded_at, inclusive
  std::optional<UnixMillis> until;    // exclusive
  std::vector<std::string> words{};   // each somewhere in the row's text, as search_words() has it
  std::vector<RecordId> customers{};  // rows about their records alone; empty: everybody's

  bool is_empty() const;
  // What can be said before the row is read as a whole.
  bool may_pass(Connection& connection, const LogRow& row) const;
  bool passes(const AuditRow& row) const;
};

// The words of a free text, as AuditFilter::words wants them: in plain letters, as searches have
// them (store/sqlite/search_index.hpp).
std::vector<std::string> search_words(std::string_view text);

struct AuditQuery : AuditFilter {
  std::optional<std::int64_t> before_n;
  int limit = 50;
};

struct AuditPage {
  std::vector<AuditRow> rows;            // the newest first
  std::optional<std::int64_t> before_n;  // where the next page begins
  std::int64_t pruned = 0;               // rows up to this n are not here any more
};

// A page looks at no more than audit_rows_examined_max rows: with a filter that few rows pass it
// may hold fewer than `limit`, even none, and still have a next page.
inline constexpr int audit_rows_examined_max = 5000;
// Whether the log has a row about the record.
bool has_history(Connection& connection, const Kind& kind, const RecordId& record);
AuditPage list_audit(Connection& connection, Role role, const AuditQuery& query);

}  // namespace skerry::store
