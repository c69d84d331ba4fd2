// One simulated run: a central, two to four sites, and sticks between them that are lost, copied,
// late, damaged and carried to the wrong place.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/machine.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {

// A bundle under way.
struct InAir {
  Bytes bytes;
  std::string name;
  std::size_t from = 0;
  std::size_t to = 0;
};

// The faults of a run are drawn once (swarm testing: Groce et al. 2012), so that some runs have
// many of one kind and none of another.
struct Swarm {
  std::size_t sites = 2;
  std::size_t steps = 100;
  unsigned loss_percent = 10;
  unsigned repeat_percent = 25;
  unsigned damage_percent = 10;
  unsigned misroute_percent = 4;
  unsigned delete_percent = 8;
  unsigned move_percent = 4;
  bool skewed_clocks = true;
  bool restarts = true;
  bool small_bundles = false;  // pieces of a few lines
  bool small_palette = false;  // writers often choose the same value
  bool scope_flips = false;    // what sites see changes
};

struct Counts {
  std::uint64_t writes = 0;
  std::uint64_t bundles = 0;
  std::uint64_t imports = 0;
  std::uint64_t refusals = 0;
  std::uint64_t conflicts = 0;
};

class World {
 public:
  World(std::uint64_t seed, bool verbose);
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
  const Counts& counts() const { return counts_; }
  // I5: no position goes down.
  void note_cursors();

 private:
  void draw_swarm();
  void furnish();
  void flip_scope(std::size_t site);
  void step();
  void say(const std::string& text);

  // writers.cpp
  void write_somewhere(Machine& machine);
  void create_record(Machine& machine);
  void change_record(Machine& machine);
  void remove_record(Machine& machine);
  void resolve_conflict(Machine& machine);
  json::object new_values(Machine& machine, const Kind& kind);
  json::object patch_for(Machine& machine, const store::Record& record);
  json::value value_for(Machine& machine, const Kind& kind, const Field& field);
  std::optional<store::Record> some_record(Machine& machine, const Kind& kind);
  std::optional<RecordId> some_id(Machine& machine, const Kind& kind);
  void acknowledge(Machine& machine, std::int64_t seq_before);

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

  std::uint64_t seed_;
  bool verbose_;
  Rng rng_;
  UnixMillis now_ = 1'790'000'000'000;
  std::filesystem::path folder_;
  Swarm swarm_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<InAir> air_;
  std::vector<Cursor> cursors_;
  Counts counts_;
};

}  // namespace skerry::sim
