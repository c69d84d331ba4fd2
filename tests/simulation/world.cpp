#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

#include "store/sites.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {

World::World(std::uint64_t seed, bool verbose)
    : seed_(seed), verbose_(verbose), rng_(seed), folder_(scratch_folder()) {
  draw_swarm();
  for (std::size_t number = 0; number <= swarm_.sites; ++number)
    machines_.push_back(std::make_unique<Machine>(number, folder_ / std::to_string(number),
                                                  template_of(number), now_, rng_.next()));
  cursors_.resize(machines_.size());
  furnish();
}

World::~World() {
  machines_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::draw_swarm() {
  swarm_.sites = 2 + rng_.below(sites_max - 1);
  swarm_.steps = 60 + rng_.below(90);
  swarm_.loss_percent = static_cast<unsigned>(rng_.below(4) * 10);
  swarm_.repeat_percent = static_cast<unsigned>(rng_.below(4) * 20);
  swarm_.damage_percent = static_cast<unsigned>(rng_.below(3) * 8);
  swarm_.misroute_percent = static_cast<unsigned>(rng_.below(3) * 4);
  swarm_.delete_percent = static_cast<unsigned>(rng_.below(4) * 6);
  swarm_.move_percent = static_cast<unsigned>(rng_.below(3) * 5);
  swarm_.skewed_clocks = rng_.percent(70);
  swarm_.restarts = rng_.percent(50);
  swarm_.small_bundles = rng_.percent(35);
  swarm_.small_palette = rng_.percent(50);
  swarm_.scope_flips = rng_.percent(50);
}

// A few customers at central, what each site may see, whose clock is wrong.
void World::furnish() {
  for (auto& machine : machines_) {
    if (swarm_.small_bundles) machine->options.limits.lines_max = 24 + rng_.below(12);
    constexpr std::array<std::int64_t, 7> skews_s{0, 0, 0, -1'000'000, 1'000'000, -50, 50};
    if (swarm_.skewed_clocks && !machine->is_central())
      machine->clock.skew_ms = skews_s[rng_.below(skews_s.size())] * 1000;
  }
  for (int i = 0; i < 4; ++i) create_record(central());
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
  say(fmt::format("site{} sees {}", number, json::serialize(scope)));
}

void World::say(const std::string& text) {
  if (verbose_) fmt::print("  {} {}\n", now_ / 1000, text);
}

void World::run() {
  for (std::size_t i = 0; i < swarm_.steps; ++i) {
    step();
    note_cursors();
  }
}

void World::step() {
  now_ += rng_.between(1, 30) * 1000;
  Machine& site = *machines_[1 + rng_.below(swarm_.sites)];
  const std::size_t dice = rng_.below(100);
  if (dice < 34) return write_somewhere(site);
  if (dice < 48) return write_somewhere(central());
  if (dice < 60) return export_up(site);
  if (dice < 71) return export_down(site.number, rng_.percent(20));
  if (dice < 94) return deliver_some();
  if (dice < 96 && swarm_.restarts) {
    Machine& machine = rng_.percent(30) ? central() : site;
    say(machine.name() + " restarts");
    return machine.restart();
  }
  if (dice < 97 && swarm_.scope_flips) return flip_scope(site.number);
  if (dice < 98 && swarm_.skewed_clocks) {
    site.clock.skew_ms = rng_.between(-1'000'000, 1'000'000) * 1000;
    return say(fmt::format("{}'s clock is {} s off", site.name(), site.clock.skew_ms / 1000));
  }
  resolve_conflict(rng_.percent(40) ? central() : site);
}

void World::settle() {
  air_.clear();
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
    if (all_agree(*this)) return say(fmt::format("settled after {} exchanges", round));
  }
  say("not settled");
}

void World::check() {
  check_views(*this);
  check_ledger(*this);
  check_chains(*this);
  check_against_oracle(*this);
}

void World::note_cursors() {
  for (std::size_t number = 1; number <= swarm_.sites; ++number) {
    const auto upstream = site(number).read(
        [](store::Connection& connection) { return *store::read_upstream(connection); });
    const auto known = central().read([&](store::Connection& connection) {
      return *store::find_site(connection, site_id(number));
    });
    Cursor& cursor = cursors_[number];
    if (upstream.n < cursor.n || upstream.acked < cursor.acked || known.down.at.n < cursor.down)
      throw Violation("I5", fmt::format("a cursor of site{} went down: n {} → {}, acked {} → {}, "
                                        "reported {} → {}",
                                        number, cursor.n, upstream.n, cursor.acked, upstream.acked,
                                        cursor.down, known.down.at.n));
    if (known.down.at.n > upstream.n)
      throw Violation("I5", fmt::format("central believes that site{} holds {}, it holds {}",
                                        number, known.down.at.n, upstream.n));
    cursor = {upstream.n, upstream.acked, known.down.at.n};
  }
}

}  // namespace skerry::sim
