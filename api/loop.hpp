// One I/O thread: its io_context, its sessions and the sweep that keeps their deadlines. Internal.
//
// One io_context per thread rather than one for all: a session then runs on one thread only and
// needs neither strand nor lock, and a deadline is a number that the sweep looks at instead of a
// timer that every read and write sets and cancels.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "api/auth.hpp"
#include "api/server.hpp"

namespace skerry::api {

class Session;

struct Counters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> client_errors{0};
  std::atomic<std::uint64_t> server_errors{0};
  std::atomic<std::uint64_t> refused{0};
};

// What every session reads; immutable or thread-safe.
struct Shared {
  Shared(Router router_in, Authenticator* authenticator_in, ServerOptions options_in);

  const Router router;
  Authenticator* const authenticator;
  const ServerOptions options;
  const std::string boot;  // 8 hexadecimal digits
  const std::shared_ptr<const Principal> anonymous;
  FailedTokens failed_tokens;
  std::atomic<std::uint64_t> next_request{1};
  std::atomic<std::size_t> connections{0};  // those within the limit
  std::atomic<std::size_t> lingering{0};    // refused ones that are still being told
};

class Loop {
 public:
  Loop(Shared& shared, unsigned number);

  void start();
  void join();

  // Any thread.
  void begin_stop(std::chrono::milliseconds grace);
  void cancel_all();
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  void add_load() { load_.fetch_add(1, std::memory_order_relaxed); }

  // Loop thread.
  void enter(Session& session);
  void leave(Session& session);
  std::int64_t now_ms() const { return now_ms_; }    // monotonic, as of the last sweep
  const std::string& date() const { return date_; }  // for the Date header
  bool stopping() const { return stopping_; }

  asio::io_context context{1};
  Shared& shared;
  Counters counters;
  std::array<char, 16 * 1024> scratch;  // for whoever runs, between two suspensions

 private:
  void run();
  void refresh_clock();
  void schedule_sweep();
  void sweep();

  const unsigned number_;
  std::atomic<std::size_t> load_{0};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_timer_;
  bool sweeping_ = false;
  bool stopping_ = false;
  bool cancelling_ = false;
  std::int64_t cancel_at_ms_ = 0;
  std::int64_t now_ms_ = 0;
  std::int64_t date_second_ = -1;
  std::string date_;
  std::vector<Session*> sessions_;
  std::thread thread_;
};

}  // namespace skerry::api
