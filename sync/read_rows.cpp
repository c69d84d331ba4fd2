#include "sync/read_rows.hpp"

#include <exception>
#include <optional>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/mutex.hpp"
#include "crypto/sha256.hpp"

namespace skerry::sync {
namespace {

// What changes hands at once: enough that waking each other costs little.
constexpr std::size_t batch_rows_max = 512;
constexpr std::size_t batch_bytes_max = 512UL * 1024;

using Batch = std::vector<SiteRow>;

Result<void> read_here(const ChangesBody& body, const LineSource& lines,
                       const RowCallback& on_row) {
  std::int64_t seq = body.first - 1;
  Hash hash = body.prev_hash;
  SKERRY_TRY_VOID(lines([&](std::string_view line, std::uint64_t) {
    hash = crypto::chain_hash(hash, line);
    SiteRow row(++seq, hash, std::string(line));
    return on_row(row);
  }));
  if (seq != body.last || hash != body.last_hash)
    return fail(Errc::corrupt_bundle, "the rows do not end where the manifest says",
                "at the site: skerry bundle export, or run an exchange");
  return {};
}

// One batch at a time, from one thread to another.
class Handover {
 public:
  // False when nobody takes any more. Leaves a batch that was used in its place.
  bool put(Batch& batch) SKERRY_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (batch_ && !closed_) changed_.wait(mutex_);
    if (closed_) return false;
    batch_ = std::exchange(batch, std::exchange(used_, {}));
    changed_.notify_one();
    return true;
  }

  // None when there are no more.
  std::optional<Batch> take(Batch used) SKERRY_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    used_ = std::move(used);
    while (!batch_ && !closed_) changed_.wait(mutex_);
    changed_.notify_one();
    return std::exchange(batch_, std::nullopt);
  }

  void close() SKERRY_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  Mutex mutex_;
  Condition changed_;
  Batch used_ SKERRY_GUARDED_BY(mutex_);
  std::optional<Batch> batch_ SKERRY_GUARDED_BY(mutex_);
  bool closed_ SKERRY_GUARDED_BY(mutex_) = false;
};

class Ahead {
 public:
  Ahead(const ChangesBody& body, const LineSource& lines)
      : body_(body), lines_(lines), thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "skerry-rows");
  }
  ~Ahead() { stop(); }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  std::optional<Batch> next(Batch used) { return handover_.take(std::move(used)); }

  // How the reading ended, once there is no more.
  Result<void> finish() {
    stop();
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(ended_);
  }

 private:
  void run() noexcept {
    try {
      ended_ = read();
    } catch (...) {
      thrown_ = std::current_exception();
    }
    handover_.close();
  }

  Result<void> read() {
    Batch batch;
    batch.reserve(batch_rows_max);
    std::size_t bytes = 0;
    const auto hand_over = [&] {
      bytes = 0;
      if (!handover_.put(batch)) return Result<void>(fail(Errc::stopping, "unwanted"));
      batch.clear();
      return Result<void>{};
    };
    SKERRY_TRY_VOID(read_here(body_, lines_, [&](SiteRow& row) -> Result<void> {
      bytes += row.line.size();
      batch.push_back(std::move(row));
      if (batch.size() < batch_rows_max && bytes < batch_bytes_max) return {};
      return hand_over();
    }));
    return hand_over();
  }

  void stop() {
    handover_.close();
    if (thread_.joinable()) thread_.join();
  }

  const ChangesBody& body_;
  const LineSource& lines_;
  Handover handover_;
  Result<void> ended_;         // the thread's, the caller's once it is joined
  std::exception_ptr thrown_;  // likewise
  std::thread thread_;         // last: it uses all of the above
};

}  // namespace

SiteRow::SiteRow(std::int64_t place, const Hash& chain_hash, std::string bytes)
    : seq(place), hash(chain_hash), line(std::move(bytes)), change(decode_change(line)) {
  if (change)
    uid = change->uid;
  else
    change.error().errors = {};  // a row may give thousands, and the first stands in the detail
}

Result<void> read_rows(const ChangesBody& body, const LineSource& lines,
                       const RowCallback& on_row) {
  const bool is_short = body.last - body.first < static_cast<std::int64_t>(batch_rows_max);
  if (is_short) return read_here(body, lines, on_row);
  std::optional<Ahead> ahead;
  try {
    ahead.emplace(body, lines);
  } catch (const std::system_error&) {  // no thread is to be had: then without one
    return read_here(body, lines, on_row);
  }
  for (std::optional<Batch> batch = ahead->next({}); batch; batch = ahead->next(std::move(*batch)))
    for (SiteRow& row : *batch) SKERRY_TRY_VOID(on_row(row));
  return ahead->finish();
}

}  // namespace skerry::sync
