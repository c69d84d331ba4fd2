#include "api/notifier.hpp"

#include <algorithm>

namespace skerry::api {

void Notifier::notify_all() {
  // Posted under the lock: a waiter leaves through withdraw(), so its loop is alive until we are
  // done.
  const std::scoped_lock lock(mutex_);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  // A timer belongs to its I/O thread, so it is cancelled there. The waiter is asleep by then: it
  // enrolled and went to sleep without giving that thread back in between.
  for (std::shared_ptr<Waiter>& waiter : waiters_) {
    const auto executor = waiter->timer.get_executor();
    asio::post(executor, [waiter = std::move(waiter)] {
      waiter->notified = true;
      waiter->timer.cancel();
    });
  }
  waiters_.clear();
}

Task<Woken> Notifier::wait(Interrupt& interrupt, std::uint64_t seen,
                           std::chrono::milliseconds timeout) {
  if (interrupt.raised()) co_return Woken::interrupted;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<Waiter>(executor);
  waiter->timer.expires_after(timeout);
  if (!enrol(waiter, seen)) co_return Woken::notified;

  interrupt.timer_ = &waiter->timer;
  co_await waiter->timer.async_wait(use_tuple);
  interrupt.timer_ = nullptr;

  withdraw(waiter);
  if (interrupt.raised()) co_return Woken::interrupted;
  if (waiter->notified || generation() != seen) co_return Woken::notified;
  co_return Woken::timed_out;
}

bool Notifier::enrol(const std::shared_ptr<Waiter>& waiter, std::uint64_t seen) {
  const std::scoped_lock lock(mutex_);
  if (generation() != seen) return false;
  waiters_.push_back(waiter);
  return true;
}

void Notifier::withdraw(const std::shared_ptr<Waiter>& waiter) {
  const std::scoped_lock lock(mutex_);
  std::erase(waiters_, waiter);
}

}  // namespace skerry::api
