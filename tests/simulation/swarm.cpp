#include "tests/simulation/swarm.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/machine.hpp"

namespace skerry::sim {
namespace {

// Many short runs, few long ones: most defects need few steps, and a short run costs little.
std::size_t draw_steps(Rng& rng) {
  const std::size_t dice = rng.below(100);
  if (dice < 65) return 15 + rng.below(35);
  if (dice < 93) return 50 + rng.below(60);
  return 110 + rng.below(140);
}

std::size_t draw_sites(Rng& rng) {
  const std::size_t dice = rng.below(100);
  if (dice < 30) return 1;
  if (dice < 85) return 2;
  return 3 + rng.below(2);
}

std::vector<std::size_t> draw_fields(Rng& rng, const Kind& kind) {
  std::vector<std::size_t> fields(kind.fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i] = i;
  for (std::size_t i = fields.size(); i > 1; --i) std::swap(fields[i - 1], fields[rng.below(i)]);
  if (rng.percent(70)) fields.resize(1 + rng.below(fields.size()));
  return fields;
}

// A fleet now and then, with steps for all.
void draw_fleet(Swarm& swarm, Rng& rng) {
  if (!rng.percent(3)) return;
  swarm.sites = 5 + rng.below(sites_max - 4);
  swarm.steps = std::max(swarm.steps, swarm.sites * 15);
}

}  // namespace

Swarm draw_swarm(Rng& rng, Rng& more) {
  Swarm swarm;
  swarm.sites = draw_sites(rng);
  swarm.steps = draw_steps(rng);
  swarm.loss_percent = static_cast<unsigned>(rng.below(4) * 10);
  swarm.repeat_percent = static_cast<unsigned>(rng.below(4) * 20);
  swarm.damage_percent = static_cast<unsigned>(rng.below(3) * 6);
  swarm.misroute_percent = static_cast<unsigned>(rng.below(3) * 4);
  swarm.skewed_clocks = rng.percent(70);
  swarm.restarts = rng.percent(40);
  swarm.scope_flips = rng.percent(40);
  swarm.small_bundles = rng.percent(35);
  swarm.palette = rng.percent(50) ? 1000 : 2 + rng.below(3);
  for (const unsigned weight : act_weights) {
    constexpr std::array<unsigned, 4> factors{0, 1, 1, 3};
    swarm.acts.push_back(weight * factors[rng.below(factors.size())]);
  }
  for (const Act always : {Act::create, Act::change})
    swarm.acts[static_cast<std::size_t>(always)] += act_weights[static_cast<std::size_t>(always)];
  const bool few_kinds = rng.percent(50);
  for (const Kind& kind : all_kinds()) {
    const bool written = kind.is_written() && !(few_kinds && rng.percent(60));
    swarm.kinds.push_back(written ? 1 + static_cast<unsigned>(rng.below(3)) : 0);
    swarm.fields.push_back(draw_fields(rng, kind));
  }
  ++swarm.kinds.front();  // never none at all
  draw_fleet(swarm, more);
  swarm.oversteps = more.percent(30);
  swarm.tiny_bundles = more.percent(12);
  swarm.small_bundles = swarm.small_bundles || swarm.tiny_bundles;
  if (more.percent(25)) swarm.together_percent = 40;
  return swarm;
}

}  // namespace skerry::sim
