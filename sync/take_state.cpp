#include "sync/take_state.hpp"

#include <fmt/format.h>

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
  Taker(Connection& connection, store::ChangeLog& log, std::int64_t acked)
      : connection_(connection), log_(log), rebase_(connection, log, acked) {}

  Result<void> take(std::string_view line) {
    SKERRY_TRY(const StateLine state, decode_state_line(line));
    if (const auto* record = std::get_if<RecordState>(&state)) {
      ++counts_.records;
      SKERRY_TRY(const bool changed, rebase_.take(*record));
      counts_.changed += changed ? 1 : 0;
    } else if (const auto* gone = std::get_if<RecordGone>(&state)) {
      ++counts_.records;
      counts_.removed += rebase_.take(*gone) ? 1 : 0;
    } else if (const auto* result = std::get_if<store::RowResult>(&state)) {
      ++counts_.refused;
      store::write_row_result(connection_, log_.own().number, *result);
    } else if (const auto* conflict = std::get_if<store::Conflict>(&state)) {
      ++counts_.conflicts;
      store::write_conflict(connection_, *conflict);
    }
    return {};
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
  Connection& connection_;
  store::ChangeLog& log_;
  Rebase rebase_;
  StateCounts counts_;
};

Result<void> stage_piece(Connection& connection, const StateBody& body, const LineSource& lines) {
  connection.execute("DELETE FROM staged_snapshot WHERE snapshot<>?1", body.series);
  std::int64_t number = 0;
  return lines([&](std::string_view line, std::uint64_t) -> Result<void> {
    connection.execute(
        "INSERT INTO staged_snapshot(snapshot,part,number,line) VALUES(?1,?2,?3,?4) "
        "ON CONFLICT(snapshot,part,number) DO NOTHING",
        body.series, body.part, ++number, line);
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
      "SELECT line FROM staged_snapshot WHERE snapshot=?1 ORDER BY part,number", body.series);
  while (cursor.next()) SKERRY_TRY_VOID(taker.take(cursor.text(0)));
  return {};
}

}  // namespace

Result<StateCounts> take_state(Connection& connection, store::ChangeLog& log, const StateBody& body,
                               bool snapshot, HlcStamp central_clock, const LineSource& lines) {
  auto upstream = store::read_upstream(connection);
  if (!upstream)
    return fail(Errc::not_enrolled, "this site has no central yet", "skerry enrol FILE");
  const SiteKnowledge known = knowledge(connection, log, *upstream, body);
  SKERRY_TRY(const Action action, judge_state(known, body, snapshot));
  const std::int64_t acked = acked_after(known, body);
  Taker taker(connection, log, acked);
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
    SKERRY_TRY_VOID(take_staged(connection, body, taker));
    connection.execute("DELETE FROM staged_snapshot");
  } else {
    SKERRY_TRY_VOID(lines([&](std::string_view line, std::uint64_t) { return taker.take(line); }));
  }
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
