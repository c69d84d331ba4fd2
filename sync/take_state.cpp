#include "sync/take_state.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

#include "store/conflicts.hpp"
#include "store/identity.hpp"
#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "sync/digest.hpp"
#include "sync/engine.hpp"
#include "sync/rebase.hpp"
#include "sync/renew_epoch.hpp"
#include "sync/self_check.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

SiteKnowledge knowledge(Connection& connection, const std::vector<store::OwnEpoch>& epochs,
                        const store::Upstream& upstream, const StateBody& body) {
  SiteKnowledge known;
  if (const auto identity = store::read_identity(connection)) known.id = identity->id;
  known.life = upstream.life;
  known.n = upstream.n;
  known.hash = upstream.hash;
  known.copy = upstream.copy_since.has_value();
  known.differs = upstream.differs;
  for (const store::OwnEpoch& epoch : epochs) {
    OwnRows own{epoch.epoch, epoch.first, epoch.end, epoch.acked, epoch.durable, std::nullopt};
    if (const Ack* ack = find_ack(body.acks, epoch.epoch))
      own.hash_at_ack = store::own_hash_at(connection, epoch.log, ack->n);
    known.epochs.push_back(std::move(own));
  }
  return known;
}

tl::unexpected<Error> contradictory(std::string_view what) {
  return fail(Errc::corrupt_bundle, fmt::format("the bundle contradicts itself: {}", what),
              "ask central's administrator for another: skerry bundle export");
}

Version newest_in(const RecordState& record) {
  Version newest = record.every;
  for (const RecordState::FieldState& field : record.fields)
    newest = std::max(newest, field.version);
  return newest;
}

class Taker {
 public:
  // `whole`: the lines are everything this site sees, and the site holds something already; `anew`:
  // that is of a life of central that ended, or is not what central has.
  // `newest`: behind that version the bundle cannot know anything.
  Taker(Connection& connection, store::ChangeLog& log, const std::vector<store::OwnEpoch>& epochs,
        Version newest, bool whole, bool anew, std::string bundle)
      : connection_(connection),
        epochs_(epochs),
        rebase_(connection, log, anew, std::move(bundle)),
        newest_(newest),
        whole_(whole) {}

  Result<void> take(std::string_view line) {
    auto decoded = decode_state_line(line);
    if (!decoded && decoded.error().code == Errc::bad_json)
      return contradictory(decoded.error().detail);
    SKERRY_TRY(const StateLine state, std::move(decoded));
    if (const auto* record = std::get_if<RecordState>(&state)) {
      if (newest_ < newest_in(*record))
        return contradictory(
            fmt::format("the {} {} is of version {}, behind what was read of the log",
                        record->kind->name, to_string(record->id), newest_in(*record).n));
      ++counts_.records;
      if (whole_) held_by_central_.insert(record->id);
      SKERRY_TRY(const bool changed, rebase_.take(*record));
      counts_.changed += changed ? 1 : 0;
    } else if (const auto* gone = std::get_if<RecordGone>(&state)) {
      ++counts_.records;
      counts_.removed += rebase_.take(*gone) ? 1 : 0;
      // A customer leaves with the scope: what was told under it goes, too.
      if (!gone->deleted && gone->kind->scope == ScopePath::itself)
        store::erase_conflicts(connection_, gone->id);
    } else if (const auto* told = std::get_if<ToldResult>(&state)) {
      take_result(*told);
    } else if (const auto* conflict = std::get_if<store::Conflict>(&state)) {
      ++counts_.conflicts;
      store::write_conflict(connection_, *conflict);
    }
    return {};
  }

  // What a snapshot does not name is not at central any more, or not for this site.
  void drop_others(Version upto) {
    if (!whole_) return;
    for (const auto& [kind, id] : rebase_.known_of_central()) {
      if (held_by_central_.contains(id)) continue;
      counts_.removed += rebase_.take(RecordGone{kind, id, upto, false}) ? 1 : 0;
    }
  }

  // Records whose rows were decided and for which central may have sent nothing.
  void settle(const store::OwnEpoch& epoch, std::int64_t upto) {
    show_again(epoch.log, epoch.acked, upto);
    counts_.confirmed += std::max<std::int64_t>(upto - epoch.acked, 0);
  }

  // Records with pending rows of which the new life knows nothing.
  void show_pending() {
    for (const store::OwnEpoch& epoch : store::read_own_epochs(connection_))
      show_again(epoch.log, epoch.acked, epoch.end);
  }

  void add_to(StateCounts& counts) const {
    counts.records = counts_.records;
    counts.changed = counts_.changed;
    counts.removed = counts_.removed;
    counts.confirmed = counts_.confirmed;
    counts.conflicts = counts_.conflicts;
    counts.refused = counts_.refused;
  }

