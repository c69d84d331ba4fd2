// Waits that end when the daemon does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace skerry::daemon {

// Says when to give up waiting. Any thread.
class Patience {
 public:
  // False: end() was called, before or meanwhile.
  bool wait(std::chrono::milliseconds time);
  void end();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;  // guarded by mutex_
};

}  // namespace skerry::daemon
