#include "sync/take_changes.hpp"

#include <algorithm>
#include <fmt/compile.h>
#include <string>
#include <vector>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/log_subject.hpp"
#include "store/sqlite/savepoint.hpp"
#include "sync/decide_row.hpp"
#include "sync/engine.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

// A row on its way: where it stands in the site's log, its bytes, and what was read from them.
struct SiteRow {
  std::int64_t seq = 0;
  Hash hash{};
  std::string line;
  Result<Change> change;
};

class Taker {
 public:
  Taker(Connection& connection, store::ChangeLog& log, const store::Site& site,
        store::SiteEpoch& epoch)
      : connection_(connection),
        log_(log),
        site_(site),
        epoch_(epoch),
        decider_(connection, site, log.wall_ms()) {}

  // The latest stamp of the rows that were taken.
  HlcStamp latest() const { return latest_; }

  // Rows arrive in order; a transaction is decided when the first row behind it is seen.
  Result<void> take(std::string_view line, std::int64_t seq, const Hash& hash) {
    if (seq <= epoch_.head) return check_known(seq, hash);
    SiteRow row{seq, hash, std::string(line), decode_change(line)};
    if (row.change) latest_ = std::max(latest_, row.change->hlc);
    const bool continues = row.change && row.change->continues;
    if (!continues) decide_transaction();
    transaction_.push_back(std::move(row));
    return {};
  }

  TakenCounts finish() {
    decide_transaction();
    retry_held();
    return counts_;
  }

 private:
  Result<void> check_known(std::int64_t seq, const Hash& hash) {
    const auto known = store::find_ingested(connection_, epoch_.number, seq);
    if (known && known->hash != hash)
      return fail(Errc::wrong_history,
                  fmt::format("row {} of the site's log is not the one central took in", seq));
    ++counts_.known;
    return {};
  }

  // One savepoint; if one row is rejected or held, so is the whole transaction.
  void decide_transaction() {
    if (transaction_.size() == 1) {
      decide_alone(transaction_.front());
    } else if (!transaction_.empty()) {
      decide_together();
    }
    transaction_.clear();
  }

  Decision decision_for(const SiteRow& row, Version version) {
    if (row.change) return decider_.decide(*row.change, row.hash, version);
    const Error& error = row.change.error();
    const bool newer = error.code == Errc::unsupported_version;
    return {newer ? Disposition::held : Disposition::rejected, error.detail, 0};
  }

  void decide_alone(const SiteRow& row) { record(row, decision_for(row, log_.next_version())); }

  void decide_together() {
    std::vector<Decision> decisions;
    Version version = log_.next_version();
    store::Savepoint savepoint(connection_, "site_transaction");
    for (const SiteRow& row : transaction_) {
      decisions.push_back(decision_for(row, version));
      ++version.n;
      const Disposition disposition = decisions.back().disposition;
      if (disposition == Disposition::rejected || disposition == Disposition::held) {
        savepoint.rollback();
        refuse_together(row, decisions.back());
        return;
      }
    }
    savepoint.release();
    for (std::size_t i = 0; i < transaction_.size(); ++i) record(transaction_[i], decisions[i]);
  }

