// A site's online exchange by itself, every so often.
#pragma once

#include <chrono>
#include <thread>

#include "api/context.hpp"
#include "daemon/patience.hpp"

namespace skerry::daemon {

// A thread "skerry-exchange" that keeps the time; the exchange itself runs on the context's line,
// one at a time with all others. Ends with the patience, which outlives it.
class PeriodicExchange {
 public:
  PeriodicExchange(const api::Context& context, Patience& patience, std::chrono::seconds interval);
  ~PeriodicExchange();
  PeriodicExchange(const PeriodicExchange&) = delete;
  PeriodicExchange& operator=(const PeriodicExchange&) = delete;

 private:
  void run();
  void exchange_once();

  const api::Context& context_;
  Patience& patience_;
  std::chrono::seconds interval_;
  std::thread thread_;
};

}  // namespace skerry::daemon
