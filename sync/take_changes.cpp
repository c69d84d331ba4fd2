#include "sync/take_changes.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/log_event.hpp"
#include "store/lost_ranges.hpp"
#include "sync/engine.hpp"
#include "sync/new_life.hpp"
#include "sync/node.hpp"

namespace skerry::sync {
namespace {

using store::Connection;
using store::Site;
using store::SiteEpoch;

std::optional<EpochKnowledge> known_epoch(const Site& site, const std::optional<SiteEpoch>& epoch) {
  if (!epoch) return std::nullopt;
  return EpochKnowledge{standing_of(site, *epoch), epoch->fenced, epoch->head, epoch->fork_at};
}

std::optional<EpochKnowledge> known_epoch(Connection& connection, const Site& site,
                                          const std::optional<EpochId>& id) {
  return id ? known_epoch(site, store::find_epoch(connection, *id)) : std::nullopt;
}

// Central's hash of a site's row; zero before the first.
std::optional<Hash> hash_of_row(Connection& connection, const std::optional<SiteEpoch>& epoch,
                                std::int64_t seq) {
  if (seq == 0) return Hash{};
  if (!epoch) return std::nullopt;
  if (seq == epoch->head) return epoch->head_hash;
  const auto row = store::find_ingested(connection, epoch->number, seq);
  return row ? std::optional(row->hash) : std::nullopt;
}

CentralKnowledge knowledge(Connection& connection, const store::LogHead& own, const Site& site,
                           const EpochId& epoch_id, const std::optional<SiteEpoch>& epoch,
                           const ChangesBody& body) {
  CentralKnowledge known;
  known.life = life_of(own);
  known.n = own.n;
  if (body.down && body.down->life == known.life) {
    auto cursor = connection.query("SELECT hash FROM change_log WHERE n=?1 AND log=?2",
                                   body.down->n, own.number);
    if (cursor.next()) known.hash_at_down = cursor.hash(0);
  }
  known.expects_any = !site.epoch;
  if (const auto active = site.epoch ? store::find_epoch(connection, *site.epoch) : std::nullopt)
    known.began_n = active->began_n;
  known.epoch = known_epoch(site, epoch);
  known.hash_before = hash_of_row(connection, epoch, body.first - 1);
  known.hash_at_last = hash_of_row(connection, epoch, body.last);
  known.site_lost_last = store::is_in_lost_range(connection, epoch_id, body.last);
  known.current = known_epoch(connection, site, body.current);
  known.previous = known_epoch(connection, site, body.previous);
  if (body.parent) {
    const auto parent = store::find_epoch(connection, body.parent->epoch);
    known.parent = known_epoch(site, parent);
    known.hash_at_parent = hash_of_row(connection, parent, body.parent->seq);
  }
  return known;
}

// A site writes its own log only. The epochs of others can be read off any medium (SYNC H17).
Result<void> check_epochs(Connection& connection, const Site& site, const EpochId& epoch,
                          const ChangesBody& body) {
  std::vector<EpochId> named{epoch};
  if (body.current) named.push_back(*body.current);
  if (body.previous) named.push_back(*body.previous);
  if (body.parent) named.push_back(body.parent->epoch);
  for (const LostRows& lost : body.lost) named.push_back(lost.epoch);
  for (const EpochId& each : named) {
    const auto known = store::find_epoch(connection, each);
    if (known && known->site != site.number)
      return fail(Errc::wrong_history,
                  fmt::format("epoch {} is of another site's log", to_string(each)),
                  "do not use the bundle; ask its sender");
  }
  return {};
}

class Taking {
 public:
  Taking(Connection& connection, store::ChangeLog& log, Random& random, Site site,
         const ChangesBody& body, Met met)
      : connection_(connection),
        log_(log),
        random_(random),
        site_(std::move(site)),
        body_(body),
        met_(met) {}

