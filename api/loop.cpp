#include "api/loop.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <pthread.h>
#include <random>

#include "api/session.hpp"
#include "core/log.hpp"

namespace skerry::api {

void report_task_failure(const char* name, std::exception_ptr failure) {
  log(Level::critical, "the task {} ended by an exception", name);
  std::rethrow_exception(std::move(failure));
}

Shared::Shared(Router router_in, Authenticator* authenticator_in, ServerOptions options_in)
    : router(std::move(router_in)),
      authenticator(authenticator_in),
      options(std::move(options_in)),
      boot(fmt::format("{:08x}", options.boot_id != 0 ? options.boot_id : std::random_device{}())),
      anonymous(std::make_shared<const Principal>()),
      failed_tokens(options.limits) {}

Loop::Loop(Shared& shared_in, unsigned number)
    : shared(shared_in),
      number_(number),
      work_(asio::make_work_guard(context)),
      sweep_timer_(context) {
  refresh_clock();
}

void Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

// The net of the I/O threads: what arrives here is a defect or broken surroundings, and sessions of
// this thread are in an unknown state. The supervisor starts us anew.
void Loop::run() {
  pthread_setname_np(pthread_self(), fmt::format("skerry-io-{}", number_).c_str());
  try {
    context.run();
  } catch (const std::exception& failure) {
    log(Level::critical, "I/O thread {}: {}", number_, failure.what());
    std::abort();
  }
}

void Loop::begin_stop(std::chrono::milliseconds grace) {
  asio::post(context, [this, grace] {
    if (stopping_) return;
    stopping_ = true;
    refresh_clock();
    cancel_at_ms_ = cancelling_ ? now_ms_ : now_ms_ + grace.count();
    work_.reset();
    for (Session* session : sessions_) session->begin_stop();
  });
}

void Loop::cancel_all() {
  asio::post(context, [this] {
    cancelling_ = true;  // stage 1 may still be on its way here
    for (Session* session : sessions_) session->cancel();
  });
}

void Loop::enter(Session& session) {
  session.index_ = sessions_.size();
  sessions_.push_back(&session);
  if (!sweeping_) {
    refresh_clock();  // it stood still while nobody was here
    schedule_sweep();
  }
}

void Loop::leave(Session& session) {
  sessions_.back()->index_ = session.index_;
  std::swap(sessions_[session.index_], sessions_.back());
  sessions_.pop_back();
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (sessions_.empty()) sweep_timer_.cancel();
}

void Loop::refresh_clock() {
  using namespace std::chrono;
  now_ms_ = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  const std::time_t second = std::time(nullptr);
  if (second == date_second_) return;
  date_second_ = second;
  date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(second));
}

void Loop::schedule_sweep() {
  sweeping_ = true;
  sweep_timer_.expires_after(shared.options.limits.sweep_every);
  sweep_timer_.async_wait([this](const boost::system::error_code&) { sweep(); });
}

void Loop::sweep() {
  sweeping_ = false;
  refresh_clock();
  if (sessions_.empty()) return;
  const bool cancel_now = stopping_ && now_ms_ >= cancel_at_ms_;
  for (Session* session : sessions_) {
    if (cancel_now)
      session->cancel();
    else
      session->on_sweep(now_ms_);
  }
  schedule_sweep();
}

}  // namespace skerry::api