  void refuse_together(const SiteRow& culprit, const Decision& decision) {
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

  // The decision's row in central's log, which binds the site's exact bytes, and its place in
  // `ingest`.
  void record(const SiteRow& row, const Decision& decision) {
    std::string line = fmt::format(
        FMT_COMPILE(R"({{"k":"dec","site":"{}","ep":"{}","seq":{},"d":"{}")"), to_string(site_.id),
        to_string(epoch_.epoch), row.seq, to_text(decision.disposition));
    if (!decision.detail.empty()) {
      line += ",\"why\":";
      append_json_string(line, decision.detail);
    }
    line += ",\"row\":";
    line += row.line;
    line += '}';
    const RecordId record = row.change ? row.change->record : RecordId{};
    const std::string_view kind = row.change ? row.change->kind->name : "";
    const store::LogSubject subject =
        row.change ? store::find_subject(connection_, *row.change) : store::LogSubject{};
    const auto position = log_.append_own(connection_, kind, record, line, subject);
    store::insert_ingested(connection_, epoch_.number, row.seq,
                           {row.hash, position.n, decision.disposition}, decision.detail);
    if (decision.disposition == Disposition::held)
      connection_.execute("INSERT INTO held(epoch,seq,record,line) VALUES(?1,?2,?3,?4)",
                          epoch_.number, row.seq, record, std::string_view(row.line));
    epoch_.head = row.seq;
    epoch_.head_hash = row.hash;
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

  // What waited for a parent that is here now.
  void retry_held() {
    std::vector<std::pair<std::int64_t, std::string>> waiting;
    {
      auto cursor =
          connection_.query("SELECT seq,line FROM held WHERE epoch=?1 ORDER BY seq", epoch_.number);
      while (cursor.next()) waiting.emplace_back(cursor.integer(0), cursor.text(1));
    }
    for (const auto& [seq, line] : waiting) {
      const auto known = store::find_ingested(connection_, epoch_.number, seq);
      const auto change = decode_change(line);
      if (!known || !change) continue;
      connection_.execute("DELETE FROM held WHERE epoch=?1 AND seq=?2", epoch_.number, seq);
      const Decision decision = decider_.decide(*change, known->hash, log_.next_version());
      if (decision.disposition == Disposition::held) {
        connection_.execute("INSERT INTO held(epoch,seq,record,line) VALUES(?1,?2,?3,?4)",
                            epoch_.number, seq, change->record, std::string_view(line));
        continue;
      }
      release(seq, *change, decision);
    }
  }

  void release(std::int64_t seq, const Change& change, const Decision& decision) {
    const std::string line =
        fmt::format(R"({{"k":"rel","site":"{}","ep":"{}","seq":{},"d":"{}"}})", to_string(site_.id),
                    to_string(epoch_.epoch), seq, to_text(decision.disposition));
    const auto position = log_.append_own(connection_, change.kind->name, change.record, line,
                                          store::find_subject(connection_, change));
    store::update_disposition(connection_, epoch_.number, seq, decision.disposition,
                              decision.detail, position.n);
    ++counts_.released;
  }

  Connection& connection_;
  store::ChangeLog& log_;
  const store::Site& site_;
  store::SiteEpoch& epoch_;
  RowDecider decider_;
  std::vector<SiteRow> transaction_;
  HlcStamp latest_;
  TakenCounts counts_;
};

CentralKnowledge knowledge(Connection& connection, const store::ChangeLog& log,
                           const CentralLife& life, const store::SiteEpoch& epoch,
                           const ChangesBody& body) {
  CentralKnowledge known;
  known.life = life;
  known.n = log.own().seq;
  if (body.down && body.down->life == life && body.down->n > 0)
    known.hash_at_down = store::hash_at(connection, body.down->n);
  known.head = epoch.head;
  if (body.first == epoch.head + 1) {
    known.hash_before = epoch.head_hash;
  } else if (const auto before = store::find_ingested(connection, epoch.number, body.first - 1)) {
    known.hash_before = before->hash;
  }
  if (const auto last = store::find_ingested(connection, epoch.number, body.last))
    known.hash_at_last = last->hash;
  return known;
}

// An older bundle that arrives late is no contact and takes no report back. Returns whether the
// site says something new of what it holds.
bool note_contact(Connection& connection, store::Site site, const EpochId& epoch,
                  const ChangesBody& body, bool new_rows, UnixMillis now) {
  const Version reported = body.down ? Version{body.down->life.ord, body.down->n} : Version{};
  const bool news = reported > site.down.at;
  if (!news && !new_rows && site.contact_at) return false;
  site.epoch = epoch;
  site.contact_at = now;
  if (news) site.down = {reported, body.down->hash};
  store::note_site(connection, site);
  return news;
}

}  // namespace

Result<TakenCounts> take_changes(Connection& connection, store::ChangeLog& log, store::Site site,
                                 const EpochId& epoch_id, const ChangesBody& body,
                                 const CentralLife& life, const LineSource& lines) {
  auto found = store::find_epoch(connection, epoch_id);
  store::SiteEpoch epoch = found ? *found : store::insert_epoch(connection, site, epoch_id);
  SKERRY_TRY(const Action action,
             judge_changes(knowledge(connection, log, life, epoch, body), body));
  TakenCounts counts;
  if (action == Action::apply) {
    Taker taker(connection, log, site, epoch);
    std::int64_t seq = body.first - 1;
    Hash hash = body.prev_hash;
    SKERRY_TRY_VOID(lines([&](std::string_view line, std::uint64_t) -> Result<void> {
      hash = crypto::chain_hash(hash, line);
      return taker.take(line, ++seq, hash);
    }));
    if (seq != body.last || hash != body.last_hash)
      return fail(Errc::corrupt_bundle, "the rows do not end where the manifest says");
    counts = taker.finish();
    const HlcStamp now = HlcStamp::at(log.wall_ms());
    if (taker.latest() > now && clock_suspect(taker.latest(), log.wall_ms()))
      site.clock_suspect = true;
    store::update_epoch(connection, epoch);
  } else {
    counts.known = body.last - body.first + 1;
  }
  const bool report =
      note_contact(connection, std::move(site), epoch_id, body, counts.rows > 0, log.wall_ms());
  counts.news = counts.rows > 0 || report;
  return counts;
}

}  // namespace skerry::sync