 private:
  void show_again(std::int64_t log, std::int64_t after, std::int64_t upto) {
    for (const auto& [kind, id] : store::records_changed(connection_, log, after, upto))
      counts_.changed += rebase_.settle(*kind, id) ? 1 : 0;
  }

  // Of an epoch that this machine does not know, as one it lost, nothing is kept.
  void take_result(const ToldResult& told) {
    counts_.refused += told.result.disposition == Disposition::applied ? 0 : 1;
    for (const store::OwnEpoch& epoch : epochs_)
      if (epoch.epoch == told.epoch) store::write_row_result(connection_, epoch.log, told.result);
  }

  Connection& connection_;
  const std::vector<store::OwnEpoch>& epochs_;
  Rebase rebase_;
  Version newest_;
  bool whole_;
  std::unordered_set<RecordId> held_by_central_;
  StateCounts counts_;
};

Result<void> stage_piece(Connection& connection, const StateBody& body, const LineSource& lines) {
  // Two may come at once, over the line and on a medium; of more, the last ones.
  connection.execute(
      "DELETE FROM staged_snapshot WHERE snapshot NOT IN (?1,(SELECT snapshot FROM "
      "staged_snapshot WHERE snapshot<>?1 ORDER BY rowid DESC LIMIT 1))",
      body.series);
  // A piece without lines counts, too.
  std::int64_t number = 0;
  const auto stage = [&](std::string_view line) {
    connection.execute(
        "INSERT INTO staged_snapshot(snapshot,part,number,line) VALUES(?1,?2,?3,?4) "
        "ON CONFLICT(snapshot,part,number) DO NOTHING",
        body.series, body.part, number++, line);
  };
  stage("");
  return lines([&](std::string_view line, std::uint64_t) -> Result<void> {
    stage(line);
    return {};
  });
}

// All pieces up to the last are here.
bool is_complete(Connection& connection, const StateBody& body) {
  if (!body.last_part) return false;
  auto cursor = connection.query(
      "SELECT count(DISTINCT part) FROM staged_snapshot WHERE snapshot=?1", body.series);
  return cursor.next() && cursor.integer(0) == body.part;
}

// The lines of all pieces.
LineSource staged_lines(Connection& connection, const StateBody& body) {
  return [&connection, &body](const LineCallback& on_line) -> Result<void> {
    auto cursor = connection.query(
        "SELECT line FROM staged_snapshot WHERE snapshot=?1 AND number>0 ORDER BY part,number",
        body.series);
    for (std::uint64_t number = 1; cursor.next(); ++number)
      SKERRY_TRY_VOID(on_line(cursor.text(0), number));
    return {};
  };
}

void write_confirmed(Connection& connection, const std::vector<store::OwnEpoch>& epochs,
                     const std::vector<OwnRows>& confirmed) {
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    store::OwnEpoch epoch = epochs[i];
    epoch.acked = confirmed[i].acked;
    epoch.durable = confirmed[i].durable;
    store::write_confirmed(connection, epoch);
  }
}

// What central's backups hold may be news when nothing else is.
void raise_durable(Connection& connection, const std::vector<store::OwnEpoch>& epochs,
                   const std::vector<OwnRows>& confirmed) {
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    store::OwnEpoch epoch = epochs[i];
    const std::int64_t durable = std::min(confirmed[i].durable, epoch.acked);
    if (durable <= epoch.durable) continue;
    epoch.durable = durable;
    store::write_confirmed(connection, epoch);
  }
}

class Taking {
 public:
  Taking(Connection& connection, store::ChangeLog& log, Random& random, const StateBody& body,
         bool snapshot, const LineSource& lines, std::string bundle)
      : connection_(connection),
        log_(log),
        random_(random),
        body_(body),
        snapshot_(snapshot),
        lines_(lines),
        bundle_(std::move(bundle)) {}

