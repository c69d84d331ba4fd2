#include "store/audit_export.hpp"

#include <array>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "store/prune_log.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view check_member = ",\"check\":\"";
constexpr std::size_t check_bytes = check_member.size() + audit_check_digits + 2;  // with "}

std::string digits(const Hash& value) {
  return to_hex(ByteView(value).first(audit_check_digits / 2));
}

constexpr std::array csv_columns{
    "n",       "recorded_at", "happened_at", "site",   "actor", "actor_name", "source",
    "request", "op",          "kind",        "record", "label", "field",      "old",
    "new",     "reason",      "disposition", "detail", "log",   "seq",        "hash",
};

// RFC 4180; numbers and what a program made need no quotes and get none.
void append_cell(std::string& out, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string cell_of(const json::value& value) {
  if (value.is_null()) return {};
  if (const json::string* text = value.if_string()) return std::string(*text);
  return to_json_text(value);
}

std::string_view purpose_json(std::string_view purpose) {
  return purpose == "received" ? "received" : "own";
}

}  // namespace

std::string audit_signature_line(const crypto::VerifyKey& key, const crypto::Signature& signature) {
  std::string line = R"({"k":"sig","key":)";
  append_json_string(line, key.to_pem());
  fmt::format_to(std::back_inserter(line), R"(,"key_id":"{}","sig":"{}"}})", key.key_id(),
                 to_hex(signature));
  return line;
}

std::string AuditCheck::sealed(std::string text) {
  SKERRY_CHECK(!text.empty() && text.back() == '}');
  value_ = crypto::chain_hash(value_, text);
  text.pop_back();
  text.append(check_member).append(digits(value_)).append("\"}\n");
  return text;
}

std::optional<std::string> AuditCheck::opened(std::string_view line) {
  if (line.size() <= check_bytes) return std::nullopt;
  const std::string_view seal = line.substr(line.size() - check_bytes);
  if (!seal.starts_with(check_member) || !seal.ends_with("\"}")) return std::nullopt;
  std::string text(line.substr(0, line.size() - check_bytes));
  text += '}';
  value_ = crypto::chain_hash(value_, text);
  if (seal.substr(check_member.size(), audit_check_digits) != digits(value_)) return std::nullopt;
  return text;
}

AuditExport::AuditExport(Connection& connection, ExportFormat format, AuditFilter filter,
                         const json::object& filter_shown, crypto::SigningKey key, UnixMillis now)
    : format_(format), filter_(std::move(filter)), key_(std::move(key)) {
  identity_ = read_identity(connection).value_or(Identity{});
  std::string logs;
  Cursor log = connection.query("SELECT number,epoch,purpose FROM log ORDER BY number");
  while (log.next()) {
    Chain& chain = chains_[log.integer(0)];
    chain.epoch = to_string(log.id<EpochId>(1));
    fmt::format_to(std::back_inserter(logs), R"({}{{"log":"{}","purpose":"{}"}})",
                   logs.empty() ? "" : ",", chain.epoch, purpose_json(log.text(2)));
  }
  Cursor newest = connection.query("SELECT max(n) FROM change_log");
  if (newest.next()) upto_ = newest.integer(0);
  const std::string begins = begin(connection);
  head_ = fmt::format(R"({{"k":"head","_type":"{}","role":"{}","id":"{}","name":)", audit_type,
                      to_text(identity_.role), to_string(identity_.id));
  append_json_string(head_, identity_.name);
  fmt::format_to(std::back_inserter(head_), R"(,"exported_at":"{}","whole":{},"filter":)",
                 format_timestamp(now), filter_.is_empty());
  append_json(head_, filter_shown);
  fmt::format_to(std::back_inserter(head_), R"(,"logs":[{}]{}}})", logs, begins);
}

// Where the log begins when its oldest rows are gone: as if they had been exported before.
std::string AuditExport::begin(Connection& connection) {
  const LogBegin begin = read_log_begin(connection);
  position_ = begins_at_ = begin.n;
  if (begin.n == 0) return {};
  std::string logs;
  for (const ChainBegin& at : begin.chains) {
    Chain& chain = chains_[at.log];
    chain.seen = at.seq;
    chain.seen_hash = at.hash;
    fmt::format_to(std::back_inserter(logs), R"({}{{"log":"{}","seq":{},"hash":"{}"}})",
                   logs.empty() ? "" : ",", chain.epoch, at.seq, to_hex(at.hash));
  }
  return fmt::format(R"(,"begins":{{"n":{},"logs":[{}]}})", begin.n, logs);
}

