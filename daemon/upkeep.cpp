#include "daemon/upkeep.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <pthread.h>
#include <utility>

#include "core/log.hpp"
#include "store/prune_log.hpp"

namespace skerry::daemon {
namespace {

using std::chrono::seconds;

constexpr std::chrono::hours between_prunings{1};
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t rows_per_job = 1000;
constexpr int jobs_max = 1000;

// A clock may be put right at any moment: what is due is looked up anew each time.
seconds between_looks(const api::BackupSettings& settings) {
  constexpr seconds longest{60};
  if (settings.interval_seconds == 0) return longest;
  return std::clamp(seconds(settings.interval_seconds / 4), seconds(1), longest);
}

}  // namespace

Upkeep::Upkeep(const api::Context& context, Patience& patience, std::int64_t keep_days,
               TlsOffice* tls)
    : context_(context), patience_(patience), keep_days_(keep_days), tls_(tls), thread_([this] {
        run();
      }) {}

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
        prune_if_due();
        renew_certificate_if_due();
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
    log(Level::error, "backup: {}; {}", made.error().detail, made.error().next);
}

void Upkeep::renew_certificate_if_due() {
  if (!tls_) return;
  const auto renewed = tls_->renew_if_due();
  std::string trouble = renewed ? std::string() : renewed.error().detail;
  if (!renewed && trouble != certificate_trouble_)
    log(Level::error, "the certificate: {}; {}", trouble, renewed.error().next);
  certificate_trouble_ = std::move(trouble);
}

// Short jobs, so that no writer waits for long; the rest goes an hour later.
void Upkeep::prune_if_due() {
  if (context_.role != Role::site || keep_days_ == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (pruned_at_ && now - *pruned_at_ < between_prunings) return;
  pruned_at_ = now;
  const UnixMillis before = context_.node.clock.wall_ms() - keep_days_ * day_ms;
  std::int64_t rows = 0;
  for (int job = 0; job < jobs_max; ++job) {
    auto work = [&](store::Connection& connection) -> Result<std::int64_t> {
      return store::prune_log(connection, context_.node.log, before, rows_per_job);
    };
    const auto gone = context_.node.database.write(work);
    if (!gone) return log(Level::warning, "pruning the log: {}", gone.error().detail);
    rows += *gone;
    if (*gone < rows_per_job) break;
  }
  if (rows > 0) log(Level::info, "{} rows of the log are pruned", rows);
}

}  // namespace skerry::daemon
