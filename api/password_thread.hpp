// Where passwords are hashed: 128 MiB and a good part of a second each (crypto/password.hpp), so
// one at a time, on a thread that nothing else waits for.
#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <pthread.h>
#include <utility>

#include "core/result.hpp"

namespace skerry::api {

inline constexpr int password_hashes_waiting_max = 16;

// Any thread.
class PasswordThread {
 public:
  PasswordThread() {
    boost::asio::post(thread_, [] { pthread_setname_np(pthread_self(), "skerry-password"); });
  }

  // One of those that may wait; gives its place back in the destructor.
  class Place {
   public:
    explicit Place(std::atomic<int>& taken) : taken_(&taken) {}
    Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (taken_) taken_->fetch_sub(1);
    }

   private:
    std::atomic<int>* taken_;
  };

  // Errc::busy when too many wait.
  Result<Place> take_place() {
    if (taken_.fetch_add(1) < password_hashes_waiting_max) return Place(taken_);
    taken_.fetch_sub(1);
    return fail(Errc::busy, "too many people sign in at this moment", "try again in a moment");
  }
  boost::asio::thread_pool& thread() { return thread_; }

 private:
  std::atomic<int> taken_{0};
  boost::asio::thread_pool thread_{1};
};

}  // namespace skerry::api