bool AuditExport::append(Connection& connection, std::string& out) {
  if (ended_) return false;
  if (read_log_begin(connection).n != begins_at_)
    throw StorageError(Errc::busy, "rows of the log were pruned meanwhile: export it again");
  append_head(out);
  const bool by_record = filter_.record.has_value();
  static const std::string every = fmt::format(
      "SELECT {} FROM change_log WHERE n>?1 AND n<=?2 ORDER BY n LIMIT ?3", log_columns);
  static const std::string of_record = fmt::format(
      "SELECT {} FROM change_log WHERE n>?1 AND n<=?2 AND record=?4 ORDER BY n LIMIT ?3",
      log_columns);
  const std::int64_t after = position_;
  int examined = 0;
  {
    AuditReader reader(connection, identity_.role, filter_.customers);
    Cursor cursor = connection.statement(by_record ? of_record : every);
    cursor.bind(1, after);
    cursor.bind(2, upto_);
    cursor.bind(3, export_rows_examined_max);
    if (by_record) cursor.bind(4, *filter_.record);
    while (out.size() < export_batch_bytes && cursor.next()) {
      ++examined;
      const LogRow from = read_log_row(cursor);
      position_ = from.n;
      append_row(reader, connection, from, out);
    }
  }
  if (examined == export_rows_examined_max || out.size() >= export_batch_bytes) return true;
  append_end(out);
  ended_ = true;
  return true;
}

void AuditExport::append_head(std::string& out) {
  if (begun_) return;
  begun_ = true;
  if (format_ == ExportFormat::csv)
    append_audit_csv_head(out);
  else
    out += check_.sealed(head_);
}

void AuditExport::append_row(AuditReader& reader, Connection& connection, const LogRow& from,
                             std::string& out) {
  Chain& chain = chains_[from.log];
  std::optional<AuditRow> row;
  if (filter_.may_pass(connection, from)) {
    row = reader.read(from);
    if (!filter_.passes(*row)) row.reset();
  }
  if (row && format_ == ExportFormat::csv) append_audit_csv(out, *row, from, chain.epoch);
  if (row && format_ == ExportFormat::ndjson)
    append_ndjson(*row, from, hash_before(connection, from), out);
  if (row) {
    if (chain.rows == 0) chain.first = from.seq;
    ++chain.rows;
    chain.last = from.seq;
    chain.last_hash = from.hash;
    ++rows_;
  }
  chain.seen = from.seq;
  chain.seen_hash = from.hash;
}

Hash AuditExport::hash_before(Connection& connection, const LogRow& row) {
  const Chain& chain = chains_[row.log];
  if (chain.seen + 1 == row.seq) return chain.seen_hash;
  Cursor cursor =
      connection.query("SELECT hash FROM change_log WHERE log=?1 AND seq=?2-1", row.log, row.seq);
  return cursor.next() ? cursor.hash(0) : Hash{};
}

void AuditExport::append_ndjson(const AuditRow& row, const LogRow& from, const Hash& previous,
                                std::string& out) {
  std::string text = "{\"k\":\"row\",";
  std::string shown;
  append_audit_json(shown, row);
  text.append(shown, 1, shown.size() - 2);
  fmt::format_to(std::back_inserter(text),
                 R"(,"log":"{}","seq":{},"prev":"{}","hash":"{}","line":)", chains_[from.log].epoch,
                 from.seq, to_hex(previous), to_hex(from.hash));
  append_json_string(text, from.line);
  text += '}';
  out += check_.sealed(std::move(text));
}

// The signature is over the exact bytes of the line with the end, without its line break.
void AuditExport::append_end(std::string& out) {
  if (format_ == ExportFormat::csv) return;
  std::string heads;
  for (const auto& [number, chain] : chains_)
    if (chain.rows > 0)
      fmt::format_to(std::back_inserter(heads),
                     R"({}{{"log":"{}","rows":{},"first":{},"seq":{},"hash":"{}"}})",
                     heads.empty() ? "" : ",", chain.epoch, chain.rows, chain.first, chain.last,
                     to_hex(chain.last_hash));
  const std::string end =
      fmt::format(R"({{"k":"end","_type":"{}","rows":{},"heads":[{}],"check":"{}"}})", audit_type,
                  rows_, heads, to_hex(check_.value()));
  out.append(end).append("\n");
  out.append(audit_signature_line(key_.verify_key(), key_.sign(as_bytes(end)))).append("\n");
}

void append_audit_csv_head(std::string& out) {
  out += fmt::format("{}\r\n", fmt::join(csv_columns, ","));
}

void append_audit_csv(std::string& out, const AuditRow& row, const LogRow& from,
                      std::string_view epoch) {
  std::string before = fmt::format("{},{},{}", row.n, format_timestamp(row.recorded_at),
                                   row.happened_at ? format_timestamp(*row.happened_at) : "");
  const std::string record = row.record.is_zero() ? std::string() : to_string(row.record);
  const std::initializer_list<std::string_view> cells{row.site,   row.actor,   name_of(row),
                                                      row.source, row.request, row.op,
                                                      row.kind,   record,      row.label};
  for (const std::string_view cell : cells) {
    before += ',';
    append_cell(before, cell);
  }
  std::string behind;
  for (const std::string* cell : {&row.reason, &row.disposition, &row.detail}) {
    behind += ',';
    append_cell(behind, *cell);
  }
  fmt::format_to(std::back_inserter(behind), ",{},{},{}\r\n", epoch, from.seq, to_hex(from.hash));
  if (row.fields.empty()) out.append(before).append(",,,").append(behind);
  for (const auto& [name, sides] : row.fields) {
    out.append(before).append(",").append(name);
    for (const char* side : {"old", "new"}) {
      out += ',';
      append_cell(out, cell_of(sides.at(side)));
    }
    out += behind;
  }
}

}  // namespace skerry::store
