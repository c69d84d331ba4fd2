#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <malloc.h>
#include <pthread.h>
#include <span>
#include <sqlite3.h>

#include "core/check.hpp"

namespace skerry::store {
namespace {

// Of SQLite's machine: some milliseconds of work, and nothing beside what they cost.
constexpr int instructions_a_step = 100'000;

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, ReaderPool& readers,
               const DatabaseOptions& options)
    : options_(options),
      connection_(std::move(connection)),
      readers_(readers),
      groups_(*connection_, readers),
      wal_(*connection_) {
  SKERRY_CHECK(options_.queue_jobs_max > 0 && options_.group_jobs_max > 0);
  sqlite3_progress_handler(
      connection_->handle(), instructions_a_step,
      [](void* steps) {
        static_cast<std::atomic<std::uint64_t>*>(steps)->fetch_add(1, std::memory_order_relaxed);
        return 0;
      },
      &steps_);
  if (!options_.threaded) return;
  thread_ = std::thread([this] { loop(); });
  pthread_setname_np(thread_.native_handle(), "skerry-writer");
}

Writer::~Writer() { stop(); }

void Writer::set_participant(Participant* participant) { groups_.set_participant(participant); }

bool Writer::on_writer_thread() const { return running_on_ == std::this_thread::get_id(); }

Result<void> Writer::submit(std::unique_ptr<WriteJob> job) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return fail(Errc::stopping, "the database is being closed");
    if (options_.threaded) {
      if (queue_.size() >= options_.queue_jobs_max) {
        Error error(Errc::busy, "too many writes are waiting for the disk", "try again shortly");
        error.quota = Quota{"queued-writes", options_.queue_jobs_max};
        return fail(std::move(error));
      }
      queue_.push_back(std::move(job));
      if (waiting_) wake_.notify_one();
      return {};
    }
  }
  Jobs jobs;
  jobs.push_back(std::move(job));
  run(jobs);
  return {};
}

void Writer::loop() {
  Jobs jobs;
  while (take(jobs)) {
    if (jobs.empty())
      let_memory_go();
    else
      run(jobs);
    jobs.clear();
  }
}

bool Writer::take(Jobs& jobs) {
  MutexLock lock(mutex_);
  while (queue_.empty()) {
    if (stopping_) return false;
    waiting_ = true;
    const bool woken = wake_.wait_for(mutex_, options_.memory_kept_for);
    waiting_ = false;
    if (!woken && queue_.empty()) return true;
  }
  // Whatever came during the last fsync is the next group; nobody waits for a group to fill.
  const std::size_t limit = options_.group_jobs_max;
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, queue_.size()));
  std::move(queue_.begin(), queue_.begin() + count, std::back_inserter(jobs));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return true;
}

// A burst filled the page caches of every connection; on a machine that does little most of the
// time they would be most of what the daemon holds.
void Writer::let_memory_go() {
  if (!readers_.close_unused()) return;
  sqlite3_db_release_memory(connection_->handle());
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

void Writer::run(const Jobs& jobs) {
  // Without a thread of the writer's own, done() may submit the next job: runs nest.
  const std::thread::id outer = running_on_.exchange(std::this_thread::get_id());
  std::span<const std::unique_ptr<WriteJob>> rest(jobs);
  while (!rest.empty()) rest = rest.subspan(groups_.run(rest));
  if (wal_.is_due(idle())) {
    readers_.release_free();  // what they see would have to stay in the log,
    wal_.checkpoint();
    readers_.release_free();  // and whoever is in it keeps the log from starting anew
  }
  running_on_ = outer;
}

bool Writer::idle() const {
  MutexLock lock(mutex_);
  return queue_.empty();
}

WriterStats Writer::stats() const {
  WriterStats stats;
  stats.jobs = groups_.jobs();
  stats.groups = groups_.groups();
  stats.commits = groups_.commits();
  stats.steps = steps_.load(std::memory_order_relaxed);
  stats.wal_pages = wal_.pages();
  stats.checkpoints = wal_.checkpoints();
  stats.checkpoint_failures = wal_.failures();
  MutexLock lock(mutex_);
  stats.queued = queue_.size();
  return stats;
}

void Writer::stop() {
  SKERRY_CHECK(!on_writer_thread());
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    if (waiting_) wake_.notify_one();
  }
  // A second caller waits here until the first one's join returns.
  std::call_once(joined_, [this] {
    if (thread_.joinable()) thread_.join();
  });
}

}  // namespace skerry::store
