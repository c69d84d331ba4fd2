// The brake on guessing passwords and one-time codes.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.hpp"
#include "core/result.hpp"

namespace skerry::api {

inline constexpr std::uint32_t sign_in_window_seconds = 900;
inline constexpr std::uint32_t failures_per_name_max = 5;      // of one name from one address
inline constexpr std::uint32_t failures_per_address_max = 20;  // of all names
inline constexpr std::size_t sign_in_counts_max = 8192;        // remembered at once
inline constexpr std::string_view sign_in_by_code = "one-time code";  // no name holds a blank

// Any thread. Nobody is shut out by what strangers do elsewhere: a name is counted with the
// address.
class SignInLimits {
 public:
  // Errc::too_many_requests, with the quota: for the rest of the window once so many have failed,
  // for a moment while the others are being looked at. Otherwise one is counted, and the caller
  // says what becomes of it. Times are monotonic.
  Result<void> try_one(std::string_view name, std::string_view address, std::int64_t now_ms)
      SKERRY_EXCLUDES(mutex_);
  // It was wrong.
  void failed(std::string_view name, std::string_view address, std::int64_t now_ms)
      SKERRY_EXCLUDES(mutex_);
  // Takes one back that was counted and not looked at.
  void take_back(std::string_view name, std::string_view address, std::int64_t now_ms)
      SKERRY_EXCLUDES(mutex_);
  // It was right, which ends the count of this name from there.
  void succeeded(std::string_view name, std::string_view address, std::int64_t now_ms)
      SKERRY_EXCLUDES(mutex_);
  // An administrator gave this user a new code: the addresses that the name was tried from begin
  // anew.
  void forget(std::string_view name) SKERRY_EXCLUDES(mutex_);

 private:
  struct Count {
    std::int64_t since_ms = 0;
    std::uint32_t failures = 0;  // those that may become one as well
    std::uint32_t open = 0;      // of them: being looked at
  };
  Count& count_of(const std::string& key, std::int64_t now_ms) SKERRY_REQUIRES(mutex_);
  void close_one(std::string_view name, std::string_view address, std::int64_t now_ms,
                 std::uint32_t taken_back) SKERRY_EXCLUDES(mutex_);

  Mutex mutex_;
  std::unordered_map<std::string, Count> counts_ SKERRY_GUARDED_BY(mutex_);
};

}  // namespace skerry::api
