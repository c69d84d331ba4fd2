// What machines forget: databases put back from backups, with the anchor or without; whole machines
// rolled back; clones; disks in other machines; central restored, and it knows it or not.
#include <fmt/format.h>

#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/quarantine.hpp"
#include "sync/copies.hpp"
#include "sync/new_life.hpp"
#include "tests/simulation/checks.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

std::set<EpochId> own_epochs(Machine& machine) {
  return machine.read([](store::Connection& connection) {
    std::set<EpochId> epochs;
    for (const store::OwnEpoch& own : store::read_own_epochs(connection)) epochs.insert(own.epoch);
    return epochs;
  });
}

// What it knows to be lost of its own log, from which row on.
std::map<EpochId, std::int64_t> known_losses(Machine& machine) {
  return machine.read([](store::Connection& connection) {
    std::map<EpochId, std::int64_t> losses;
    for (const store::LostRange& range : store::list_lost(connection))
      if (!range.told) losses.emplace(range.epoch, range.first);
    return losses;
  });
}

}  // namespace

Disasters draw_disasters(Rng& fate, bool often) {
  Disasters disasters;
  if (!often && !fate.percent(50)) return disasters;
  disasters.site_restores = fate.percent(50);
  disasters.rollbacks = fate.percent(40);
  disasters.clones = fate.percent(30);
  disasters.relocations = fate.percent(25);
  disasters.central_restores = fate.percent(40);
  if (often && !disasters.any()) disasters = {true, true, true, true, true};
  if (often) disasters.strikes_percent = 25;
  return disasters;
}

std::vector<Machine*> World::instances(std::size_t number) {
  std::vector<Machine*> found{machines_[number].get()};
  for (const auto& clone : clones_)
    if (clone->number == number) found.push_back(clone.get());
  return found;
}

Machine& World::some_instance(std::size_t number) {
  const auto all = instances(number);
  return all.size() == 1 ? *all.front() : *all[fate_.below(all.size())];
}

Machine* World::active_instance(std::size_t number) {
  const auto known = central().read([&](store::Connection& connection) {
    return *store::find_site(connection, site_id(number));
  });
  for (Machine* machine : instances(number))
    if (!machine->log->is_copy() && (!known.epoch || known.epoch == machine->log->own().epoch))
      return machine;
  return nullptr;
}

// What was known before may be refused by who forgot it, and by who does not stand there.
bool World::may_refuse(Errc code) const {
  if (code == Errc::bundle_gap) return true;
  // Of two packings in pieces, the older does not know where a piece of the newer led the site.
  if (code == Errc::wrong_history && swarm_.small_bundles) return true;
  return disasters_.any() && (code == Errc::wrong_history || code == Errc::read_only_copy);
}

void World::restore(Machine& machine, bool with_anchor) {
  const auto backup = backups_.find(&machine);
  if (backup == backups_.end()) return;
  journal_.say([&] {
    return fmt::format("{} is put back{}", machine.name(), with_anchor ? ", its anchor too" : "");
  });
  journal_.happened(machine.is_central() ? "central put back"
                    : with_anchor        ? "machine put back"
                                         : "database put back");
  std::set<EpochId> before = own_epochs(machine);
  auto losses = known_losses(machine);
  const store::LogHead head = machine.log->own();
  machine.put_back(backup->second, with_anchor);
  if (!machine.is_central()) {
    // Its next epoch names the last one it was in. What comes late of another that it forgot cannot
    // be told from what a copy wrote.
    std::size_t& forgotten = forgotten_[machine.number];
    for (const EpochId& epoch : own_epochs(machine)) before.erase(epoch);
    forgotten += before.size();
    if (with_anchor || forgotten > 1) doubled_.insert(machine.number);
    for (const auto& loss : known_losses(machine)) losses.erase(loss.first);
    forgotten_losses_.merge(losses);
  }
  cursors_.erase(&machine);
  const store::Reader reader = machine.database->read();
  const bool forgot = head.seq > 0 && !has_row(*reader, {head.epoch, head.seq, head.hash});
  if (forgot && !with_anchor && machine.log->own().epoch == head.epoch && !machine.log->is_copy())
    throw Violation("H1", machine.name() + " writes on behind rows that its anchor knows");
  std::erase_if(machine.acknowledged, [&](const Acknowledged& row) {
    if (has_row(*reader, row)) return false;
    if (!machine.is_central()) destroyed_.insert(store::uid_of_hash(row.hash));
    return true;
  });
}

