#include "daemon/watchdog.hpp"

#include <algorithm>
#include <pthread.h>

namespace skerry::daemon {
namespace {

using std::chrono::milliseconds;

// Does nothing: that it is done says that the writer goes from job to job.
struct Probe final : store::WriteJob {
  std::shared_ptr<std::atomic<bool>> probing;
  explicit Probe(std::shared_ptr<std::atomic<bool>> flag) : probing(std::move(flag)) {}
  Result<void> run(store::Connection&) override { return {}; }
  void done(Result<void>) noexcept override { *probing = false; }
};

}  // namespace

Watchdog::Watchdog(const Systemd& systemd, store::Database& database, Patience& patience,
                   std::chrono::microseconds interval)
    : systemd_(systemd),
      database_(database),
      patience_(patience),
      between_looks_(
          std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(interval / 3))),
      thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  patience_.end();
  thread_.join();
}

void Watchdog::run() {
  pthread_setname_np(pthread_self(), "skerry-watchdog");
  store::WriterStats before = database_.stats();
  probe();
  while (patience_.wait(between_looks_)) {
    const store::WriterStats now = database_.stats();
    if (now.jobs != before.jobs || now.steps != before.steps) systemd_.notify("WATCHDOG=1");
    before = now;
    probe();
  }
}

void Watchdog::probe() {
  if (probing_->exchange(true)) return;  // the last one still waits
  // A full queue shows by itself whether the writer takes from it.
  if (!database_.submit(std::make_unique<Probe>(probing_))) *probing_ = false;
}

}  // namespace skerry::daemon
