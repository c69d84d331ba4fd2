// One simulated run of seats: a central and a dark site that give them, applications that take,
// keep, lose and give them back, and machines that crash, are put back, cloned and set wrong
// clocks.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "licensing/catalogue_allowances.hpp"
#include "licensing/seat_desk.hpp"
#include "tests/simulation/journal.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sim {

class SeatWorld {
 public:
  SeatWorld(std::uint64_t seed, bool aloud);
  ~SeatWorld();
  SeatWorld(const SeatWorld&) = delete;
  SeatWorld& operator=(const SeatWorld&) = delete;

  // The random part, each step checked; then exchanges without loss, and what must hold in the end.
  void run();

 private:
  // A machine with its desk, which lasts from start to start.
  struct Place {
    std::unique_ptr<Machine> machine;
    licensing::CatalogueAllowances catalogue;
    std::unique_ptr<licensing::UsageFacts> facts;
    std::unique_ptr<licensing::SeatDesk> desk;
    std::optional<Image> backup;
    // It was put back, or is one of two: it may have given what it does not remember, or twice.
    bool torn = false;
  };
  // What an application knows. Its lease, by the world's time.
  struct Application {
    Place* place = nullptr;
    std::string machine;
    RecordId id;
    std::string secret;
    std::string nonce;
    UnixMillis live_until = 0;
    bool has_seat = false;
    std::int64_t calls = 0;
  };

  void furnish();
  void open(Place& place);
  void step();
  void act(Application& application);
  void claim(Application& application);
  void refresh(Application& application);
  void release(Application& application);
  void upkeep(Place& place);
  void change_allocation();
  void disaster(Place& place);
  void carry_up(Place& place, bool surely);
  void carry_down(Place& place, bool surely);

  bool holds(const Application& application) const {
    return application.has_seat && application.live_until > now_;
  }
  void learn(Application& application, const licensing::SeatState& state);
  licensing::Caller caller(const Application& application, const Hash& call) const;
  // Fails unless the refusal is one that the application has to live with.
  void refused(Application& application, const licensing::Denial& denial, const char* call);

  void check();
  void check_sum();
  void check_end();
  std::vector<std::string> facts_of(Machine& machine);

  Rng rng_;
  UnixMillis now_ = 1'790'000'000'000;
  Journal journal_;
  const std::filesystem::path folder_;
  const bool disasters_;
  std::int64_t sold_ = 0;
  RecordId entitlement_;
  RecordId allocation_;
  Hash code_{};
  std::vector<std::unique_ptr<Place>> places_;  // central, the site, its clones
  std::vector<Application> applications_;
  std::set<RecordId> given_;  // every activation
  bool any_torn_ = false;
};

}  // namespace skerry::sim
