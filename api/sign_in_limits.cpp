#include "api/sign_in_limits.hpp"

#include <algorithm>

namespace skerry::api {
namespace {

constexpr std::int64_t window_ms = sign_in_window_seconds * 1000;

// An address holds no blank.
std::string key_of(std::string_view name, std::string_view address) {
  return std::string(address).append(" ").append(name);
}

}  // namespace

SignInLimits::Count& SignInLimits::count_of(const std::string& key, std::int64_t now_ms) {
  if (counts_.size() >= sign_in_counts_max && !counts_.contains(key)) {
    std::erase_if(counts_,
                  [&](const auto& count) { return now_ms - count.second.since_ms >= window_ms; });
    if (counts_.size() >= sign_in_counts_max) counts_.erase(counts_.begin());
  }
  Count& count = counts_.try_emplace(key, Count{now_ms, 0}).first->second;
  if (now_ms - count.since_ms >= window_ms) count = Count{now_ms, 0};
  return count;
}

Result<void> SignInLimits::try_one(std::string_view name, std::string_view address,
                                   std::int64_t now_ms) {
  const std::string both_key = key_of(name, address), address_key(address);
  const MutexLock lock(mutex_);
  const std::uint32_t of_address = count_of(address_key, now_ms).failures;
  const std::uint32_t of_both = count_of(both_key, now_ms).failures;
  if (of_address >= failures_per_address_max || of_both >= failures_per_name_max) {
    Error error(Errc::too_many_requests, "too many sign-ins from this address have failed",
                "wait, or on the machine itself: skerry user reset NAME");
    error.quota = Quota{"sign-ins", failures_per_name_max, 0, sign_in_window_seconds};
    return fail(std::move(error));
  }
  ++count_of(address_key, now_ms).failures;
  ++count_of(both_key, now_ms).failures;
  return {};
}

void SignInLimits::succeeded(std::string_view name, std::string_view address, std::int64_t now_ms) {
  const MutexLock lock(mutex_);
  counts_.erase(key_of(name, address));
  std::uint32_t& failures = count_of(std::string(address), now_ms).failures;
  failures -= std::min(failures, 1U);
}

}  // namespace skerry::api
