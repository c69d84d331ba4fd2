// One simulated run: a central, one to twelve sites, and sticks between them that are lost, copied,
// late, damaged and carried to the wrong place.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/history.hpp"
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
  bool is_snapshot = false;
  std::map<EpochId, std::int64_t> acked{};  // of central's: how much it has of the site's epochs
  EpochId epoch{};                          // of a site's, and the last of its rows
  std::int64_t last = 0;
};

// What machines forget (disasters.cpp), drawn like the faults of a swarm.
struct Disasters {
  bool site_restores = false;  // the database alone; the anchor knows better
  bool rollbacks = false;      // a whole machine, its anchor too
  bool clones = false;
  bool relocations = false;  // the disk in another machine
  bool central_restores = false;
  unsigned strikes_percent = 8;  // of the steps
  bool any() const {
    return site_restores || rollbacks || clones || relocations || central_restores;
  }
};
// `often`: never none at all.
Disasters draw_disasters(Rng& fate, bool often);

// How a run is made: the same seed in another manner is another run.
struct Manner {
  bool aloud = false;      // the steps go to stdout
  bool disasters = false;  // often, and in every seed, instead of those that the seed draws
};

class World {
 public:
  World(std::uint64_t seed, Manner manner);
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
  // The machine and its clones.
  std::vector<Machine*> instances(std::size_t number);
  // The one that writes the epoch which central has as the site's; nullptr: none does.
  Machine* active_instance(std::size_t number);
  // Changes that a restore destroyed, where they had been acknowledged.
  bool is_destroyed(const ChangeUid& uid) const { return destroyed_.contains(uid); }
  // Whether there ever was another machine of the site's, or one of which something looks like
  // another's: it had been put back as a whole (H28), or twice.
  bool was_doubled(std::size_t number) const { return doubled_.contains(number); }
  std::size_t sites() const { return swarm_.sites; }
  const Swarm& swarm() const { return swarm_; }
  bool any_disasters() const { return disasters_.any(); }
  // Whether the machine has the row, or has forgotten it as one that is durable.
  bool has_row(store::Connection& connection, const Acknowledged& row) const;
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

  // disasters.cpp
  bool strike();
  void restore(Machine& machine, bool with_anchor);
  void restore_database(Machine& site);
  void clone(Machine& machine);
  void settle_after_disasters();
  void exchange_until_agreed();
  // What an administrator decides about copies.
  void administrate();
  Machine& some_instance(std::size_t number);
  bool may_refuse(Errc code) const;

  // oversteps.cpp
  void overstep(Machine& site);
  void write_ahead(Machine& site);

  // keeping.cpp
  void keep_house();
  void back_up_central();
  void prune(Machine& site);
  void spoil(Machine& site);

  // carriers.cpp
  void export_up(Machine& site);
  void export_down(std::size_t site, bool always);
  void put_in_air(sync::PackedBundle&& packed, std::size_t from, std::size_t to);
  void deliver_some();
  void deliver(const InAir& bundle, Machine& to);
  void misroute(const InAir& bundle, Machine& to);
  void deliver_damaged(const InAir& bundle, Machine& to);
  sync::ImportOutcome expect_refused(const InAir& bundle, Machine& to, ByteView bytes,
                                     const char* why);
  void scan_for_scope(const InAir& bundle);

  void note_cursors_of(Machine& machine);

  struct Cursor {
    std::int64_t ord = 0;
    std::int64_t n = 0;
    EpochId epoch;
    std::int64_t acked = 0;
    std::int64_t down = 0;  // as central heard of it
  };

  Rng rng_;
  Rng more_;  // a stream of its own for what was added later: known seeds stay what they were
  const Swarm swarm_;
  UnixMillis now_ = 1'790'000'000'000;
  Journal journal_;
  const std::filesystem::path folder_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<InAir> air_;
  History history_;
  std::map<const Machine*, Cursor> cursors_;
  Rng fate_;  // a stream of its own: runs without disasters stay what they were
  const Disasters disasters_;
  std::vector<std::unique_ptr<Machine>> clones_;
  std::map<const Machine*, Image> backups_;
  std::set<ChangeUid> destroyed_;
  std::set<std::size_t> doubled_;                     // numbers of sites
  std::map<std::size_t, std::size_t> forgotten_;      // how many epochs each forgot
  std::map<EpochId, std::int64_t> forgotten_losses_;  // from which row on
  Rng again_;                                         // a stream of its own, too
  const bool restores_again_;
  Rng keeping_;  // a stream of its own, too
  const bool keeps_house_;
  std::set<Hash> pruned_;       // of rows
  std::set<RecordId> unshown_;  // rows of another program made them, at whose site they do not show
  std::set<const Machine*> spoilt_;
};

}  // namespace skerry::sim
