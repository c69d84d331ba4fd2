#include "store/audit.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/prune_log.hpp"
#include "store/row_scope.hpp"
#include "store/sites.hpp"
#include "store/sqlite/search_index.hpp"
#include "store/upstream.hpp"

namespace skerry::store {
namespace {

// What happened to the machine itself: its facts are shown as fields.
void read_event(AuditRow& row, const json::object& event) {
  row.op = "event";
  row.detail = text_of(event, "ev");
  if (const json::object* facts = object_of(event, "f"))
    for (const auto& [name, value] : *facts)
      row.fields[name] = json::object{{"old", nullptr}, {"new", value}};
}

// The members of a change line. Rows of schemas that this program does not know are shown as far as
// their form is the same.
void read_change(AuditRow& row, const json::object& change) {
  row.op = text_of(change, "op");
  row.actor = text_of(change, "by");
  row.actor_name = text_of(change, "as");
  row.source = text_of(change, "src");
  row.request = text_of(change, "rq");
  row.reason = text_of(change, "why");
  row.resolves = text_of(change, "cf");
  row.happened_at = parse_timestamp(text_of(change, "wall"));
  if (!row.happened_at)
    if (const auto hlc = parse_hlc(text_of(change, "hlc"))) row.happened_at = hlc->ms();
  if (text_of(change, "k") == "evt") return read_event(row, change);
  const json::object* fields = object_of(change, "f");
  if (!fields) return;
  for (const auto& [name, value] : *fields) {
    const json::object* parts = row.op == "new" || row.op == "undel" ? nullptr : value.if_object();
    row.fields[name] =
        parts ? json::object{{"old", member_of(*parts, "o")}, {"new", member_of(*parts, "n")}}
              : json::object{{"old", nullptr}, {"new", value}};
  }
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  if (text.empty())
    out += "null";
  else
    append_json_string(out, text);
}

bool fits_source(const AuditRow& row, std::string_view source) {
  if (row.source == source) return true;
  return source == "sync" && !row.site.empty() && row.site != "central";
}

void append_words(std::string& text, const json::value& value) {
  text += '\n';
  if (const json::string* string = value.if_string())
    text += *string;
  else if (!value.is_null())
    append_json(text, value);
}

// What a free text is looked for in: label and record, values old and new, who, and why.
std::string searched_text(const AuditRow& row) {
  std::string text = row.label;
  for (const std::string* part : {&row.actor, &row.actor_name, &row.request, &row.reason, &row.site,
                                  &row.detail, &row.resolves})
    text += '\n' + *part;
  if (!row.record.is_zero()) text += '\n' + to_string(row.record);
  for (const auto& [name, sides] : row.fields) {
    append_words(text, sides.at("old"));
    append_words(text, sides.at("new"));
  }
  return search_index::plain_text(text);
}

bool has_words(const AuditRow& row, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  const std::string text = searched_text(row);
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

Cursor open_newest_first(Connection& connection, const AuditQuery& query,
                         const std::int64_t& before, const std::int64_t& rows) {
  if (query.record) {
    static const std::string sql = fmt::format(
        "SELECT {} FROM change_log WHERE record=?1 AND n<?2 ORDER BY n DESC LIMIT ?3", log_columns);
    return connection.query(sql, *query.record, before, rows);
  }
  static const std::string sql =
      fmt::format("SELECT {} FROM change_log WHERE n<?1 ORDER BY n DESC LIMIT ?2", log_columns);
  return connection.query(sql, before, rows);
}

}  // namespace

AuditReader::AuditReader(Connection& connection, Role role, std::vector<RecordId> customers)
    : connection_(connection), role_(role), customers_(std::move(customers)) {
  if (role == Role::central) return;
  received_log_ = read_head(connection, "received").number;
  own_epochs_ = read_own_epochs(connection);
}

AuditRow AuditReader::read(const LogRow& from) {
  AuditRow row = read_whole(from);
  hide_others(connection_, from, customers_, row);
  return row;
}

AuditRow AuditReader::read_whole(const LogRow& from) {
  AuditRow row;
  row.n = from.n;
  row.kind = from.kind;
  row.record = from.record;
  row.label = from.subject.label;
  row.recorded_at = from.recorded_at;
  if (role_ == Role::central) row.site = "central";
  const auto line = parse_json_object(from.line, {.fractions = true});
  if (!line) {
    row.op = "unreadable";
    row.disposition = "held";
    return row;
  }
  const std::string_view form = text_of(*line, "k");
  if (form == "dec" || form == "rel") {
    row.op = "release";
    row.actor = "central";
    row.source = "sync";
    row.happened_at = from.recorded_at;
    if (const json::object* change = object_of(*line, "row")) read_change(row, *change);
    if (!text_of(*line, "row").empty()) row.op = "unreadable";
    row.site = site_name(text_of(*line, "site"));
    row.disposition = text_of(*line, "d");
    if (const std::string_view why = text_of(*line, "why"); !why.empty()) row.detail = why;
    return row;
  }
  read_change(row, *line);
  if (form == "cfr") {
    row.op = "decide";
    row.detail = text_of(*line, "choice");
  }
  add_disposition(row, from);
  return row;
}

// A row of our own at a site is central's to decide.
void AuditReader::add_disposition(AuditRow& row, const LogRow& from) {
  row.disposition = "applied";
  if (role_ == Role::central || from.log == received_log_) return;
  if (const auto result = find_row_result(connection_, from.log, from.seq)) {
    row.disposition = to_text(result->disposition);
    row.detail = result->detail;
    return;
  }
  for (const OwnEpoch& epoch : own_epochs_)
    if (epoch.log == from.log && from.seq > epoch.acked)
      row.disposition = from.seq > epoch.end ? "reissued" : "pending";
}

std::string AuditReader::site_name(std::string_view id) {
  for (const auto& [known, name] : site_names_)
    if (known == id) return name;
  const auto parsed = parse_id<SiteId>(id);
  const auto site = parsed ? find_site(connection_, *parsed) : std::nullopt;
  site_names_.emplace_back(id, site ? site->name : std::string(id));
  return site_names_.back().second;
}

// A token's name is in its id.
std::string_view name_of(const AuditRow& row) {
  constexpr std::string_view token = "token:";
  if (!row.actor_name.empty()) return row.actor_name;
  const std::string_view actor = row.actor;
  return actor.starts_with(token) ? actor.substr(token.size()) : std::string_view();
}

void append_audit_json(std::string& out, const AuditRow& row) {
  fmt::format_to(std::back_inserter(out), R"({{"n":{})", row.n);
  append_text(out, "kind", row.kind);
  append_text(out, "record", row.record.is_zero() ? std::string() : to_string(row.record));
  append_text(out, "label", row.label);
  append_text(out, "op", row.op);
  out += ",\"fields\":";
  append_json(out, row.fields);
  append_text(out, "actor", row.actor);
  append_text(out, "actor_name", name_of(row));
  append_text(out, "source", row.source);
  append_text(out, "request", row.request);
  append_text(out, "reason", row.reason);
  append_text(out, "happened_at", row.happened_at ? format_timestamp(*row.happened_at) : "");
  append_text(out, "recorded_at", format_timestamp(row.recorded_at));
  if (!row.site.empty()) append_text(out, "site", row.site);
  append_text(out, "disposition", row.disposition);
  append_text(out, "detail", row.detail);
  if (!row.resolves.empty()) append_text(out, "resolves", row.resolves);
  out += '}';
}

bool AuditFilter::is_empty() const {
  return !kind && !record && !actor && !source && !op && !site && !since && !until &&
         words.empty() && customers.empty();
}

bool AuditFilter::may_pass(Connection& connection, const LogRow& row) const {
  return (!kind || row.kind == *kind) && (!record || row.record == *record) &&
         (!since || row.recorded_at >= *since) && (!until || row.recorded_at < *until) &&
         is_row_seen(connection, row, customers);
}

bool AuditFilter::passes(const AuditRow& row) const {
  return (!actor || row.actor == *actor || name_of(row) == *actor) &&
         (!source || fits_source(row, *source)) &&
         (!op || row.op == *op || (*op == "decide" && !row.resolves.empty())) &&
         (!site || row.site == *site) && has_words(row, words);
}

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view blanks = " \t\r\n";
  for (std::size_t from = text.find_first_not_of(blanks); from != std::string_view::npos;) {
    const std::size_t to = std::min(text.find_first_of(blanks, from), text.size());
    std::string word = search_index::plain_text(text.substr(from, to - from));
    if (!word.empty()) words.push_back(std::move(word));
    from = text.find_first_not_of(blanks, to);
  }
  return words;
}

bool has_history(Connection& connection, const Kind& kind, const RecordId& record) {
  return connection
      .query("SELECT 1 FROM change_log WHERE record=?1 AND +kind=?2 LIMIT 1", record, kind.name)
      .next();
}

AuditPage list_audit(Connection& connection, Role role, const AuditQuery& query) {
  AuditReader reader(connection, role, query.customers);
  AuditPage page;
  page.pruned = read_log_begin(connection).n;
  const std::int64_t before = query.before_n.value_or(INT64_MAX);
  const std::int64_t rows = audit_rows_examined_max + 1;
  std::int64_t examined = 0;
  std::int64_t last_n = 0;
  Cursor cursor = open_newest_first(connection, query, before, rows);
  while (cursor.next()) {
    if (examined == audit_rows_examined_max || std::ssize(page.rows) == query.limit) {
      page.before_n = last_n;
      return page;
    }
    ++examined;
    const LogRow from = read_log_row(cursor);
    last_n = from.n;
    if (!query.may_pass(connection, from)) continue;
    AuditRow row = reader.read(from);
    if (query.passes(row)) page.rows.push_back(std::move(row));
  }
  return page;
}

}  // namespace skerry::store
