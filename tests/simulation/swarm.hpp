// The shape of one run, drawn once (swarm testing: Groce et al. 2012): some runs have many faults
// of one kind and none of another, write a few kinds only, or meet in a few fields.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "core/kinds/kinds.hpp"
#include "tests/simulation/rng.hpp"

namespace skerry::sim {

// What a person does (person.cpp), and how often in a hundred where everything is ordinary.
enum class Act {
  create,
  change,
  remove,
  remove_whole,  // with its dependants
  archive,
  disable,
  scrap,
  move_many,
  define,  // a custom field
  resolve,
};
inline constexpr std::array<unsigned, 10> act_weights{26, 30, 6, 3, 5, 2, 4, 6, 6, 12};

struct Swarm {
  std::size_t sites = 2;
  std::size_t steps = 50;
  unsigned loss_percent = 10;
  unsigned repeat_percent = 25;
  unsigned damage_percent = 10;
  unsigned misroute_percent = 4;
  bool skewed_clocks = true;
  bool restarts = true;
  bool scope_flips = false;       // what sites see changes
  bool small_bundles = false;     // pieces of a few lines
  bool tiny_bundles = false;      // and fewer still
  bool oversteps = false;         // sites write what is central's
  unsigned together_percent = 0;  // of the changes: several records at once, all or none
  std::size_t palette = 1000;     // different values of a field
  std::vector<unsigned> acts;     // weight of each Act
  std::vector<unsigned> kinds;    // weight of each kind, as all_kinds()
  // Of each kind, the fields that people mostly write.
  std::vector<std::vector<std::size_t>> fields;
};

// `more`: a stream of its own for what is drawn beside: the others stay what they were.
Swarm draw_swarm(Rng& rng, Rng& more);

}  // namespace skerry::sim
