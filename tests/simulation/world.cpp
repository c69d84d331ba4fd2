#include "tests/simulation/world.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/sha256.hpp"
#include "store/own_epochs.hpp"
#include "store/sites.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {

World::World(std::uint64_t seed, Manner manner)
    : rng_(seed),
      more_(seed ^ 0x6a09e667U),
      swarm_(draw_swarm(rng_, more_)),
      journal_(now_, manner.aloud),
      folder_(scratch_folder()),
      fate_(seed ^ 0x5deece66dU),
      disasters_(draw_disasters(fate_, manner.disasters)),
      again_(seed ^ 0x510e527fU),
      restores_again_(again_.percent(50)),
      keeping_(seed ^ 0x2545f491U),
      keeps_house_(keeping_.percent(40)) {
  for (std::size_t number = 0; number <= swarm_.sites; ++number)
    machines_.push_back(std::make_unique<Machine>(number, folder_ / std::to_string(number),
                                                  template_of(number), now_, rng_.next()));
  furnish();
}

World::~World() {
  clones_.clear();
  machines_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// A few records at central, and whose clock is wrong.
void World::furnish() {
  for (auto& machine : machines_) {
    std::uint64_t& lines_max = machine->options.limits.lines_max;
    if (swarm_.tiny_bundles)
      lines_max = 4 + more_.below(8);
    else if (swarm_.small_bundles)
      lines_max = 24 + rng_.below(12);
    constexpr std::array<std::int64_t, 7> skews_s{0, 0, 0, -1'000'000, 1'000'000, -50, 50};
    if (swarm_.skewed_clocks && !machine->is_central())
      machine->clock.skew_ms = skews_s[rng_.below(skews_s.size())] * 1000;
  }
  for (int i = 0; i < 4; ++i) person(central()).create(all_kinds().front());
  for (const Kind& kind : all_kinds())
    for (std::size_t i = rng_.below(kind.is_written() ? 3 : 1); i > 0; --i)
      person(central()).create(kind);
  for (std::size_t number = 1; number <= swarm_.sites; ++number)
    if (rng_.percent(50)) flip_scope(number);
}

// Half of the customers that are there; now and then all of them.
void World::flip_scope(std::size_t number) {
  json::array customers;
  central().read([&](store::Connection& connection) {
    auto cursor = connection.query("SELECT id FROM customer ORDER BY id");
    while (cursor.next())
      if (rng_.percent(50)) customers.push_back(json::string(to_string(cursor.id<RecordId>(0))));
  });
  const json::value scope = rng_.percent(15) ? json::value("all") : json::value(customers);
  must(set_scope(central(), number, scope), "changing a scope");
  journal_.happened("scope set");
  journal_.say([&] { return fmt::format("site{} sees {}", number, json::serialize(scope)); });
}

void World::run() {
  for (std::size_t i = 0; i < swarm_.steps; ++i) {
    step();
    if (keeps_house_) keep_house();
    if (swarm_.oversteps && more_.percent(10)) overstep(site(1 + more_.below(sites())));
    note_cursors();
    check_copies(*this);
    if (rng_.percent(4)) check_derived(*machines_[rng_.below(machines_.size())]);
    check_allocations(central());
  }
}

void World::step() {
  now_ += rng_.between(1, 30) * 1000;
  Machine& site = some_instance(1 + rng_.below(swarm_.sites));
  if (strike()) return;
  const std::size_t dice = rng_.below(100);
  if (dice < 34) return person(site).act();
  if (dice < 48) return person(central()).act();
  if (dice < 60) return export_up(site);
  if (dice < 71) return export_down(site.number, rng_.percent(20));
  if (dice < 94) return deliver_some();
  if (dice < 96 && swarm_.restarts) {
    Machine& machine = rng_.percent(30) ? central() : site;
    journal_.happened("restart");
    journal_.say([&] { return machine.name() + " restarts"; });
    return machine.restart();
  }
  if (swarm_.scope_flips && rng_.percent(50)) return flip_scope(site.number);
  if (!swarm_.skewed_clocks) return person(site).act();
  site.clock.skew_ms = rng_.between(-1'000'000, 1'000'000) * 1000;
  journal_.happened("clock set");
  journal_.say([&] {
    return fmt::format("{}'s clock is {} s off", site.name(), site.clock.skew_ms / 1000);
  });
}

void World::settle() {
  air_.clear();
  if (disasters_.any()) return settle_after_disasters();
  constexpr int exchanges_max = 4;
  for (int round = 1; round <= exchanges_max; ++round) {
    for (std::size_t number = 1; number <= swarm_.sites; ++number) {
      now_ += 1000;
      export_up(site(number));
      for (const InAir& bundle : std::exchange(air_, {})) deliver(bundle, central());
    }
    for (std::size_t number = 1; number <= swarm_.sites; ++number) {
      now_ += 1000;
      export_down(number, true);
      for (const InAir& bundle : std::exchange(air_, {})) deliver(bundle, site(number));
    }
    note_cursors();
    if (all_agree(*this))
      return journal_.say([&] { return fmt::format("settled after {} exchanges", round); });
  }
  journal_.say([] { return "not settled"; });
}

void World::check() {
  check_copies(*this);
  check_views(*this);
  if (disasters_.any()) {
    check_changes_kept(*this);
  } else {
    check_ledger(*this);
  }
  check_chains(*this);
  check_derived(*this);
  check_against_oracle(*this);
  count_outcomes(*this);
}

Hash World::digest() {
  crypto::Sha256 hash;
  for (auto& machine : machines_) hash.update(machine->digest());
  return hash.finish();
}

void World::note_cursors() {
  for (std::size_t number = 1; number <= swarm_.sites; ++number)
    for (Machine* machine : instances(number)) note_cursors_of(*machine);
}

void World::note_cursors_of(Machine& machine) {
  const auto [upstream, own] = machine.read([](store::Connection& connection) {
    return std::pair(*store::read_upstream(connection), store::read_own_epochs(connection).back());
  });
  if (upstream.differs && !spoilt_.contains(&machine))
    throw Violation("digest", machine.name() + " finds a difference where there is none");
  Cursor now{upstream.life.ord, upstream.n, own.epoch, own.acked, 0};
  Cursor& before = cursors_[&machine];
  const bool same_life = now.ord == before.ord;
  if (same_life && (now.n < before.n || (now.epoch == before.epoch && now.acked < before.acked)))
    throw Violation("I5", fmt::format("a cursor of {} went down: n {} → {}, acked {} → {}",
                                      machine.name(), before.n, now.n, before.acked, now.acked));
  if (!disasters_.any()) {
    const auto known = central().read([&](store::Connection& connection) {
      return *store::find_site(connection, site_id(machine.number));
    });
    now.down = known.down.at.n;
    if (now.down > upstream.n)
      throw Violation("I5", fmt::format("central believes that {} holds {}, it holds {}",
                                        machine.name(), now.down, upstream.n));
  }
  before = now;
}

}  // namespace skerry::sim
