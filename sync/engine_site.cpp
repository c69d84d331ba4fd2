#include <algorithm>
#include <fmt/format.h>

#include "sync/engine.hpp"

namespace skerry::sync {
namespace {

StateVerdict refuse(StateVerdict verdict, Errc code, std::string detail, std::string next) {
  verdict.action = Action::refuse;
  verdict.refusal.emplace(code, std::move(detail), std::move(next));
  return verdict;
}

StateVerdict other_history(std::string detail) {
  return refuse({}, Errc::wrong_history, std::move(detail),
                "run an exchange so that both sides see where the other stands");
}

bool stands_on(const SiteKnowledge& site, const StateBody& body) {
  return std::find(body.waypoints.begin(), body.waypoints.end(), std::pair(site.n, site.hash)) !=
         body.waypoints.end();
}

// Central's row there is this machine's own. Of a row that was pruned no hash is left: it was in a
// verified backup of central's.
bool is_ours(const OwnRows& own, const Ack* ack) {
  if (!ack || ack->n == 0) return false;
  const bool pruned = ack->n < own.first && ack->n <= own.durable;
  return pruned || own.hash_at_ack == ack->hash;
}

// How many of an epoch's rows central has as well, as far as the bundle tells.
std::int64_t shared_rows(const OwnRows& own, const OwnRows& confirmed, const Ack* ack) {
  if (!ack || is_ours(own, ack)) return confirmed.acked;
  if (ack->fork) return std::max(confirmed.acked, std::min(*ack->fork, own.end));
  return ack->n >= own.end ? own.end : confirmed.acked;
}

// The log goes on behind the rows that both have. What followed them and was pruned here is nowhere
// any more.
Renewal go_on_behind(std::string_view why, const SiteKnowledge& site, std::size_t epoch,
                     std::int64_t shared) {
  Renewal renewal{why, epoch, shared, {}, {}};
  const OwnRows& own = site.epochs[epoch];
  if (own.first > shared + 1) renewal.lost = LostRows{own.epoch, shared + 1, own.first - 1};
  return renewal;
}

// A copy that may go on as the site: from the first of its rows that central has not.
Renewal cut_at_shared(const SiteKnowledge& site, const StateBody& body) {
  const std::vector<OwnRows> confirmed = confirmed_by(site, body);
  for (std::size_t i = 0; i < confirmed.size(); ++i) {
    const OwnRows& own = site.epochs[i];
    const std::int64_t shared = shared_rows(own, confirmed[i], find_ack(body.acks, own.epoch));
    if (shared < own.end) return go_on_behind(why::authorised, site, i, shared);
  }
  return {why::authorised, confirmed.size() - 1, confirmed.back().end, {}, {}};
}

std::optional<Renewal> find_renewal(const SiteKnowledge& site, const StateBody& body) {
  // The oldest fork: what follows it stands on rows that central does not have.
  const std::vector<OwnRows> confirmed = confirmed_by(site, body);
  for (std::size_t i = 0; i < confirmed.size(); ++i) {
    const OwnRows& own = site.epochs[i];
    const Ack* ack = find_ack(body.acks, own.epoch);
    if (!ack || !ack->fork || is_ours(own, ack)) continue;
    const std::int64_t shared = shared_rows(own, confirmed[i], ack);
    if (shared < own.end) return go_on_behind(why::fork, site, i, shared);
  }
  const OwnRows& own = site.epochs.back();
  const Ack* ack = find_ack(body.acks, own.epoch);
  if (!ack || ack->n <= own.end) return std::nullopt;
  Renewal renewal{why::behind_peer, site.epochs.size() - 1, own.end, {}, {}};
  renewal.lost = LostRows{own.epoch, own.end + 1, ack->n};
  return renewal;
}

// A new life of central needs rows that were pruned here: what is left goes on behind the hole.
std::optional<Renewal> find_hole(const SiteKnowledge& site, const StateBody& body) {
  const std::vector<OwnRows> confirmed = confirmed_by(site, body);
  for (std::size_t i = 0; i < confirmed.size(); ++i) {
    const OwnRows& own = confirmed[i];
    if (own.first <= own.acked + 1) continue;
    Renewal renewal = go_on_behind(why::rows_gone, site, i, own.acked);
    if (const Ack* ack = find_ack(body.acks, own.epoch)) renewal.hash = ack->hash;
    return renewal;
  }
  return std::nullopt;
}

// The command that packs what this site lacks, whatever central believes that it holds.
std::string pack_again(const SiteKnowledge& site, std::int64_t held) {
  return fmt::format("at central: skerry bundle export {} --from {}", to_string(site.id), held + 1);
}

StateVerdict judge_delta(const SiteKnowledge& site, const StateBody& body, StateVerdict verdict) {
  if (verdict.new_life)
    return refuse(std::move(verdict), Errc::bundle_gap,
                  "this site needs central's whole state first", pack_again(site, 0));
  if (body.upto.n <= site.n) {
    verdict.action = Action::duplicate;
    return verdict;
  }
  if (body.base.n > site.n)
    return refuse(std::move(verdict), Errc::bundle_gap,
                  fmt::format("the bundle begins with {} of central's log, this site needs from {}",
                              body.base.n + 1, site.n + 1),
                  pack_again(site, site.n));
  if (!stands_on(site, body))
    return other_history(
        fmt::format("this site's position {} is not on the bundle's history", site.n));
  return verdict;
}

StateVerdict judge_snapshot(const SiteKnowledge& site, const StateBody& body,
                            StateVerdict verdict) {
  const bool repairs = site.differs && body.upto.n == site.n;
  if (!verdict.new_life && body.upto.n <= site.n && !repairs) {
    verdict.action = Action::duplicate;
    return verdict;
  }
  if (!verdict.new_life && !stands_on(site, body))
    return other_history(
        fmt::format("this site's position {} is not on the bundle's history", site.n));
  if (!body.last_part || body.part > 1) verdict.action = Action::stage;
  return verdict;
}

}  // namespace

StateVerdict judge_state(const SiteKnowledge& site, const StateBody& body, bool snapshot) {
  StateVerdict verdict;
  verdict.new_life = body.upto.life != site.life;
  if (body.upto.life.ord < site.life.ord) {
    verdict.action = Action::duplicate;
    verdict.ended = true;
    return verdict;
  }
  if (verdict.new_life && body.upto.life.ord == site.life.ord)
    return other_history("two lives of central began in one second: it has to begin another");
  const Ack* mine = find_ack(body.acks, site.epochs.back().epoch);
  if (mine && mine->standing == Standing::authorised) {
    verdict.renewal = cut_at_shared(site, body);
    return refuse(std::move(verdict), Errc::bundle_gap,
                  "this machine goes on as the site; central's state comes with the next exchange",
                  "run an exchange");
  }
  verdict.copy = mine && mine->standing != Standing::active;
  if (verdict.copy || site.copy)
    return refuse(std::move(verdict), Errc::read_only_copy,
                  "the site goes on elsewhere, this machine is a copy: nothing is taken in here",
                  "at central: " + store::copy_remedy(to_string(site.id)));
  verdict.renewal = find_renewal(site, body);
  if (!verdict.renewal && verdict.new_life && snapshot) verdict.renewal = find_hole(site, body);
  return snapshot ? judge_snapshot(site, body, std::move(verdict))
                  : judge_delta(site, body, std::move(verdict));
}

std::vector<OwnRows> confirmed_by(const SiteKnowledge& site, const StateBody& body) {
  std::vector<OwnRows> epochs = site.epochs;
  const bool new_life = body.upto.life != site.life;
  bool goes_on = false;  // central took in rows behind this epoch's end
  for (auto own = epochs.rbegin(); own != epochs.rend(); ++own) {
    const Ack* ack = find_ack(body.acks, own->epoch);
    const bool ours = is_ours(*own, ack);
    if (new_life) own->acked = own->durable = 0;
    if (goes_on) own->acked = own->end;
    if (ours) own->acked = std::max(own->acked, std::min(ack->n, own->end));
    if (ack && (ours || goes_on))
      own->durable = std::max(own->durable, std::min(ack->durable, own->acked));
    goes_on = goes_on || ours;
  }
  return epochs;
}

}  // namespace skerry::sync
