#include "sync/take_state.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

#include "store/conflicts.hpp"
#include "sync/engine.hpp"
#include "sync/rebase.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

SiteKnowledge knowledge(Connection& connection, const store::ChangeLog& log,
                        const store::Upstream& upstream, const StateBody& body) {
  SiteKnowledge known;
  known.epoch = log.own().epoch;
  known.head = log.own().seq;
  known.life = upstream.life;
  known.n = upstream.n;
  known.hash = upstream.hash;
  known.acked = upstream.acked;
  if (body.ack && body.ack->epoch == known.epoch) {
    auto cursor = connection.query("SELECT hash FROM change_log WHERE log=?1 AND seq=?2",
                                   log.own().number, body.ack->n);
    if (cursor.next()) known.hash_at_ack = cursor.hash(0);
  }
  return known;
}

class Taker {
 public:
  // `whole`: the lines are everything this site sees, and the site holds something already.
  Taker(Connection& connection, store::ChangeLog& log, Version upto, std::int64_t acked, bool whole,
        std::string bundle)
      : connection_(connection),
        log_(log),
        upto_(upto),
        rebase_(connection, log, acked, std::move(bundle)),
        whole_(whole) {}

  // What a snapshot does not name is gone, conflicts too.
  void begin() {
    if (whole_) store::erase_conflicts(connection_, std::nullopt);
  }

  Result<void> take(std::string_view line) {
    SKERRY_TRY(const StateLine state, decode_state_line(line));
    SKERRY_TRY_VOID(check_version(state));
    if (const auto* record = std::get_if<RecordState>(&state)) {
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
    } else if (const auto* result = std::get_if<store::RowResult>(&state)) {
      counts_.refused += result->disposition == Disposition::applied ? 0 : 1;
      store::write_row_result(connection_, log_.own().number, *result);
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
  void settle(std::int64_t from, std::int64_t upto) {
    for (const auto& [kind, id] :
         store::records_changed(connection_, log_.own().number, from, upto))
      counts_.changed += rebase_.settle(*kind, id) ? 1 : 0;
    counts_.confirmed = upto - from;
  }

  StateCounts& counts() { return counts_; }

 private:
  // What a bundle brings is of the log that it says it ends at.
  Result<void> check_version(const StateLine& state) const {
    Version newest;
    if (const auto* record = std::get_if<RecordState>(&state)) {
      newest = record->every;
      for (const auto& field : record->fields) newest = std::max(newest, field.version);
    } else if (const auto* gone = std::get_if<RecordGone>(&state)) {
      newest = gone->version;
    }
    if (newest <= upto_) return {};
    return fail(Errc::corrupt_bundle,
                fmt::format("a state line is of place {} of central's log, the bundle ends at {}",
                            newest.n, upto_.n));
  }

  Connection& connection_;
  store::ChangeLog& log_;
  Version upto_;
  Rebase rebase_;
  bool whole_;
  std::unordered_set<RecordId> held_by_central_;
  StateCounts counts_;
};

Result<void> stage_piece(Connection& connection, const StateBody& body, const LineSource& lines) {
  connection.execute("DELETE FROM staged_snapshot WHERE snapshot<>?1", body.series);
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

Result<void> take_staged(Connection& connection, const StateBody& body, Taker& taker) {
  auto cursor = connection.query(
      "SELECT line FROM staged_snapshot WHERE snapshot=?1 AND number>0 ORDER BY part,number",
      body.series);
  while (cursor.next()) SKERRY_TRY_VOID(taker.take(cursor.text(0)));
  return {};
}

}  // namespace

Result<StateCounts> take_state(Connection& connection, store::ChangeLog& log, const StateBody& body,
                               bool snapshot, HlcStamp central_clock, const LineSource& lines,
                               std::string bundle) {
  auto upstream = store::read_upstream(connection);
  if (!upstream)
    return fail(Errc::not_enrolled, "this site has no central yet", "skerry enrol FILE");
  const SiteKnowledge known = knowledge(connection, log, *upstream, body);
  SKERRY_TRY(const Action action, judge_state(known, body, snapshot));
  const std::int64_t acked = acked_after(known, body);
  Taker taker(connection, log, {body.upto.life.ord, body.upto.n}, acked,
              snapshot && upstream->life.ord > 0, std::move(bundle));
  if (action == Action::duplicate) {
    taker.counts().duplicate = true;
    return taker.counts();
  }
  if (action == Action::stage) {
    SKERRY_TRY_VOID(stage_piece(connection, body, lines));
    if (!is_complete(connection, body)) {
      taker.counts().waiting = true;
      return taker.counts();
    }
    taker.begin();
    SKERRY_TRY_VOID(take_staged(connection, body, taker));
    connection.execute("DELETE FROM staged_snapshot");
  } else {
    taker.begin();
    SKERRY_TRY_VOID(lines([&](std::string_view line, std::uint64_t) { return taker.take(line); }));
  }
  taker.drop_others({body.upto.life.ord, body.upto.n});
  taker.settle(upstream->acked, acked);
  log.observe(connection, central_clock);
  upstream->life = body.upto.life;
  upstream->n = body.upto.n;
  upstream->hash = body.upto.hash;
  upstream->acked = acked;
  if (body.ack && body.ack->epoch == known.epoch)
    upstream->durable = std::max(upstream->durable, body.ack->durable);
  upstream->contact_at = log.wall_ms();
  store::write_upstream(connection, *upstream);
  return taker.counts();
}

}  // namespace skerry::sync
