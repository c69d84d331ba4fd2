#include "daemon/seat_upkeep.hpp"

#include <pthread.h>

#include "core/log.hpp"

namespace skerry::daemon {

SeatUpkeep::SeatUpkeep(store::Database& database, licensing::SeatDesk& desk, Patience& patience)
    : database_(database), desk_(desk), patience_(patience), thread_([this] { run(); }) {}

SeatUpkeep::~SeatUpkeep() {
  patience_.end();
  thread_.join();
}

void SeatUpkeep::run() {
  pthread_setname_np(pthread_self(), "skerry-seats");
  const std::chrono::milliseconds pause(licensing::SeatDesk::flush_every_ms);
  while (patience_.wait(pause)) tidy();
  tidy();
}

// Many small jobs, so that no claim waits long for one.
void SeatUpkeep::tidy() {
  constexpr int jobs_max = 64;
  for (int job = 0; job < jobs_max && (facts_left_ || desk_.wants_upkeep()); ++job)
    if (!write_once()) return;
}

bool SeatUpkeep::write_once() {
  auto work = [this](store::Connection& connection) -> Result<void> {
    desk_.upkeep(connection);
    SKERRY_TRY_VOID(desk_.confirm_freed(connection));
    SKERRY_TRY(const auto written, desk_.write_facts(connection, false));
    facts_left_ = written.more;
    return {};
  };
  const auto done = database_.write(work);
  if (done) return true;
  if (done.error().code != Errc::busy && done.error().code != Errc::stopping) desk_.commit_failed();
  log(Level::warning, "upkeep of seats: {}", done.error().detail);
  return false;
}

}  // namespace skerry::daemon
