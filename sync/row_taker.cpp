#include "sync/row_taker.hpp"

#include <algorithm>
#include <fmt/compile.h>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "store/log_event.hpp"
#include "store/log_subject.hpp"
#include "store/sqlite/savepoint.hpp"

namespace skerry::sync {
namespace {

// It stands beside each row of a transaction, and goes to the site: a row may make it as long as
// itself, by a name that it gives.
constexpr std::size_t why_bytes_max = 300;

// The row as it came, with its decision: what central's log keeps of it binds the site's bytes. One
// that is no JSON stands there in hexadecimal digits, so that the line can be read.
std::string decision_line(const store::Site& site, const store::SiteEpoch& epoch, std::int64_t seq,
                          std::string_view row, bool is_json, const Decision& decision) {
  std::string line =
      fmt::format(FMT_COMPILE(R"({{"k":"dec","site":"{}","ep":"{}","seq":{},"d":"{}")"),
                  to_string(site.id), to_string(epoch.epoch), seq, to_text(decision.disposition));
  if (!decision.detail.empty()) {
    line += ",\"why\":";
    append_json_string(line, decision.detail);
  }
  line += ",\"row\":";
  if (is_json) return line.append(row).append("}");
  return line.append("\"").append(to_hex(as_bytes(row))).append("\"}");
}

// Also of a row that cannot be read as a change: its transaction is refused with it.
bool belongs_to_row_before(std::string_view line) {
  const auto object = parse_json_object(line, {.depth_max = 31, .fractions = true});
  return object && object->contains("tx");
}

bool is_refused(const Decision& decision) {
  return decision.disposition == Disposition::rejected || decision.disposition == Disposition::held;
}

}  // namespace

RowTaker::RowTaker(store::Connection& connection, store::ChangeLog& log, const store::Site& site,
                   store::SiteEpoch& epoch)
    : connection_(connection),
      log_(log),
      site_(site),
      epoch_(epoch),
      decider_(connection, site, log.wall_ms()),
      any_quarantined_(store::count_quarantined(connection, site, std::nullopt) > 0) {}

void RowTaker::take(SiteRow row) {
  if (!forked_ && row.seq <= epoch_.head) {
    const auto known = store::find_ingested(connection_, epoch_.number, row.seq);
    forked_ = known && known->hash != row.hash;
    if (!forked_) {
      ++counts_.known;
      return;
    }
    epoch_.fork_at = std::min(epoch_.fork_at.value_or(row.seq - 1), row.seq - 1);
  }
  if (forked_) return keep(row);
  if (row.change) latest_ = std::max(latest_, row.change->hlc);
  line_up(std::move(row));
}

void RowTaker::line_up(SiteRow row) {
  const bool alone = store::is_event(row.line);
  const bool continues =
      row.change ? row.change->continues : !alone && belongs_to_row_before(row.line);
  if (!continues) decide_transaction();
  transaction_.push_back(std::move(row));
  if (alone) decide_transaction();
}

void RowTaker::keep(const SiteRow& row) {
  if (store::is_event(row.line)) return;
  const ChangeUid uid = row.uid.value_or(store::uid_of_hash(row.hash));
  // One that waits is decided where it waits.
  const bool issued = store::find_issued(connection_, site_, uid).has_value();
  const bool kept =
      !issued &&
      store::quarantine(connection_, site_, {0, epoch_.number, row.seq, row.hash, uid, row.line},
                        log_.wall_ms());
  ++(kept ? counts_.quarantined : counts_.known);
}

TakenCounts RowTaker::finish() {
  decide_transaction();
  retry_held();
  return counts_;
}

void RowTaker::adopt(const store::QuarantinedRow& row) {
  SiteRow again(epoch_.head + std::ssize(transaction_) + 1, row.hash, row.line);
  again.uid = row.uid;
  line_up(std::move(again));
}

void RowTaker::discard(const store::QuarantinedRow& row, std::string_view why) {
  SiteRow again(epoch_.head + 1, row.hash, row.line);
  again.uid = row.uid;
  record(again, {Disposition::rejected, std::string(why), 0});
}

// One savepoint; if one row is rejected or held, so is the whole transaction.
void RowTaker::decide_transaction() {
  if (transaction_.size() == 1) {
    decide_alone(transaction_.front());
  } else if (!transaction_.empty()) {
    decide_together();
  }
  transaction_.clear();
}

// A row that was issued again counts once: what was decided of it stands. One that waits is decided
// anew, in its new place.
std::optional<Decision> RowTaker::decided_before(const SiteRow& row) {
  if (!row.uid) return std::nullopt;
  const auto issued = store::find_issued(connection_, site_, *row.uid);
  if (!issued) return std::nullopt;
  if (issued->disposition != Disposition::held)
    return Decision{issued->disposition, issued->detail, 0};
  connection_.execute("DELETE FROM held WHERE epoch=?1 AND seq=?2", issued->epoch, issued->seq);
  return std::nullopt;
}

Decision RowTaker::decision_for(const SiteRow& row, Version version) {
  if (auto before = decided_before(row)) return std::move(*before);
  if (row.change) return decider_.decide(epoch_.number, *row.change, row.hash, version);
  if (store::is_event(row.line)) return {};
  const Error& error = row.change.error();
  const bool newer = error.code == Errc::unsupported_version;
  return {newer ? Disposition::held : Disposition::rejected,
          std::string(beginning_of(error.detail, why_bytes_max)), 0};
}

void RowTaker::decide_alone(const SiteRow& row) {
  record(row, decision_for(row, log_.next_version()));
}

void RowTaker::decide_together() {
  std::vector<Decision> decisions;
  Version version = log_.next_version();
  store::Savepoint savepoint(connection_, "site_transaction");
  for (const SiteRow& row : transaction_) {
    decisions.push_back(decision_for(row, version));
    ++version.n;
    if (is_refused(decisions.back())) {
      savepoint.rollback();
      refuse_together(row, decisions.back());
      return;
    }
  }
  savepoint.release();
  for (std::size_t i = 0; i < transaction_.size(); ++i) record(transaction_[i], decisions[i]);
}

void RowTaker::refuse_together(const SiteRow& culprit, const Decision& decision) {
  // What is to be put before a person went with the savepoint.
  if (decision.conflicts > 0) {
    Version version = log_.next_version();
    version.n += culprit.seq - transaction_.front().seq;
    counts_.conflicts += decision_for(culprit, version).conflicts;
  }
  for (const SiteRow& row : transaction_) {
    const std::string why = row.seq == culprit.seq ? decision.detail
                                                   : fmt::format("row {} of its transaction: {}",
                                                                 culprit.seq, decision.detail);
    record(row, {decision.disposition, why, 0});
  }
}

// The decision's row in central's log, and its place in `ingest`.
void RowTaker::record(const SiteRow& row, const Decision& decision) {
  const bool is_json =
      row.change || parse_json_object(row.line, {.depth_max = 31, .fractions = true});
  const std::string line = decision_line(site_, epoch_, row.seq, row.line, is_json, decision);
  const RecordId record = row.change ? row.change->record : RecordId{};
  const std::string_view kind = row.change ? row.change->kind->name : "";
  const store::LogSubject subject = decision.subject ? *decision.subject
                                    : row.change     ? store::find_subject(connection_, *row.change)
                                                     : store::LogSubject{};
  const auto position = log_.append_own(connection_, kind, record, line, subject);
  store::insert_ingested(connection_, epoch_.number, row.seq,
                         {row.hash, position.n, decision.disposition, row.uid}, decision.detail);
  if (decision.disposition == Disposition::held) hold(epoch_.number, row.seq, record, row.line);
  if (any_quarantined_)
    store::release_quarantined(connection_, site_, row.uid.value_or(store::uid_of_hash(row.hash)));
  epoch_.head = row.seq;
  epoch_.head_hash = row.hash;
  count(decision);
}

void RowTaker::hold(std::int64_t epoch, std::int64_t seq, const RecordId& record,
                    std::string_view line) {
  connection_.execute("INSERT INTO held(epoch,seq,record,line) VALUES(?1,?2,?3,?4)", epoch, seq,
                      record, line);
}

void RowTaker::count(const Decision& decision) {
  ++counts_.rows;
  counts_.conflicts += decision.conflicts;
  switch (decision.disposition) {
    case Disposition::applied:
      ++counts_.applied;
      break;
    case Disposition::superseded:
      ++counts_.superseded;
      break;
    case Disposition::rejected:
      ++counts_.rejected;
      break;
    case Disposition::held:
      ++counts_.held;
      break;
    case Disposition::conflict:
      break;
  }
}

// What waited for a parent that is here now, in whichever epoch of the site.
void RowTaker::retry_held() {
  std::vector<HeldRow> waiting;
  {
    auto cursor = connection_.query(
        "SELECT h.epoch,e.epoch,h.seq,h.line FROM held h JOIN site_epoch e ON e.number=h.epoch "
        "WHERE e.site=?1 ORDER BY h.epoch,h.seq",
        site_.number);
    while (cursor.next())
      waiting.push_back({cursor.integer(0), cursor.id<EpochId>(1), cursor.integer(2),
                         std::string(cursor.text(3))});
  }
  const std::span<const HeldRow> rows(waiting);
  for (std::size_t from = 0, to = 0; from < rows.size(); from = to) {
    const auto follows = [&](const HeldRow& row, const HeldRow& before) {
      return row.epoch == before.epoch && row.seq == before.seq + 1 &&
             belongs_to_row_before(row.line);
    };
    to = from + 1;
    while (to < rows.size() && follows(rows[to], rows[to - 1])) ++to;
    retry(rows.subspan(from, to - from));
  }
}

// All of it, or none: as when it came.
void RowTaker::retry(std::span<const HeldRow> transaction) {
  std::vector<Change> changes;
  std::vector<Hash> hashes;
  for (const HeldRow& row : transaction) {
    const auto known = store::find_ingested(connection_, row.epoch, row.seq);
    auto change = decode_change(row.line);
    if (!known || !change) return;
    changes.push_back(std::move(*change));
    hashes.push_back(known->hash);
  }
  // None waits for itself.
  for (const HeldRow& row : transaction)
    connection_.execute("DELETE FROM held WHERE epoch=?1 AND seq=?2", row.epoch, row.seq);
  const std::vector<Decision> decisions = decide_held(transaction, changes, hashes);
  for (std::size_t i = 0; i < transaction.size(); ++i) {
    const HeldRow& row = transaction[i];
    if (decisions[i].disposition == Disposition::held)
      hold(row.epoch, row.seq, changes[i].record, row.line);
    else
      release(row, changes[i], decisions[i]);
  }
}

std::vector<Decision> RowTaker::decide_held(std::span<const HeldRow> rows,
                                            const std::vector<Change>& changes,
                                            const std::vector<Hash>& hashes) {
  std::vector<Decision> decisions;
  Version version = log_.next_version();
  if (rows.size() == 1) return {decider_.decide(rows[0].epoch, changes[0], hashes[0], version)};
  store::Savepoint savepoint(connection_, "held_transaction");
  for (std::size_t i = 0; i < rows.size(); ++i, ++version.n) {
    decisions.push_back(decider_.decide(rows[i].epoch, changes[i], hashes[i], version));
    if (!is_refused(decisions.back())) continue;
    savepoint.rollback();
    // What is to be put before a person went with the savepoint.
    if (decisions.back().conflicts > 0)
      decider_.decide(rows[i].epoch, changes[i], hashes[i], version);
    return std::vector<Decision>(rows.size(), decisions.back());
  }
  savepoint.release();
  return decisions;
}

void RowTaker::release(const HeldRow& row, const Change& change, const Decision& decision) {
  const std::string line =
      fmt::format(R"({{"k":"rel","site":"{}","ep":"{}","seq":{},"d":"{}"}})", to_string(site_.id),
                  to_string(row.epoch_id), row.seq, to_text(decision.disposition));
  const auto position = log_.append_own(connection_, change.kind->name, change.record, line,
                                        store::find_subject(connection_, change));
  store::update_disposition(connection_, row.epoch, row.seq, decision.disposition, decision.detail,
                            position.n);
  ++counts_.released;
}

}  // namespace skerry::sync
