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

// Whether looking a session up keeps it from ending.
enum class Use : bool { none, counted };

// Port: looks callers up. Called on I/O threads, by several at once, for every request that carries
// a token or a cookie: it answers from memory or one indexed read.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Errc::unauthorized for a token it does not know.
  virtual Result<std::shared_ptr<const Principal>> authenticate(std::string_view token,
                                                                std::string_view peer_address) = 0;
  // By the value of the session's cookie. Errc::unauthorized for one that has ended.
  virtual Result<std::shared_ptr<const Principal>> find_session(std::string_view secret,
                                                                Use use) = 0;
  // Is told of every request that was refused for who sent it: somebody known without the right, or
  // credentials that are not known. Not of requests without any.
  virtual void refused(const Request& request, const Error& error) = 0;
};

// The cookie of a session (RFC 6265bis: bound to this host, HTTPS and the whole site).
inline constexpr std::string_view session_cookie = "__Host-skerry";
// The value of this cookie in a Cookie header; empty when it is not there.
std::string_view cookie_value(std::string_view header, std::string_view name);

// Against requests that another site makes a browser send: Errc::forbidden when the browser says
// that they come from elsewhere (Sec-Fetch-Site), and for one that changes something without the
// header X-Skerry-Source, which no form and no other site can add.
Result<void> check_same_site(const Request& request);
// The first of the two alone: for signing in, by which no session is used yet.
Result<void> check_fetch_site(const Request& request);

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
