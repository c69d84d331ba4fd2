#include "sync/engine.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace skerry::sync {
namespace {

tl::unexpected<Error> wrong_history(std::string detail) {
  return fail(Errc::wrong_history, std::move(detail),
              "run an exchange so that both sides see where the other stands");
}

bool stands_on(const SiteKnowledge& site, const StateBody& body) {
  return std::find(body.waypoints.begin(), body.waypoints.end(), std::pair(site.n, site.hash)) !=
         body.waypoints.end();
}

// "You know my future": central acknowledges a row this site never wrote, or another in its place.
Result<void> check_ack(const SiteKnowledge& site, const StateBody& body) {
  if (!body.ack || body.ack->epoch != site.epoch || body.ack->n == 0) return {};
  if (body.ack->n > site.head)
    return wrong_history(fmt::format(
        "central confirms row {} of this site's log, which ends at {}: this machine lost memory",
        body.ack->n, site.head));
  if (site.hash_at_ack && *site.hash_at_ack != body.ack->hash)
    return wrong_history(fmt::format(
        "central holds another row {} of this site's log than this machine", body.ack->n));
  return {};
}

}  // namespace

Result<Action> judge_state(const SiteKnowledge& site, const StateBody& body, bool snapshot) {
  SKERRY_TRY_VOID(check_ack(site, body));
  if (body.upto.life.ord < site.life.ord)
    return wrong_history("the bundle is of a life of central that has ended");
  const bool new_life = body.upto.life != site.life;
  if (snapshot) {
    if (new_life && site.life.ord > 0)
      return wrong_history("central began a new life; this version cannot follow it yet");
    if (!new_life && body.upto.n <= site.n) return Action::duplicate;
    if (!new_life && !stands_on(site, body))
      return wrong_history(
          fmt::format("this site's position {} is not on the bundle's history", site.n));
    return body.last_part && body.part == 1 ? Action::apply : Action::stage;
  }
  if (new_life)
    return fail(Errc::bundle_gap, "this site needs central's whole state first",
                "run an exchange: central answers with a snapshot");
  if (body.upto.n <= site.n) return Action::duplicate;
  if (body.base.n > site.n)
    return fail(Errc::bundle_gap,
                fmt::format("the bundle begins after {} of central's log, this site stands at {}",
                            body.base.n, site.n),
                "import the earlier bundles first, or run an exchange so that central packs anew");
  if (!stands_on(site, body))
    return wrong_history(
        fmt::format("this site's position {} is not on the bundle's history", site.n));
  return Action::apply;
}

std::int64_t acked_after(const SiteKnowledge& site, const StateBody& body) {
  if (!body.ack || body.ack->epoch != site.epoch) return site.acked;
  return std::max(site.acked, body.ack->n);
}

Result<Action> judge_changes(const CentralKnowledge& central, const ChangesBody& body) {
  if (body.down) {
    const DownPosition& down = *body.down;
    const bool future =
        down.life.ord > central.life.ord || (down.life == central.life && down.n > central.n);
    const bool other = down.life == central.life && down.n > 0 && central.hash_at_down &&
                       *central.hash_at_down != down.hash;
    if (future || other)
      return wrong_history(fmt::format(
          "the site holds row {} of central's log, which central does not have: central "
          "lost memory",
          down.n));
  }
  if (body.first > central.head + 1)
    return fail(Errc::bundle_gap,
                fmt::format("the bundle begins with row {}, central needs from {}", body.first,
                            central.head + 1),
                fmt::format("at the site: skerry bundle export --from {}", central.head + 1));
  if (central.hash_before && *central.hash_before != body.prev_hash)
    return wrong_history(
        fmt::format("row {} of the site's log is not the one central took in", body.first - 1));
  if (central.hash_at_last && *central.hash_at_last != body.last_hash)
    return wrong_history(
        fmt::format("row {} of the site's log is not the one central took in", body.last));
  return body.last <= central.head ? Action::duplicate : Action::apply;
}

}  // namespace skerry::sync
