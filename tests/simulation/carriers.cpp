// Bundles on their way: exported, lost, repeated, damaged, brought to the wrong machine.
#include <fmt/format.h>

#include "store/sites.hpp"
#include "tests/simulation/checks.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {

void World::put_in_air(sync::PackedBundle&& packed, std::size_t from, std::size_t to) {
  ++journal_.counts.bundles;
  InAir bundle{read_whole(packed.bundle.file.fd(), packed.bundle.size), packed.name, from, to,
               packed.bundle.manifest.kind == sync::BundleKind::snapshot};
  journal_.say([&] {
    return fmt::format("{} packs {} ({} lines{})", machines_[from]->name(), bundle.name,
                       packed.lines, packed.more ? ", more follows" : "");
  });
  if (from == 0) {
    const auto body = must(sync::read_state_body(packed.bundle.manifest.extra), "reading a state");
    for (const sync::Ack& ack : body.acks) bundle.acked[ack.epoch] = ack.n;
  } else {
    bundle.epoch = packed.bundle.manifest.from.epoch;
    bundle.last =
        must(sync::read_changes_body(packed.bundle.manifest.extra), "reading changes").last;
  }
  if (packed.more) journal_.happened("more follows");
  if (bundle.is_snapshot) journal_.happened("snapshot");
  if (from == 0 && rng_.percent(20)) scan_for_scope(bundle);
  air_.push_back(std::move(bundle));
}

void World::export_up(Machine& site) {
  must(sync::pack_changes(site.node(), {},
                          [&](sync::PackedBundle&& packed) -> Result<void> {
                            put_in_air(std::move(packed), site.number, 0);
                            return {};
                          }),
       "exporting up");
}

void World::export_down(std::size_t number, bool always) {
  const auto site = central().read([&](store::Connection& connection) {
    history_.note(connection);
    return *store::find_site(connection, site_id(number));
  });
  must(sync::pack_state(central().node(), site, {.always = always, .resume = {}},
                        [&](sync::PackedBundle&& packed) -> Result<void> {
                          put_in_air(std::move(packed), 0, number);
                          return {};
                        }),
       "exporting down");
}

void World::deliver_some() {
  if (air_.empty()) return;
  const std::size_t at = rng_.below(air_.size());
  const InAir bundle = air_[at];
  if (rng_.percent(swarm_.repeat_percent))
    journal_.happened("repeated");
  else
    air_.erase(air_.begin() + static_cast<std::ptrdiff_t>(at));
  if (rng_.percent(swarm_.loss_percent)) {
    journal_.happened("lost");
    return journal_.say([&] { return bundle.name + " is lost"; });
  }
  Machine& to = some_instance(bundle.to);
  if (rng_.percent(swarm_.damage_percent)) return deliver_damaged(bundle, to);
  if (rng_.percent(swarm_.misroute_percent)) {
    Machine& other = *machines_[rng_.below(machines_.size())];
    if (other.number != bundle.to) return misroute(bundle, other);
  }
  deliver(bundle, to);
}

// Whole, at the right place: taken in, or recognised; I3: taking it in again changes nothing.
void World::deliver(const InAir& bundle, Machine& to) {
  ++journal_.counts.imports;
  const bool pieces = swarm_.small_bundles;
  const auto before = to.is_central() ? std::nullopt : std::optional(stand_of(to, pieces));
  const bool was_copy = to.log->is_copy();
  // Nobody knows any more that the site lost those rows: they may be a copy's.
  const auto loss = forgotten_losses_.find(bundle.epoch);
  if (loss != forgotten_losses_.end() && bundle.last >= loss->second) doubled_.insert(bundle.from);
  const sync::ImportOutcome outcome = to.import(bundle.bytes, bundle.name);
  if (before) {
    check_taken(*before, stand_of(to, pieces), to.name(), bundle, history_);
    check_replayed(to, unshown_);
  }
  journal_.happened("import " + outcome.outcome);
  journal_.say([&] {
    return fmt::format("{} takes {}: {} {}", to.name(), bundle.name, outcome.outcome,
                       outcome.detail);
  });
  if (const json::value* removed = outcome.counts.if_contains("removed"))
    if (removed->as_int64() > 0) journal_.happened("removed at a site");
  if (outcome.error && !may_refuse(outcome.error->code))
    throw Violation("honest bundle refused", fmt::format("{} at {}: {} {}", bundle.name, to.name(),
                                                         outcome.outcome, outcome.detail));
  if (!rng_.percent(10)) return;
  // A copy that may go on is told so, and takes nothing in; as the site, it does.
  if (was_copy && !to.log->is_copy()) return;
  journal_.happened("same bundle twice");
  const Hash taken = to.digest();
  to.import(bundle.bytes, bundle.name);
  if (to.digest() != taken)
    throw Violation("I3",
                    fmt::format("{} taken in twice changed {} again", bundle.name, to.name()));
}

void World::deliver_damaged(const InAir& bundle, Machine& to) {
  Bytes bytes = bundle.bytes;
  if (rng_.percent(40)) {
    bytes.resize(rng_.below(bytes.size()));
    expect_refused(bundle, to, bytes, "cut off");
    return;
  }
  const std::size_t bit = rng_.below(bytes.size() * 8);
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << bit % 8));
  expect_refused(bundle, to, bytes, "bit flipped");
}

// H17: a site that knows the signer says whose it is; that it has no key for it is the last wall.
void World::misroute(const InAir& bundle, Machine& to) {
  const auto outcome = expect_refused(bundle, to, bundle.bytes, "brought to the wrong machine");
  const bool knows_signer = bundle.from == 0 && !to.is_central();
  if (knows_signer && (!outcome.error || outcome.error->code != Errc::wrong_recipient))
    throw Violation("H17", fmt::format("{} was not for {}, which said {}", bundle.name, to.name(),
                                       outcome.outcome));
}

sync::ImportOutcome World::expect_refused(const InAir& bundle, Machine& to, ByteView bytes,
                                          const char* why) {
  ++journal_.counts.refusals;
  journal_.happened(why);
  const Hash before = to.digest();
  sync::ImportOutcome outcome = to.import(bytes, bundle.name);
  journal_.say([&] {
    return fmt::format("{} refuses {} ({}): {}", to.name(), bundle.name, why, outcome.outcome);
  });
  if (outcome.applied())
    throw Violation("damaged bundle taken in",
                    fmt::format("{} at {}: {}", bundle.name, to.name(), why));
  if (to.digest() != before)
    throw Violation("a refusal changed something",
                    fmt::format("{} at {}: {}, {}", bundle.name, to.name(), why, outcome.outcome));
  return outcome;
}

void World::scan_for_scope(const InAir& bundle) {
  const std::string line = line_out_of_scope(central(), bundle.bytes, *machines_[bundle.to]);
  if (!line.empty())
    throw Violation("I12", fmt::format("{} tells site{} of what is not in its scope: {}",
                                       bundle.name, bundle.to, line));
}

}  // namespace skerry::sim
