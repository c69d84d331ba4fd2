// One simulated run: a central, one to four sites, and sticks between them that are lost, copied,
// late, damaged and carried to the wrong place.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/journal.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/person.hpp"
#include "tests/simulation/swarm.hpp"

namespace skerry::sim {

// A bundle under way.
struct InAir {
  Bytes bytes;
  std::string name;
  std::size_t from = 0;
  std::size_t to = 0;
};

class World {
 public:
  // `aloud`: the steps go to stdout.
  World(std::uint64_t seed, bool aloud);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The random part; every step checks what must hold at any time.
  void run();
  // Clean exchanges until everybody agrees; fails when four are not enough.
  void settle();
  // What must hold once everybody was heard (checks.hpp).
  void check();

  Machine& central() { return *machines_[0]; }
  Machine& site(std::size_t number) { return *machines_[number]; }
  std::size_t sites() const { return swarm_.sites; }
  const Swarm& swarm() const { return swarm_; }
  Journal& journal() { return journal_; }
  // I5: no position goes down.
  void note_cursors();
  // Everything all machines hold: the same for every run of one seed.
  Hash digest();

 private:
  void furnish();
  void flip_scope(std::size_t site);
  void step();
  Person person(Machine& machine) { return {machine, rng_, swarm_, journal_}; }

  // carriers.cpp
  void export_up(Machine& site);
  void export_down(std::size_t site, bool always);
  void put_in_air(sync::PackedBundle&& packed, std::size_t from, std::size_t to);
  void deliver_some();
  void deliver(const InAir& bundle, Machine& to);
  void deliver_damaged(const InAir& bundle, Machine& to);
  void expect_refused(const InAir& bundle, Machine& to, ByteView bytes, const char* why);
  void scan_for_scope(const InAir& bundle);

  struct Cursor {
    std::int64_t n = 0;
    std::int64_t acked = 0;
    std::int64_t down = 0;  // as central heard of it
  };

  Rng rng_;
  const Swarm swarm_;
  UnixMillis now_ = 1'790'000'000'000;
  Journal journal_;
  const std::filesystem::path folder_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<InAir> air_;
  std::vector<Cursor> cursors_;
};

}  // namespace skerry::sim