// Now and then twice, as when the first backup was the wrong one, which shows when somebody works
// with it: what left in between is of an epoch that the machine knows by its anchor alone, and lies
// on one stick with what it packs now.
void World::restore_database(Machine& site) {
  restore(site, false);
  if (!restores_again_ || !again_.percent(60)) return;
  Person{site, again_, swarm_, journal_}.act();
  export_up(site);
  restore(site, false);
  export_up(site);
}

void World::clone(Machine& machine) {
  if (instances(machine.number).size() > 2) return;
  const bool with_anchor = fate_.percent(50);
  Image image = machine.image();
  if (!with_anchor) image.anchor.clear();
  journal_.say([&] {
    return fmt::format("{} is cloned{}", machine.name(), with_anchor ? ", its anchor too" : "");
  });
  journal_.happened("cloned");
  doubled_.insert(machine.number);
  const std::string folder = fmt::format("{}-clone{}", machine.number, clones_.size());
  auto twin =
      std::make_unique<Machine>(machine.number, folder_ / folder, image, now_, fate_.next());
  twin->options = machine.options;
  twin->acknowledged = machine.acknowledged;
  clones_.push_back(std::move(twin));
}

// One disaster now and then, or the backup it needs.
bool World::strike() {
  if (!disasters_.any() || !fate_.percent(disasters_.strikes_percent)) return false;
  Machine& site = some_instance(1 + fate_.below(swarm_.sites));
  const unsigned needs_backups = disasters_.site_restores || disasters_.rollbacks ? 2 : 0;
  switch (fate_.weighted({needs_backups, disasters_.site_restores, disasters_.rollbacks,
                          disasters_.clones, disasters_.relocations,
                          disasters_.central_restores ? 2U : 0U, disasters_.central_restores})) {
    case 0:
      backups_[&site] = site.image();
      break;
    case 1:
      restore_database(site);
      break;
    case 2:
      restore(site, true);
      break;
    case 3:
      clone(site);
      break;
    case 4:
      journal_.happened("relocated");
      site.print.board = fmt::format("board {}", fate_.below(1000));
      journal_.say([&] { return site.name() + " moves to another machine"; });
      site.restart();
      break;
    case 5:
      backups_[&central()] = central().image();
      break;
    default:
      restore(central(), fate_.percent(50));
  }
  return true;
}

// Where nobody is the site, the copy last heard of goes on; what copies wrote is taken in.
void World::administrate() {
  const store::Author admin{"uid:0", "api", "sim"};
  for (std::size_t number = 1; number <= swarm_.sites; ++number) {
    if (!active_instance(number) &&
        sync::reauthorise_copy(central().node(), site_id(number), {}, admin))
      journal_.say([&] { return fmt::format("central lets a copy of site{} go on", number); });
    if (!fate_.percent(40)) continue;
    const auto adopted = sync::adopt_rows(central().node(), site_id(number), {}, admin);
    if (adopted)
      journal_.say([&] {
        return fmt::format("central adopts {} rows of site{}", adopted->counts.rows, number);
      });
  }
}

// And once more, when all was well: an old backup of central over a life that everybody knows.
void World::settle_after_disasters() {
  exchange_until_agreed();
  if (!restores_again_ || !disasters_.central_restores) return;
  restore(central(), fate_.percent(50));
  exchange_until_agreed();
}

void World::exchange_until_agreed() {
  constexpr int exchanges_max = 16;
  for (int round = 1; round <= exchanges_max; ++round) {
    for (std::size_t number = 1; number <= swarm_.sites; ++number) {
      // Its people know that central was put back when a site said so.
      const bool told = central().read([&](store::Connection& connection) {
        return sync::tellers_of_lives(connection).contains(site_id(number));
      });
      if (told)
        must(sync::reauthorise_copy(central().node(), site_id(number), {}, {"uid:0", "api", "sim"}),
             "believing a site");
      // Machines of one name look alike to central: each has its answer before the next one speaks.
      for (Machine* site : instances(number)) {
        now_ += 1000;
        export_up(*site);
        for (const InAir& bundle : std::exchange(air_, {})) deliver(bundle, central());
        now_ += 1000;
        export_down(number, true);
        for (const InAir& bundle : std::exchange(air_, {})) deliver(bundle, *site);
      }
    }
    note_cursors();
    check_copies(*this);
    if (all_agree(*this))
      return journal_.say([&] { return fmt::format("settled after {} exchanges", round); });
    if (round % 4 == 3) administrate();
  }
  journal_.say([] { return "not settled"; });
}

}  // namespace skerry::sim
