// What facts of usage come to: one line for each period, entitlement, machine that gave the seats,
// and feature; seats themselves in the line without a feature.
#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/strict_json.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::licensing {

enum class ReportBy : std::uint8_t { total, month, day, hour };
std::optional<ReportBy> parse_report_by(std::string_view text);

enum class ReportFormat : std::uint8_t { json, csv, ndjson };
std::optional<ReportFormat> parse_report_format(std::string_view text);

struct ReportQuery {
  std::optional<RecordId> customer;  // nullopt: every one
  UnixMillis since = 0;              // of facts at that time and later
  UnixMillis until = 0;              // and before that one
  ReportBy by = ReportBy::month;     // of UTC
};

// The same facts give the same bytes on every machine. `connection` is inside one read transaction
// as long as this lives; the work is that of the period's facts.
class UsageReport {
 public:
  UsageReport(store::Connection& connection, const ReportQuery& query, ReportFormat format);

  std::string begin() const;
  // Appends one line; false when there were no more.
  bool next(std::string& out);
  std::string end() const;

 private:
  json::object read() const;

  ReportQuery query_;
  ReportFormat format_;
  store::Cursor rows_;
  bool first_ = true;
};

// Rows of the log that say something of seats and who has them, facts and operators' acts, and that
// central has not confirmed, as they are signed and leave: line by line, the oldest first. Of a
// site.
class OutgoingUsage {
 public:
  explicit OutgoingUsage(store::Connection& connection);
  bool next(std::string& out);

 private:
  store::Cursor rows_;
};

}  // namespace skerry::licensing