  Result<TakenChanges> take(const EpochId& epoch_id, const LineSource& lines) {
    SKERRY_TRY_VOID(check_epochs(connection_, site_, epoch_id, body_));
    auto epoch = store::find_epoch(connection_, epoch_id);
    ChangesVerdict verdict =
        judge_changes(knowledge(connection_, log_.own(), site_, epoch_id, epoch, body_), body_);
    if (met_ == Met::taken) verdict.report = verdict.copy = verdict.behind = false;
    // Perhaps of a site that began another epoch since: the file still lies on the medium.
    const bool is_old = verdict.refusal && (verdict.copy || verdict.late) && met_ == Met::refused;
    if (is_old) verdict.copy = false;
    if (verdict.refusal && !verdict.life_after && !verdict.copy && !is_old)
      return fail(*verdict.refusal);
    taken_.rows_refused = verdict.refusal;
    taken_.new_life = verdict.life_after.has_value();
    taken_.activated = verdict.activate;
    taken_.copy = verdict.copy;
    taken_.behind = verdict.behind;
    if (verdict.life_after) {
      SKERRY_TRY_VOID(check_believed());
      begin_life(connection_, log_, random_, *verdict.life_after, why::behind_peer,
                 lost_by_central(), site_.id);
    }
    if (verdict.action != Action::refuse && verdict.action != Action::report) {
      if (!epoch) epoch = store::insert_epoch(connection_, site_, epoch_id);
      epoch->fenced = epoch->fenced || verdict.fence;
      if (met_ != Met::taken) epoch->behind = verdict.behind;
      if (verdict.activate) epoch->began_n = log_.own().n;
      SKERRY_TRY_VOID(take_rows(*epoch, verdict.action, lines));
      taken_.rows_taken = verdict.action == Action::apply && !epoch->fork_at;
      store::update_epoch(connection_, *epoch);
      store::note_found(connection_, epoch_id, epoch->head);
      if (verdict.activate) activate(epoch_id);
    }
    note_lost_rows();
    if (verdict.copy) note_copy(body_.current.value_or(epoch_id));
    const bool compared = note_comparison(verdict);
    const bool report = note_contact(verdict);
    taken_.counts.news = report || compared || taken_.new_life || taken_.counts.rows > 0 ||
                         taken_.counts.released > 0 || taken_.counts.quarantined > 0;
    return std::move(taken_);
  }

 private:
  Result<void> check_believed() const {
    if (!tellers_of_lives(connection_).contains(site_.id)) return {};
    return fail(Errc::wrong_history,
                fmt::format("site {} says again that central lost memory: it is believed once, "
                            "until a person says that it was so",
                            site_.name),
                remedy_of_teller(site_.name));
  }

  // As far as the site tells how far this life had come. When central wrote again before it learnt
  // of it, where the two parted is not known: behind what the site was last known to hold.
  std::optional<LostRows> lost_by_central() const {
    const store::LogHead& own = log_.own();
    if (!body_.down || body_.down->life != life_of(own)) return std::nullopt;
    const bool held = site_.down.at.ord == own.ord && site_.down.at.n <= own.n;
    const std::int64_t shared = held ? site_.down.at.n : 0;
    const std::int64_t before = own.n - own.seq;  // rows of earlier lives
    const std::int64_t first = std::max<std::int64_t>(shared - before, 0) + 1;
    const std::int64_t last = body_.down->n - before;
    if (last < first) return std::nullopt;
    return LostRows{own.epoch, first, last};
  }

  Result<void> take_rows(SiteEpoch& epoch, Action action, const LineSource& lines) {
    const auto fork_before = epoch.fork_at;
    RowTaker taker(connection_, log_, site_, epoch);
    SKERRY_TRY_VOID(read_rows(body_, lines, [&](SiteRow& row) -> Result<void> {
      if (action == Action::quarantine)
        taker.keep(row);
      else if (action == Action::apply)
        taker.take(std::move(row));
      return {};
    }));
    // Of rows that are known, too: what waits here may wait for another site's record.
    taken_.counts = taker.finish();
    if (action == Action::duplicate) taken_.counts.known = body_.last - body_.first + 1;
    const UnixMillis now = log_.wall_ms();  // a row of long ago was only long on its way
    if (taker.latest() > HlcStamp::at(now) && clock_suspect(taker.latest(), now))
      site_.clock_suspect = true;
    if (epoch.fork_at != fork_before || taken_.counts.quarantined > 0) tell_branch(epoch);
    return {};
  }

