#include "daemon/upkeep.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <pthread.h>

#include "core/log.hpp"

namespace skerry::daemon {
namespace {

using std::chrono::seconds;

// A clock may be put right at any moment: what is due is looked up anew each time.
seconds between_looks(const api::BackupSettings& settings) {
  constexpr seconds longest{60};
  if (settings.interval_seconds == 0) return longest;
  return std::clamp(seconds(settings.interval_seconds / 4), seconds(1), longest);
}

}  // namespace

Upkeep::Upkeep(const api::Context& context, Patience& patience)
    : context_(context), patience_(patience), thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
  patience_.end();
  thread_.join();
}

void Upkeep::run() {
  pthread_setname_np(pthread_self(), "skerry-upkeep");
  while (patience_.wait(between_looks(context_.backup))) {
    std::promise<void> done;
    api::asio::post(context_.backups->worker(), [this, &done] {
      try {
        back_up_if_due();
      } catch (const std::exception& error) {
        log(Level::error, "upkeep: {}", error.what());
      }
      done.set_value();
    });
    done.get_future().wait();
  }
}

void Upkeep::back_up_if_due() {
  {
    const store::Reader reader = context_.node.database.read();
    const UnixMillis now = context_.node.clock.wall_ms();
    const auto due = api::next_backup_at(*reader, context_.backup, now);
    if (!due || *due > now) return;
  }
  if (const auto made = api::make_backup(context_, {}); made)
    log(Level::info, "backup {} is made and read back", made->backup.file);
  else if (made.error().code != Errc::stopping)
    log(Level::error, "backup: {}", made.error().detail);
}

}  // namespace skerry::daemon
