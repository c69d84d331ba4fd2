// Tells the service manager that the writer lives, as long as it does.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "daemon/patience.hpp"
#include "daemon/systemd.hpp"
#include "store/database.hpp"

namespace skerry::daemon {

// A thread "skerry-watchdog". It looks three times in each interval of the manager's: when the
// writer finished a job since the last look, or worked on one (an import is one job of minutes), it
// says WATCHDOG=1. Into an idle queue it puts a job that does nothing. A writer that hangs, on a
// disk that does not answer, thus gets the daemon restarted. Ends with the patience. Manager,
// database and patience outlive it.
class Watchdog {
 public:
  Watchdog(const Systemd& systemd, store::Database& database, Patience& patience,
           std::chrono::microseconds interval);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run();
  void probe();

  const Systemd& systemd_;
  store::Database& database_;
  Patience& patience_;
  const std::chrono::milliseconds between_looks_;
  // Shared with the job, which the database may finish when we are gone.
  std::shared_ptr<std::atomic<bool>> probing_ = std::make_shared<std::atomic<bool>>(false);
  std::thread thread_;
};

}  // namespace skerry::daemon
