#include "api/sign_in_limits.hpp"

#include <fmt/format.h>
#include <set>

namespace skerry::api {
namespace {

constexpr std::int64_t window_ms = sign_in_window_seconds * 1000;

// An address holds no blank.
constexpr std::string_view address_of(std::string_view key) { return key.substr(0, key.find(' ')); }
std::string key_of(std::string_view name, std::string_view address) {
  return std::string(address).append(" ").append(name);
}

// Not one of them is known to be wrong.
tl::unexpected<Error> wait_a_moment(std::uint32_t limit) {
  Error error(Errc::too_many_requests,
              "so many sign-ins from this address are being looked at at this moment",
              "try again in a moment");
  error.quota = Quota{"sign-ins", limit, 0, sign_in_window_seconds, 1};
  return fail(std::move(error));
}

tl::unexpected<Error> slow_down(std::string_view name, std::uint32_t limit,
                                std::int64_t passed_ms) {
  const auto left = static_cast<std::uint32_t>((window_ms - passed_ms + 999) / 1000);
  const bool by_code = name == sign_in_by_code;
  Error error(Errc::too_many_requests,
              fmt::format("too many {} from this address have failed",
                          by_code ? "one-time codes" : "sign-ins"),
              fmt::format("wait {} minutes{}", (left + 59) / 60,
                          by_code ? ", or use the code from another address"
                                  : ", or on the machine itself: skerry user reset NAME, whose "
                                    "code is taken at once"));
  error.quota = Quota{"sign-ins", limit, 0, sign_in_window_seconds, left};
  return fail(std::move(error));
}

}  // namespace

SignInLimits::Count& SignInLimits::count_of(const std::string& key, std::int64_t now_ms) {
  if (counts_.size() >= sign_in_counts_max && !counts_.contains(key)) {
    std::erase_if(counts_,
                  [&](const auto& count) { return now_ms - count.second.since_ms >= window_ms; });
    if (counts_.size() >= sign_in_counts_max) counts_.erase(counts_.begin());
  }
  Count& count = counts_.try_emplace(key, Count{now_ms}).first->second;
  if (now_ms - count.since_ms >= window_ms) count = Count{now_ms};
  return count;
}

Result<void> SignInLimits::try_one(std::string_view name, std::string_view address,
                                   std::int64_t now_ms) {
  const std::string both_key = key_of(name, address), address_key(address);
  const MutexLock lock(mutex_);
  const Count of_address = count_of(address_key, now_ms), of_both = count_of(both_key, now_ms);
  if (of_address.failures - of_address.open >= failures_per_address_max)
    return slow_down(name, failures_per_address_max, now_ms - of_address.since_ms);
  if (of_both.failures - of_both.open >= failures_per_name_max)
    return slow_down(name, failures_per_name_max, now_ms - of_both.since_ms);
  if (of_address.failures >= failures_per_address_max)
    return wait_a_moment(failures_per_address_max);
  if (of_both.failures >= failures_per_name_max) return wait_a_moment(failures_per_name_max);
  for (const std::string& key : {both_key, address_key}) {
    Count& count = count_of(key, now_ms);
    ++count.failures;
    ++count.open;
  }
  return {};
}

void SignInLimits::close_one(std::string_view name, std::string_view address, std::int64_t now_ms,
                             std::uint32_t taken_back) {
  const MutexLock lock(mutex_);
  for (const std::string& key : {key_of(name, address), std::string(address)}) {
    Count& count = count_of(key, now_ms);
    if (count.open == 0) continue;  // of a window, or a count, that has ended meanwhile
    --count.open;
    count.failures -= taken_back;
  }
}

void SignInLimits::failed(std::string_view name, std::string_view address, std::int64_t now_ms) {
  close_one(name, address, now_ms, 0);
}

void SignInLimits::take_back(std::string_view name, std::string_view address, std::int64_t now_ms) {
  close_one(name, address, now_ms, 1);
}

void SignInLimits::succeeded(std::string_view name, std::string_view address, std::int64_t now_ms) {
  take_back(name, address, now_ms);
  const MutexLock lock(mutex_);
  counts_.erase(key_of(name, address));
}

void SignInLimits::forget(std::string_view name) {
  const MutexLock lock(mutex_);
  std::set<std::string, std::less<>> addresses;
  for (const auto& [key, count] : counts_)
    if (const std::string_view address = address_of(key); key == key_of(name, address))
      addresses.emplace(address);
  std::erase_if(counts_,
                [&](const auto& count) { return addresses.contains(address_of(count.first)); });
}

}  // namespace skerry::api
