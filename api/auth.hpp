// Who may do what: the port to the tokens, and the brake on guessing them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/http_types.hpp"
#include "api/limits.hpp"

namespace skerry::api {

// Port: looks a bearer token up. Called on I/O threads, by several at once, for every request that
// carries a token: it answers from memory or one indexed read. Errc::unauthorized for a token it
// does not know.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Result<std::shared_ptr<const Principal>> authenticate(std::string_view token,
                                                                std::string_view peer_address) = 0;
};

// The token of "Authorization: Bearer <token>" (RFC 6750); Errc::unauthorized for any other scheme.
// Empty for an empty header.
Result<std::string_view> bearer_token(std::string_view authorization);

// Counts refused tokens per address and second. Thread-safe; costs one atomic load while nobody
// fails.
class FailedTokens {
 public:
  explicit FailedTokens(const Limits& limits)
      : per_second_max_(limits.failed_tokens_per_second_max),
        addresses_max_(limits.failed_token_addresses_max) {}

  // False: this address has used up its guesses for this second.
  bool may_try(std::string_view address, std::int64_t now_ms);
  // The guesses that this address has left in this second.
  Quota quota(std::string_view address, std::int64_t now_ms);
  void failed(std::string_view address, std::int64_t now_ms);

 private:
  struct Count {
    std::int64_t second = 0;
    std::uint32_t failures = 0;
  };

  const std::uint32_t per_second_max_;
  const std::size_t addresses_max_;
  std::atomic<std::int64_t> last_second_{-1};  // of the latest failure of anybody
  std::mutex mutex_;
  std::unordered_map<std::string, Count> counts_;  // guarded by mutex_
};

}  // namespace skerry::api
