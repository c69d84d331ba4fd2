// What seats need from time to time: leases that ended, refreshes to be written, the time floor,
// facts for central.
#pragma once

#include <thread>

#include "daemon/patience.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::daemon {

// A thread "skerry-seats" that asks the desk every second; the work runs on the writer thread. Ends
// with the patience, which outlives it, after a last upkeep.
class SeatUpkeep {
 public:
  SeatUpkeep(store::Database& database, licensing::SeatDesk& desk, Patience& patience);
  ~SeatUpkeep();
  SeatUpkeep(const SeatUpkeep&) = delete;
  SeatUpkeep& operator=(const SeatUpkeep&) = delete;

 private:
  void run();
  void tidy();
  bool write_once();

  store::Database& database_;
  licensing::SeatDesk& desk_;
  bool facts_left_ = true;  // of the run before
  Patience& patience_;
  std::thread thread_;
};

}  // namespace skerry::daemon
