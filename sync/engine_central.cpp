#include <algorithm>
#include <fmt/format.h>

#include "sync/engine.hpp"

namespace skerry::sync {
namespace {

ChangesVerdict refuse(ChangesVerdict verdict, Errc code, std::string detail, std::string next) {
  verdict.action = Action::refuse;
  verdict.refusal.emplace(code, std::move(detail), std::move(next));
  return verdict;
}

// "You know my future", or another past: the site holds rows that this central never gave it, so
// central lost memory.
bool knows_our_future(const CentralKnowledge& central, const DownPosition& down) {
  if (down.life.ord != central.life.ord) return down.life.ord > central.life.ord;
  if (down.life != central.life) return true;  // two lives of one second
  return down.n > central.n || (down.n > 0 && central.hash_at_down != down.hash);
}

bool is_active(const std::optional<EpochKnowledge>& epoch) {
  return epoch && epoch->standing == Standing::active;
}

// The row that the epoch goes on behind was taken in here.
bool has_parent(const CentralKnowledge& central, const ChangesBody& body) {
  if (!body.parent || body.parent->seq == 0) return true;
  return central.parent && central.hash_at_parent == body.parent->hash;
}

// Its parent's rows were only kept: nothing that the sender has would bring them in.
bool follows_a_copy(const CentralKnowledge& central, const ChangesBody& body) {
  return central.parent && central.parent->standing == Standing::fenced && body.parent->seq > 0;
}

ChangesVerdict needs_parent(ChangesVerdict verdict, const ChangesBody& body) {
  return refuse(std::move(verdict), Errc::bundle_gap,
                fmt::format("the bundle goes on behind row {} of the site's epoch {}, which "
                            "central did not take in",
                            body.parent->seq, to_string(body.parent->epoch)),
                "import the site's bundles of that epoch first, or run an exchange");
}

// A piece of another branch whose beginning came in an earlier one: kept as that was.
bool is_behind_fork(const CentralKnowledge& central, const ChangesBody& body) {
  return central.epoch && central.epoch->fork_at && body.first > *central.epoch->fork_at + 1;
}

// An epoch that is known, and no copy's.
ChangesVerdict judge_rows(const CentralKnowledge& central, const ChangesBody& body,
                          ChangesVerdict verdict) {
  const std::int64_t head = central.epoch ? central.epoch->head : 0;
  if (head == 0 && !has_parent(central, body)) return needs_parent(std::move(verdict), body);
  if (body.first > head + 1)
    return refuse(
        std::move(verdict), Errc::bundle_gap,
        fmt::format("the bundle begins with row {}, central needs from {}", body.first, head + 1),
        fmt::format("at the site: skerry bundle export --from {}", head + 1));
  if (central.hash_before != body.prev_hash && is_behind_fork(central, body)) {
    verdict.action = Action::quarantine;
    return verdict;
  }
  if (central.hash_before != body.prev_hash)
    return refuse(std::move(verdict), Errc::bundle_gap,
                  fmt::format("row {} of the site's log is not the one central took in: where the "
                              "two part is in an earlier bundle",
                              body.first - 1),
                  "import the site's earlier bundles first, or run an exchange");
  const bool known = body.last <= head;
  verdict.action = known && (body.last < body.first || central.hash_at_last == body.last_hash)
                       ? Action::duplicate
                       : Action::apply;
  return verdict;
}

// An epoch never heard of: the next one of the site's line, one of its past that central lost, or a
// copy's.
ChangesVerdict judge_stranger(const CentralKnowledge& central, const ChangesBody& body,
                              ChangesVerdict verdict) {
  verdict.copy = verdict.copy || follows_a_copy(central, body);
  verdict.fence = verdict.copy;
  if (!verdict.copy && !is_active(central.current)) {
    const auto may_follow = [](const std::optional<EpochKnowledge>& epoch) {
      return epoch &&
             (epoch->standing == Standing::active || epoch->standing == Standing::authorised);
    };
    const bool follows = central.expects_any || may_follow(central.previous) ||
                         (body.parent && may_follow(central.parent));
    if (!has_parent(central, body)) {
      // A site that withholds its rows (pack_changes) is to be answered all the same.
      if (!follows || body.last >= body.first) return needs_parent(std::move(verdict), body);
      verdict.action = Action::report;
      return verdict;
    }
    verdict.activate = follows;
    verdict.fence = !follows;
    verdict.copy = verdict.fence && !body.current;
  }
  if (!verdict.fence) return judge_rows(central, body, std::move(verdict));
  verdict.action = Action::quarantine;
  return verdict;
}

// Its sender was the site once, and knows of no other.
bool is_of_past(const CentralKnowledge& central, const ChangesBody& body) {
  const auto& sender = body.current ? central.current : central.epoch;
  return sender && sender->standing == Standing::past && !body.by_copy;
}

// The bundles of two epochs lie on one stick, and come in any order. What the site wrote before it
// went on in another epoch reports no more of central's log than there was when central heard of
// that (more than it held behind it, when it was put back). A copy that goes on in the old one is
// told more, and that it is a copy.
bool may_be_late(const CentralKnowledge& central, const ChangesBody& body) {
  if (!is_of_past(central, body)) return false;
  return !body.down || body.down->life != central.life || body.down->n <= central.began_n;
}

// What the site wrote before it was put back, and said since that it has no more (SYNC H22): it
// held more of central's log then than after. A machine that goes on there by itself writes other
// rows, or is told that it is a copy.
bool was_on_its_way(const CentralKnowledge& central, const ChangesBody& body) {
  return central.site_lost_last && is_of_past(central, body);
}

}  // namespace

std::int64_t next_ord(std::int64_t now_seconds, std::int64_t own, std::int64_t known) {
  return std::max({now_seconds, own + 1, known + 1});
}

ChangesVerdict judge_changes(const CentralKnowledge& central, const ChangesBody& body) {
  ChangesVerdict verdict;
  if (body.down && knows_our_future(central, *body.down)) {
    if (body.down->life.ord > std::max(ord_claimed_max, central.life.ord))
      return refuse({}, Errc::wrong_history, "the site names a life of central that cannot be",
                    "do not use the bundle; ask its sender");
    verdict.life_after = body.down->life.ord;
  }
  const auto& sender = body.current ? central.current : central.epoch;
  verdict.copy = sender && sender->standing != Standing::active;
  // One that is known by its name alone may be a copy's all the same.
  const bool unheard =
      !central.epoch || (central.epoch->standing == Standing::past && central.epoch->head == 0 &&
                         follows_a_copy(central, body));
  if (unheard) {
    verdict = judge_stranger(central, body, std::move(verdict));
  } else if (central.epoch->fenced) {
    verdict.action = Action::quarantine;
  } else {
    verdict = judge_rows(central, body, std::move(verdict));
    const bool brings_nothing = verdict.action == Action::duplicate && may_be_late(central, body);
    verdict.late = verdict.copy && was_on_its_way(central, body);
    if (brings_nothing || verdict.late) verdict.copy = false;
  }
  const std::int64_t head = central.epoch ? central.epoch->head : 0;
  verdict.behind = !body.current && is_active(central.epoch) && body.head < head;
  verdict.report =
      !body.current && verdict.action != Action::refuse && !verdict.behind &&
      (verdict.activate || verdict.action == Action::report || is_active(central.epoch));
  return verdict;
}

}  // namespace skerry::sync
