// Waiting for "something was committed": the long poll and the event streams of /v1/changes.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "api/await.hpp"

namespace skerry::api {

// Ends the wait of one request: its client went away, or the server stops. Every Request carries
// one. Used on the request's own I/O thread only.
class Interrupt {
 public:
  bool raised() const { return raised_; }
  void raise() {
    raised_ = true;
    if (timer_) timer_->cancel();
  }
  void reset() { raised_ = false; }

 private:
  friend class Notifier;
  bool raised_ = false;
  asio::steady_timer* timer_ = nullptr;  // what a wait in progress sleeps on
};

enum class Woken { notified, timed_out, interrupted };

// A counter that coroutines can sleep on. Must outlive the server.
//
//   const auto seen = notifier.generation();      // before reading the database
//   …read; nothing new…
//   const Woken why = co_await notifier.wait(request.interrupt, seen, 30s);
//
// A notification between generation() and wait() is not lost: wait() then returns at once.
class Notifier {
 public:
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Wakes every waiter. Any thread; called by the writer after each commit, and cheap with nobody
  // waiting.
  void notify_all();

  // At most `timeout`. One wait at a time per interrupt.
  Task<Woken> wait(Interrupt& interrupt, std::uint64_t seen, std::chrono::milliseconds timeout);

 private:
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool notified = false;  // set on the timer's own thread
  };

  bool enrol(const std::shared_ptr<Waiter>& waiter, std::uint64_t seen);
  void withdraw(const std::shared_ptr<Waiter>& waiter);

  std::atomic<std::uint64_t> generation_{0};
  std::mutex mutex_;
  std::vector<std::shared_ptr<Waiter>> waiters_;  // guarded by mutex_
};

}  // namespace skerry::api
