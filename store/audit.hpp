// The change log, read by people and programs: rows of the log as CHANGE objects of the API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/role.hpp"
#include "store/change_log.hpp"

namespace skerry::store {

// A row of the log, whatever form its line has.
struct AuditRow {
  std::int64_t n = 0;
  std::string kind;  // empty: the row could not be read, and is about no record
  RecordId record;
  std::string op;       // new, set, del; release (of a held row), decide (of a conflict)
  json::object fields;  // {name: {"old": …, "new": …}}
  std::string actor;
  std::string source;
  std::string request;
  std::optional<UnixMillis> happened_at;  // a claim of the writer's clock
  UnixMillis recorded_at = 0;
  std::string site;         // at central: the name of the site that made it, or "central"
  std::string disposition;  // pending, applied, superseded, conflict, rejected, held
  std::string detail;       // why not applied
  std::string resolves;     // the conflict this change decides
};

// Turns lines into rows. Lives as long as one request: it reads once who this machine is and what
// central has confirmed.
class AuditReader {
 public:
  AuditReader(Connection& connection, Role role);
  AuditRow read(const LogRow& row);

 private:
  std::string site_name(std::string_view id);
  void add_disposition(AuditRow& row, const LogRow& from);

  Connection& connection_;
  Role role_;
  std::int64_t own_log_ = 0;
  std::int64_t received_log_ = 0;
  std::int64_t acked_ = 0;
  std::vector<std::pair<std::string, std::string>> site_names_;
};

void append_audit_json(std::string& out, const AuditRow& row);

// Rows behind `after`, in the order of n without a gap.
std::vector<LogRow> read_log_after(Connection& connection, std::int64_t after, int limit);

struct AuditQuery {
  std::optional<std::string> kind;
  std::optional<RecordId> record;
  std::optional<std::string> actor;
  std::optional<std::string> source;
  std::optional<UnixMillis> since;  // recorded_at, inclusive
  std::optional<UnixMillis> until;  // exclusive
  std::optional<std::int64_t> before_n;
  int limit = 50;
};

struct AuditPage {
  std::vector<AuditRow> rows;            // the newest first
  std::optional<std::int64_t> before_n;  // where the next page begins
};

// A page looks at no more than audit_rows_examined_max rows: with a filter that few rows pass it
// may hold fewer than `limit`, even none, and still have a next page.
inline constexpr int audit_rows_examined_max = 5000;
AuditPage list_audit(Connection& connection, Role role, const AuditQuery& query);

}  // namespace skerry::store
