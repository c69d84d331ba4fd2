// What a machine does by itself to stay sound: backups on time.
#pragma once

#include <thread>

#include "api/context.hpp"
#include "daemon/patience.hpp"

namespace skerry::daemon {

// A thread "skerry-upkeep" that keeps the time; the work runs where the same work runs when it is
// asked for. Ends with the patience, which outlives it.
class Upkeep {
 public:
  Upkeep(const api::Context& context, Patience& patience);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void run();
  void back_up_if_due();

  const api::Context& context_;
  Patience& patience_;
  std::thread thread_;
};

}  // namespace skerry::daemon
