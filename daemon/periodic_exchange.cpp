#include "daemon/periodic_exchange.hpp"

#include <exception>
#include <future>
#include <pthread.h>

#include "api/handlers/bundles.hpp"
#include "core/log.hpp"

namespace skerry::daemon {

PeriodicExchange::PeriodicExchange(const api::Context& context, Patience& patience,
                                   std::chrono::seconds interval)
    : context_(context), patience_(patience), interval_(interval), thread_([this] { run(); }) {}

PeriodicExchange::~PeriodicExchange() {
  patience_.end();
  thread_.join();
}

void PeriodicExchange::run() {
  pthread_setname_np(pthread_self(), "skerry-exchange");
  while (patience_.wait(interval_)) {
    std::promise<void> done;
    api::asio::post(context_.line, [this, &done] {
      exchange_once();
      done.set_value();
    });
    done.get_future().wait();
  }
}

void PeriodicExchange::exchange_once() {
  try {
    const auto report = api::go_online(context_);
    if (!report)
      log(Level::warning, "online exchange: {}", report.error().detail);
    else if (report->rows_sent + report->records_received > 0)
      log(Level::info, "online exchange: {} rows sent, {} records received", report->rows_sent,
          report->records_received);
  } catch (const std::exception& error) {
    log(Level::error, "online exchange: {}", error.what());
  }
}

}  // namespace skerry::daemon
