// Time that a person moves, for trying out what a clock does to a machine: only in a sandbox, which
// is a data folder that `skerry dev up` made and that says so for its whole life.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace skerry::daemon {

// How far both clocks are moved: 16 bytes of a file that the daemon and `skerry dev` have mapped,
// so that a move counts at once. Any thread.
class ClockLever {
 public:
  // Errc::not_found when it is not there and `create` is false, else as of any file.
  static Result<ClockLever> open(const std::filesystem::path& file, bool create);
  ClockLever(ClockLever&& other) noexcept;
  ClockLever& operator=(ClockLever&&) = delete;
  ~ClockLever();

  std::int64_t wall_ms() const { return moved_->wall_ms; }
  std::int64_t passed_ms() const { return moved_->passed_ms; }
  void set_wall(std::int64_t ms) { moved_->wall_ms = ms; }
  // Time that the machine takes for having run: it never goes back.
  void pass(std::int64_t ms) { moved_->passed_ms += ms; }

 private:
  struct Moved {
    std::atomic<std::int64_t> wall_ms;
    std::atomic<std::int64_t> passed_ms;
  };
  explicit ClockLever(Moved* moved) : moved_(moved) {}
  Moved* moved_;  // null when moved from
};

// The system's clock, until it follows a lever.
class MovableClock final : public Clock {
 public:
  // Before another thread asks it.
  void follow(ClockLever lever) { lever_.emplace(std::move(lever)); }
  UnixMillis wall_ms() const override {
    return system_.wall_ms() + (lever_ ? lever_->wall_ms() : 0);
  }
  std::int64_t monotonic_ms() const override {
    return system_.monotonic_ms() + (lever_ ? lever_->passed_ms() : 0);
  }

 private:
  SystemClock system_;
  std::optional<ClockLever> lever_;
};

}  // namespace skerry::daemon
