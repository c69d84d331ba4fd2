#include "sync/recall.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/own_epochs.hpp"
#include "store/trust.hpp"
#include "sync/engine.hpp"
#include "sync/new_life.hpp"
#include "sync/renew_epoch.hpp"

namespace skerry::sync {
namespace {

using store::Anchor;
using store::Connection;
using store::OwnEpoch;

constexpr std::string_view anchored_key = "anchored";
constexpr std::string_view restored_key = "restored";  // the epoch to begin
constexpr std::string_view harmless_key = "restored_harmless";

const OwnEpoch* find_anchored(const std::vector<OwnEpoch>& epochs, const Anchor& anchor) {
  const auto found = std::find_if(epochs.begin(), epochs.end(), [&](const OwnEpoch& epoch) {
    return epoch.epoch == anchor.epoch;
  });
  return found == epochs.end() ? nullptr : &*found;
}

AnchorKnowledge knowledge(Connection& connection, const std::vector<OwnEpoch>& epochs,
                          std::optional<Anchor> anchor, const store::MachinePrint& machine) {
  AnchorKnowledge known;
  known.anchor = std::move(anchor);
  known.expected = store::read_meta(connection, anchored_key).has_value();
  if (const auto identity = store::read_identity(connection)) known.site = identity->id;
  if (!epochs.empty()) known.origin = epochs.front().epoch;
  known.machine = machine;
  if (!known.anchor) return known;
  const OwnEpoch* epoch = find_anchored(epochs, *known.anchor);
  known.knows_epoch = epoch != nullptr;
  if (!epoch) return known;
  // An anchor that could not be written for long may name a row that was pruned since.
  const bool pruned = known.anchor->seq < epoch->first - 1;
  known.hash_at_anchor =
      pruned ? known.anchor->hash : store::own_hash_at(connection, epoch->log, known.anchor->seq);
  return known;
}

// The rows that the anchor knows of and the database does not.
std::optional<LostRows> lost_rows(const std::vector<OwnEpoch>& epochs, const Anchor& anchor) {
  const OwnEpoch* epoch = find_anchored(epochs, anchor);
  const std::int64_t first = epoch ? epoch->end + 1 : 1;
  if (first > anchor.seq) return std::nullopt;
  return LostRows{anchor.epoch, first, anchor.seq};
}

// What mark_restored() left.
struct Restored {
  EpochId next;
  bool harmless = false;
};

void renew(Connection& connection, const Node& node, const std::vector<OwnEpoch>& epochs,
           AnchorVerdict verdict, const std::optional<Anchor>& anchor,
           const std::optional<LostRows>& lost, const std::optional<Restored>& restored) {
  Renewal renewal{why::no_anchor, epochs.size() - 1, epochs.back().end, {}, {}};
  std::optional<EpochId> previous;
  if (verdict == AnchorVerdict::moved) renewal.why = why::moved;
  if (verdict == AnchorVerdict::ahead) {
    renewal.why = why::behind_anchor;
    renewal.lost = lost;
    if (!find_anchored(epochs, *anchor)) previous = anchor->epoch;
  }
  std::optional<EpochId> next;
  if (restored) {
    renewal.why = why::restored;
    next = restored->next;
  }
  renew_epoch(connection, node.log, node.random, renewal, previous, next);
}

// Once.
std::optional<Restored> take_restored(Connection& connection) {
  const auto text = store::read_meta(connection, restored_key);
  const auto next = text ? parse_id<EpochId>(*text) : std::nullopt;
  const bool harmless = store::read_meta(connection, harmless_key).has_value();
  connection.execute("DELETE FROM meta WHERE key IN (?1,?2)", restored_key, harmless_key);
  if (!next) return std::nullopt;
  return Restored{*next, harmless};
}

tl::unexpected<Error> another_machines() {
  return fail(Errc::bad_config, "the anchor belongs to another machine",
              "give each data folder an anchor of its own: [anchor] folder in skerry.toml");
}

std::string describe(AnchorVerdict verdict, bool restored, Role role) {
  const std::string_view began =
      role == Role::site ? "this site's log goes on in a new epoch" : "central began a new life";
  if (restored) return fmt::format("the machine was put back from a backup: {}", began);
  switch (verdict) {
    case AnchorVerdict::ahead:
      return fmt::format("the database is older than the anchor, as after a restore: {}", began);
    case AnchorVerdict::absent:
      return fmt::format("the anchor is gone, as after a restore or a copy: {}", began);
    case AnchorVerdict::moved:
      return fmt::format("the database was moved to another machine: {}", began);
    default:
      return {};
  }
}

}  // namespace

AnchorVerdict judge_anchor(const AnchorKnowledge& known) {
  if (!known.anchor) return known.expected ? AnchorVerdict::absent : AnchorVerdict::first;
  const Anchor& anchor = *known.anchor;
  if (!known.knows_epoch)
    return store::is_anothers(anchor, known.site, known.origin) ? AnchorVerdict::foreign
                                                                : AnchorVerdict::ahead;
  if (known.hash_at_anchor != anchor.hash) return AnchorVerdict::ahead;
  return store::is_other_machine(anchor.machine, known.machine) ? AnchorVerdict::moved
                                                                : AnchorVerdict::fits;
}

Result<void> check_anchor(Connection& connection, const Anchor& anchor) {
  const auto known = knowledge(connection, store::read_own_epochs(connection), anchor, {});
  if (judge_anchor(known) == AnchorVerdict::foreign) return another_machines();
  return {};
}

void mark_restored(Connection& connection, const EpochId& next, bool harmless) {
  store::write_meta(connection, restored_key, to_string(next));
  if (harmless) store::write_meta(connection, harmless_key, "1");
}

Result<std::string> recall(const Node& node, const store::AnchorFile& file,
                           const store::MachinePrint& machine) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  const std::optional<Anchor> anchor = file.read();
  auto work = [&](Connection& connection) -> Result<std::string> {
    const std::vector<OwnEpoch> epochs = store::read_own_epochs(connection);
    const AnchorVerdict verdict = judge_anchor(knowledge(connection, epochs, anchor, machine));
    if (verdict == AnchorVerdict::foreign) return another_machines();
    store::write_meta(connection, anchored_key, "1");
    if (anchor && anchor->trust > store::trust_seen(connection))
      store::note_trust_seen(connection, node.log, anchor->trust);
    const std::optional<Restored> restored = take_restored(connection);
    const bool lost_memory = restored || verdict == AnchorVerdict::ahead ||
                             (identity.role == Role::site && (verdict == AnchorVerdict::absent ||
                                                              verdict == AnchorVerdict::moved));
    if (!lost_memory || node.log.is_copy()) return std::string();
    std::optional<LostRows> lost;
    if (anchor && !(restored && restored->harmless)) lost = lost_rows(epochs, *anchor);
    if (identity.role == Role::site)
      renew(connection, node, epochs, verdict, anchor, lost, restored);
    else
      begin_life(connection, node.log, node.random, anchor ? anchor->ord : 0,
                 restored ? why::restored : why::behind_anchor, lost);
    return describe(verdict, restored.has_value(), identity.role);
  };
  return node.database.write(work);
}

}  // namespace skerry::sync
