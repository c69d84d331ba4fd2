// A site's online exchange by itself, every so often, and the waits of every online exchange.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "api/context.hpp"

namespace skerry::daemon {

// Says when to give up waiting. Any thread.
class Patience {
 public:
  // False: end() was called, before or meanwhile.
  bool wait(std::chrono::milliseconds time);
  void end();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;  // guarded by mutex_
};

// A thread "skerry-exchange" that keeps the time; the exchange itself runs on the context's worker,
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