  // In the log, so that people see it and the position moves on: the site is to be told.
  void tell_branch(const SiteEpoch& epoch) {
    json::object facts{{"site", to_string(site_.id)},
                       {"epoch", to_string(epoch.epoch)},
                       {"rows", taken_.counts.quarantined}};
    if (epoch.fork_at) facts["behind"] = *epoch.fork_at;
    store::append_event(connection_, log_, epoch.fenced ? "copy_rows" : "fork", facts);
  }

  void activate(const EpochId& epoch) {
    site_.epoch = epoch;
    site_.expected.reset();
    store::note_site(connection_, site_);
    if (!body_.previous) return;
    // Of one that never came here what is still on its way is of the site's past, and no copy's.
    auto left = store::find_epoch(connection_, *body_.previous);
    if (!left) left = store::insert_epoch(connection_, site_, *body_.previous);
    left->copy_at.reset();  // whoever wrote it writes the new one
    store::update_epoch(connection_, *left);
  }

  void note_lost_rows() {
    for (const LostRows& lost : body_.lost) {
      store::note_lost(connection_, {lost.epoch, lost.first, lost.last, 0, log_.wall_ms()});
      const auto epoch = store::find_epoch(connection_, lost.epoch);
      store::note_found(connection_, lost.epoch, epoch ? epoch->head : 0);
    }
  }

  void note_copy(const EpochId& epoch_id) {
    auto epoch = store::find_epoch(connection_, epoch_id);
    if (!epoch) return;
    epoch->copy_at = log_.wall_ms();
    store::update_epoch(connection_, *epoch);
  }

  // A site that differs is sent the whole state, once. When that does not help, nothing is sent
  // again by itself: somebody has to look (H25). Returns whether the site says something new.
  bool note_comparison(const ChangesVerdict& verdict) {
    store::Comparison& known = site_.comparison;
    const bool of_this_life = body_.down && body_.down->life == life_of(log_.own());
    if (!verdict.report || !body_.compared || !of_this_life) return false;
    // At one position a difference may come up later, and be mended.
    const bool news = body_.compared->n > known.at ||
                      (body_.compared->n == known.at && body_.compared->same == known.differs);
    if (!news || body_.compared->n < known.repair) return false;
    const bool was_alarm = known.is_alarm();
    known.at = body_.compared->n;
    known.differs = !body_.compared->same;
    const json::object facts{{"site", to_string(site_.id)}, {"at", known.at}};
    if (!known.differs)
      known.repair = 0;
    else if (known.repair == 0)
      known.repair = store::append_event(connection_, log_, "site_differs", facts).n;
    else if (!was_alarm)
      store::append_event(connection_, log_, "site_differs_again", facts);
    store::note_comparison(connection_, site_);
    return true;
  }

  // An older bundle that arrives late is no contact and takes no report back. Returns whether the
  // site says something new of what it holds.
  bool note_contact(const ChangesVerdict& verdict) {
    if (!verdict.report) return false;
    const store::DownCursor reported =
        body_.down ? store::DownCursor{{body_.down->life.ord, body_.down->n}, body_.down->hash}
                   : store::DownCursor{};
    const bool news = reported != site_.down;
    if (!news && taken_.counts.rows == 0 && site_.contact_at) return false;
    site_.contact_at = log_.wall_ms();
    site_.down = reported;
    store::note_site(connection_, site_);
    return news;
  }

  Connection& connection_;
  store::ChangeLog& log_;
  Random& random_;
  Site site_;
  const ChangesBody& body_;
  Met met_;
  TakenChanges taken_;
};

}  // namespace

Result<TakenChanges> take_changes(Connection& connection, store::ChangeLog& log, Random& random,
                                  Site site, const EpochId& epoch, const ChangesBody& body,
                                  const LineSource& lines, Met met) {
  return Taking(connection, log, random, std::move(site), body, met).take(epoch, lines);
}

bool holds_rows(Connection& connection, const SiteId& sender, const EpochId& epoch,
                const ChangesBody& body) {
  const auto site = store::find_site(connection, sender);
  const auto known = store::find_epoch(connection, epoch);
  return site && known && known->site == site->number &&
         hash_of_row(connection, known, body.last) == body.last_hash;
}

}  // namespace skerry::sync
