// Proves the log of a database from its lines.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "crypto/sha256.hpp"
#include "store/change_log.hpp"
#include "store/log_subject.hpp"
#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"
#include "store/record.hpp"

namespace skerry::store {
namespace {

tl::unexpected<Error> damaged(std::string detail) {
  return fail(
      Errc::bad_signature, std::move(detail),
      "somebody or something changed the database: keep a copy of it, restore a backup, and "
      "compare with the last export (skerry audit verify FILE)");
}

std::int64_t scalar(Connection& connection, std::string_view sql) {
  Cursor cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

// What a row is about, by its line: {kind, record}. Lines of another form than a change's say
// nothing.
std::optional<std::pair<std::string, RecordId>> about(std::string_view text) {
  const auto line = parse_json_object(text, {.fractions = true});
  if (!line) return std::nullopt;
  const json::object* change = &*line;
  if (const json::value* row = line->if_contains("row")) change = row->if_object();
  if (!change) return std::nullopt;
  const auto record = parse_id<RecordId>(text_of(*change, "id"));
  if (!record) return std::nullopt;
  return std::pair(std::string(text_of(*change, "t")), *record);
}

const json::value* new_value(const Change& change, std::string_view name) {
  for (const FieldChange& field : change.fields)
    if (change.kind->fields[field.field].name == name) return &field.new_value;
  return nullptr;
}

// The columns beside the line that the change itself proves, of one that was written here: the time
// within a second; what the record is called, where the change says it; whose it is, where that is
// the customer itself, nobody, or a customer that the change names.
bool proves_columns(const Change& change, const LogRow& row) {
  constexpr std::int64_t unsaid_ms = 1000;  // Change::wall
  const UnixMillis wall = change.wall.value_or(change.hlc.ms());
  if (std::llabs(row.recorded_at - wall) > (change.wall ? 0 : unsaid_ms)) return false;
  const Kind& kind = *change.kind;
  if (const json::value* label = new_value(change, kind.label)) {
    Record named(kind);
    named.values[static_cast<std::size_t>(kind.find_field(kind.label))] = *label;
    const bool unsaid = label->is_null() && is_called_by_others(kind);
    if (!unsaid && row.subject.label != record_label(named)) return false;
  }
  const RecordId& customer = row.subject.customer;
  if (kind.scope == ScopePath::itself) return customer == change.record;
  if (kind.scope == ScopePath::everywhere || kind.scope == ScopePath::nowhere)
    return customer.is_zero();
  const Field& owner = kind.fields[static_cast<std::size_t>(kind.find_field(kind.scope_field))];
  const json::value* named = new_value(change, kind.scope_field);
  if (kind.scope != ScopePath::follows || !named || !named->is_string()) return true;
  if (owner.options.size() != 1 || owner.options.front() != "customer") return true;
  return to_string(customer) == std::string_view(named->get_string());
}

// The name of what does not say what the line says; empty when all of it does.
std::string_view contradiction(const LogRow& row, bool is_own) {
  const auto subject = about(row.line);
  if (!subject || row.kind.empty()) return {};  // a row that could not be read is about nothing
  if (row.kind != subject->first || row.record != subject->second)
    return "is filed under another record than its own";
  // What central takes in and what is issued again was written elsewhere, or before.
  if (!is_own || !row.line.starts_with(R"({"k":"chg",)")) return {};
  const auto change = decode_change(row.line);
  if (!change || change->uid || proves_columns(*change, row)) return {};
  return "has another time, name or customer beside it than it says";
}

// Rows cut off at the end leave a chain that fits; what else was written with them tells.
Result<void> check_ends(Connection& connection) {
  std::optional<ReadTransaction> moment;  // writes go on meanwhile
  if (!connection.in_transaction()) moment.emplace(connection);
  const std::int64_t last = scalar(connection, "SELECT max(n) FROM change_log");
  const LogHead own = read_head(connection, "own");
  const std::int64_t decided = scalar(connection, "SELECT max(n) FROM ingest");
  if (decided > last)
    return damaged(fmt::format("the log ends at row {}, but row {} was written: rows are missing",
                               last, decided));
  for (const OwnEpoch& epoch : read_own_epochs(connection))
    if (epoch.acked > epoch.end)
      return damaged(
          fmt::format("the log ends at position {}, but central confirmed {}: rows are missing",
                      epoch.end, epoch.acked));
  if (own.ord == 0) return {};
  for (const Kind& kind : all_kinds()) {
    const std::int64_t version =
        scalar(connection, fmt::format("SELECT max(version) FROM {} WHERE version>0", kind.name));
    if (version > last)
      return damaged(
          fmt::format("the log ends at row {}, but a {} has version {}: rows are missing", last,
                      kind.name, version));
  }
  return {};
}

struct ChainEnd {
  std::int64_t log = 0;
  bool is_own = false;
  std::int64_t seq = 0;
  Hash hash{};
};

// The chains that have been met, each as far as it is proven.
class ChainEnds {
 public:
  explicit ChainEnds(Connection& connection) : connection_(connection) {}

  ChainEnd& of(std::int64_t log) {
    const auto met =
        std::find_if(ends_.begin(), ends_.end(), [&](const auto& end) { return end.log == log; });
    if (met != ends_.end()) return *met;
    Cursor cursor = connection_.query("SELECT purpose='own' FROM log WHERE number=?1", log);
    return ends_.emplace_back(ChainEnd{log, cursor.next() && cursor.integer(0) != 0, 0, {}});
  }
  // Where rows are gone, each chain goes on behind the row that is recorded. Returns the last of
  // them that is gone.
  std::int64_t skip_pruned(std::int64_t from) {
    const LogBegin begin = read_log_begin(connection_);
    if (begin.n <= from) return from;
    for (const ChainBegin& chain : begin.chains) {
      ChainEnd& end = of(chain.log);
      end.seq = chain.seq;
      end.hash = chain.hash;
    }
    return begin.n;
  }
  std::int64_t count() const { return static_cast<std::int64_t>(ends_.size()); }

 private:
  Connection& connection_;
  std::vector<ChainEnd> ends_;
};

Result<void> prove_row(const LogRow& row, const Hash& seal, std::int64_t n, ChainEnd& end) {
  const Hash hash = crypto::chain_hash(end.hash, row.line);
  if (row.n != n || row.seq != end.seq + 1 || hash != row.hash)
    return damaged(fmt::format("the log does not fit its chain at row {} (log {}, position {})",
                               row.n, row.log, row.seq));
  if (seal_of(row.hash, row.kind, row.record, row.recorded_at, row.subject) != seal)
    return damaged(
        fmt::format("row {} of the log has something else beside it than when it was written (log "
                    "{}, position {})",
                    row.n, row.log, row.seq));
  if (const std::string_view what = contradiction(row, end.is_own); !what.empty())
    return damaged(
        fmt::format("row {} of the log {} (log {}, position {})", row.n, what, row.log, row.seq));
  end.seq = row.seq;
  end.hash = hash;
  return {};
}

}  // namespace

Result<LogAudit> verify_chains(Connection& connection,
                               const std::function<void(std::int64_t)>& progress) {
  constexpr std::int64_t batch_rows = 10'000;  // a bounded read transaction each
  static const std::string sql =
      fmt::format("SELECT {},seal FROM change_log WHERE n>?1 ORDER BY n LIMIT ?2", log_columns);
  ChainEnds ends(connection);
  LogAudit audit;
  for (std::int64_t from = 0;;) {
    std::optional<ReadTransaction> moment;  // rows may be pruned meanwhile
    if (!connection.in_transaction()) moment.emplace(connection);
    if (const std::int64_t begin = ends.skip_pruned(from); begin > from)
      audit.pruned = from = begin;
    std::int64_t rows = 0;
    Cursor cursor = connection.query(sql, from, batch_rows);
    while (cursor.next()) {
      ++rows;
      const LogRow row = read_log_row(cursor);
      constexpr int behind_log_columns = 11;
      SKERRY_TRY_VOID(prove_row(row, cursor.hash(behind_log_columns), from + 1, ends.of(row.log)));
      from = row.n;
    }
    audit.rows += rows;
    if (progress) progress(audit.rows);
    if (rows < batch_rows) break;
  }
  audit.logs = ends.count();
  SKERRY_TRY_VOID(check_ends(connection));
  return audit;
}

}  // namespace skerry::store
