#include "licensing/usage_report.hpp"

#include <array>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/csv_writer.hpp"

namespace skerry::licensing {
namespace {

struct Column {
  std::string_view name;
  std::string_view sql;
  bool is_number = false;
};

// In the order of the lines, as far as they are sorted by: period to feature.
constexpr std::array columns{
    Column{"period", ""},
    Column{"customer", "scope_customer"},
    Column{"entitlement", "f.entitlement"},
    Column{"entitlement_ref",
           "(SELECT entitlement_ref FROM entitlement e WHERE e.id=f.entitlement)"},
    Column{"product",
           "(SELECT sku FROM entitlement e JOIN product p ON p.id=e.product WHERE "
           "e.id=f.entitlement)"},
    Column{"site", "site"},
    Column{"feature", "feature"},
    Column{"activations", "sum(iif(what='activation',amount,0))", true},
    Column{"releases", "sum(iif(what='release',amount,0))", true},
    Column{"denials", "sum(iif(what='denial',amount,0))", true},
    Column{"clones", "sum(iif(what='clone',amount,0))", true},
    Column{"overdrafts", "sum(iif(what='overdraft',amount,0))", true},
    Column{"high_water", "max(iif(what='high_water',amount,0))", true},
    Column{"used", "sum(iif(what='usage',amount,0))", true},
    Column{"machines", "count(DISTINCT iif(what='activation',machine,NULL))", true},
    Column{"users", "count(DISTINCT iif(what='activation',user,NULL))", true},
};

std::string_view period_sql(ReportBy by) {
  switch (by) {
    case ReportBy::month:
      return "strftime('%Y-%m',at/1000,'unixepoch')";
    case ReportBy::day:
      return "strftime('%Y-%m-%d',at/1000,'unixepoch')";
    case ReportBy::hour:
      return "strftime('%Y-%m-%dT%H:00:00Z',at/1000,'unixepoch')";
    case ReportBy::total:
      return "'total'";
  }
  return {};
}

std::string sql_of(const ReportQuery& query) {
  std::string selected;
  for (const Column& column : columns)
    selected += fmt::format("{}{}", selected.empty() ? "" : ",",
                            column.sql.empty() ? period_sql(query.by) : column.sql);
  return fmt::format(
      "SELECT {} FROM usage_fact f WHERE {} AND at<?2 GROUP BY 1,2,3,6,7 ORDER BY 1,2,3,6,7",
      selected, query.customer ? "scope_customer=?3 AND at>=?1" : "at>=?1");
}

store::Cursor rows_of(store::Connection& connection, const ReportQuery& query) {
  const std::string sql = sql_of(query);
  if (query.customer) return connection.query(sql, query.since, query.until, *query.customer);
  return connection.query(sql, query.since, query.until);
}

bool is_id(std::string_view column) { return column == "customer" || column == "entitlement"; }

std::string cell_of(const json::value& value) {
  if (value.is_null()) return {};
  return value.is_string() ? std::string(value.get_string()) : to_json_text(value);
}

}  // namespace

std::optional<ReportBy> parse_report_by(std::string_view text) {
  constexpr std::array<std::string_view, 4> words{"total", "month", "day", "hour"};
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == text) return static_cast<ReportBy>(i);
  return std::nullopt;
}

std::optional<ReportFormat> parse_report_format(std::string_view text) {
  constexpr std::array<std::string_view, 3> words{"json", "csv", "ndjson"};
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == text) return static_cast<ReportFormat>(i);
  return std::nullopt;
}

UsageReport::UsageReport(store::Connection& connection, const ReportQuery& query,
                         ReportFormat format)
    : query_(query), format_(format), rows_(rows_of(connection, query_)) {}

std::string UsageReport::begin() const {
  if (format_ == ReportFormat::ndjson) return {};
  if (format_ == ReportFormat::json)
    return fmt::format(R"({{"since":"{}","until":"{}","items":[)", format_timestamp(query_.since),
                       format_timestamp(query_.until));
  std::string line;
  std::vector<std::string> names;
  for (const Column& column : columns) names.emplace_back(column.name);
  store::append_csv_row(line, names);
  return line;
}

json::object UsageReport::read() const {
  json::object line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto at = static_cast<int>(i);
    json::value& value = line[columns[i].name];
    if (columns[i].is_number)
      value = rows_.integer(at);
    else if (is_id(columns[i].name))
      value = to_string(rows_.id<RecordId>(at));
    else if (!rows_.is_null(at))
      value = rows_.text(at);
  }
  return line;
}

bool UsageReport::next(std::string& out) {
  if (!rows_.next()) return false;
  const json::object line = read();
  if (format_ == ReportFormat::csv) {
    std::vector<std::string> cells;
    for (const auto& [ignored, value] : line) cells.push_back(cell_of(value));
    store::append_csv_row(out, cells);
    return true;
  }
  if (format_ == ReportFormat::json && !first_) out += ',';
  first_ = false;
  append_json(out, line);
  if (format_ == ReportFormat::ndjson) out += '\n';
  return true;
}

std::string UsageReport::end() const { return format_ == ReportFormat::json ? "]}" : ""; }

OutgoingUsage::OutgoingUsage(store::Connection& connection)
    : rows_(connection.query(
          "SELECT c.line FROM log l JOIN change_log c ON c.log=l.number AND c.seq>l.acked AND "
          "c.seq<=l.upto WHERE l.purpose='own' AND (c.kind='usage_fact' OR (c.kind='' AND "
          "(c.line GLOB '{\"k\":\"evt\",\"ev\":\"seat_*' OR "
          "c.line GLOB '{\"k\":\"evt\",\"ev\":\"feature_*'))) "
          "ORDER BY l.number,c.seq")) {}

bool OutgoingUsage::next(std::string& out) {
  if (!rows_.next()) return false;
  out.append(rows_.text(0)).append(1, '\n');
  return true;
}

}  // namespace skerry::licensing