  Result<StateCounts> take(HlcStamp central_clock) {
    auto upstream = store::read_upstream(connection_);
    if (!upstream)
      return fail(Errc::not_enrolled, "this site has no central yet", "skerry enrol FILE");
    epochs_ = store::read_own_epochs(connection_);
    const SiteKnowledge known = knowledge(connection_, epochs_, *upstream, body_);
    const StateVerdict verdict = judge_state(known, body_, snapshot_);
    if (verdict.action == Action::stage) {
      SKERRY_TRY_VOID(stage_piece(connection_, body_, lines_));
      if (!is_complete(connection_, body_)) {
        counts_.waiting = true;
        return counts_;
      }
    }
    counts_.new_copy = verdict.copy && !known.copy;
    counts_.renewed = verdict.renewal.has_value();
    counts_.refusal = verdict.refusal;
    if (verdict.refusal && !counts_.new_copy && !counts_.renewed) return fail(*verdict.refusal);
    counts_.duplicate = verdict.action == Action::duplicate;
    counts_.ended = verdict.ended;
    const bool applies = !counts_.duplicate && !verdict.refusal;
    const std::vector<OwnRows> confirmed = confirmed_by(known, body_);
    if (applies) write_confirmed(connection_, epochs_, confirmed);
    if (counts_.duplicate && !counts_.ended) raise_durable(connection_, epochs_, confirmed);
    if (verdict.renewal) renew_epoch(connection_, log_, random_, *verdict.renewal);
    if (!counts_.duplicate || counts_.renewed)
      for (const Ack& ack : body_.acks) store::note_found(connection_, ack.epoch, ack.n);
    const bool staged = verdict.action == Action::stage;
    const LineSource lines = staged ? staged_lines(connection_, body_) : lines_;
    if (applies) SKERRY_TRY_VOID(apply(verdict, *upstream, confirmed, lines));
    if (applies) log_.observe(connection_, central_clock);
    if (applies && body_.last_part) store::note_told(connection_, body_.lost);
    note(*upstream, verdict, applies);
    if (applies) SKERRY_TRY_VOID(check_state_taken(connection_, body_, lines));
    if (staged) connection_.execute("DELETE FROM staged_snapshot");
    if (applies || (!verdict.refusal && !snapshot_)) compare();
    return counts_;
  }

 private:
  Result<void> apply(const StateVerdict& verdict, const store::Upstream& upstream,
                     const std::vector<OwnRows>& confirmed, const LineSource& lines) {
    const bool holds_any = upstream.life.ord > 0;
    const bool anew = verdict.new_life && holds_any;
    const bool replaces = anew || (snapshot_ && upstream.differs);
    // What the life of central that ended said of rows is void; what a snapshot does not name is
    // gone, conflicts too.
    if (anew) connection_.execute("DELETE FROM row_result");
    if (snapshot_ && holds_any) store::erase_conflicts(connection_, std::nullopt);
    const Version upto{body_.upto.life.ord, body_.upto.n};
    const Version newest{upto.ord, body_.newest};
    Taker taker(connection_, log_, epochs_, newest, snapshot_ && holds_any, replaces, bundle_);
    SKERRY_TRY_VOID(lines([&](std::string_view line, std::uint64_t) { return taker.take(line); }));
    taker.drop_others(upto);
    for (std::size_t i = 0; i < epochs_.size(); ++i) taker.settle(epochs_[i], confirmed[i].acked);
    if (anew) taker.show_pending();
    taker.add_to(counts_);
    return {};
  }

  void note(store::Upstream upstream, const StateVerdict& verdict, bool applies) {
    if (applies) {
      // A whole state mends what differed; whether it did, a later digest says. One of several
      // pieces has none.
      if (snapshot_ || upstream.life != body_.upto.life) {
        upstream.compared = 0;
        upstream.differs = false;
      }
      upstream.life = body_.upto.life;
      upstream.n = body_.upto.n;
      upstream.hash = body_.upto.hash;
      upstream.contact_at = log_.wall_ms();
    }
    if (counts_.new_copy) upstream.copy_since = log_.wall_ms();
    if (verdict.renewal && verdict.renewal->why == why::authorised) upstream.copy_since.reset();
    log_.set_copy(upstream.copy_since.has_value());
    store::write_upstream(connection_, upstream);
  }

  // Whether both hold the same at the bundle's end, if it says and this site stands there: central
  // is told with the next bundle up (SYNC 4.9).
  void compare() {
    store::Upstream upstream = *store::read_upstream(connection_);
    const bool stands_there = upstream.life == body_.upto.life && upstream.n == body_.upto.n &&
                              upstream.hash == body_.upto.hash;
    if (!body_.digest || !body_.last_part || !stands_there) return;
    const auto here = digest_of_central(connection_, {body_.upto.life.ord, body_.upto.n});
    if (!here) return;
    upstream.compared = body_.upto.n;
    upstream.differs = counts_.differs = here->sha256 != *body_.digest;
    store::write_upstream(connection_, upstream);
  }

  Connection& connection_;
  store::ChangeLog& log_;
  Random& random_;
  const StateBody& body_;
  bool snapshot_;
  const LineSource& lines_;
  std::string bundle_;
  std::vector<store::OwnEpoch> epochs_;
  StateCounts counts_;
};

}  // namespace

Result<StateCounts> take_state(Connection& connection, store::ChangeLog& log, Random& random,
                               const StateBody& body, bool snapshot, HlcStamp central_clock,
                               const LineSource& lines, std::string bundle) {
  return Taking(connection, log, random, body, snapshot, lines, std::move(bundle))
      .take(central_clock);
}

}  // namespace skerry::sync
