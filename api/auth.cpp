#include "api/auth.hpp"

#include <algorithm>
#include <cctype>

namespace skerry::api {
namespace {

constexpr std::string_view how_to_send =
    "send Authorization: Bearer TOKEN, with one that skerry token create made";

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view name = "bearer";
  return std::equal(scheme.begin(), scheme.end(), name.begin(), name.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

}  // namespace

Result<std::string_view> bearer_token(std::string_view authorization) {
  if (authorization.empty()) return authorization;
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos || !is_bearer(authorization.substr(0, space)))
    return fail(Errc::unauthorized, "the Authorization header is not of the form: Bearer <token>",
                std::string(how_to_send));
  const std::string_view token = authorization.substr(space + 1);
  if (token.empty() || !std::all_of(token.begin(), token.end(), is_token_char))
    return fail(Errc::unauthorized, "the bearer token is not written as a token is",
                std::string(how_to_send));
  return token;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = header.find(';');
    std::string_view pair = header.substr(0, end);
    header = end == std::string_view::npos ? std::string_view() : header.substr(end + 1);
    pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
  }
  return {};
}

Result<void> check_fetch_site(const Request& request) {
  const std::string_view site = request.header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none")
    return fail(Errc::forbidden, "the browser says that another site sent this request",
                "open this machine's own page");
  return {};
}

Result<void> check_same_site(const Request& request) {
  SKERRY_TRY_VOID(check_fetch_site(request));
  if (request.method != Method::get && request.header("X-Skerry-Source").empty())
    return fail(Errc::forbidden, "a session changes nothing without the header X-Skerry-Source",
                "X-Skerry-Source: console");
  return {};
}

bool FailedTokens::may_try(std::string_view address, std::int64_t now_ms) {
  const std::int64_t second = now_ms / 1000;
  if (last_second_.load(std::memory_order_relaxed) != second) return true;
  return quota(address, now_ms).remaining > 0;
}

Quota FailedTokens::quota(std::string_view address, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(std::string(address));
  const bool counted = found != counts_.end() && found->second.second == now_ms / 1000;
  const std::uint32_t used = counted ? std::min(found->second.failures, per_second_max_) : 0;
  return {"failed-tokens", per_second_max_, per_second_max_ - used, 1};
}

void FailedTokens::failed(std::string_view address, std::int64_t now_ms) {
  const std::int64_t second = now_ms / 1000;
  const std::scoped_lock lock(mutex_);
  last_second_.store(second, std::memory_order_relaxed);
  if (counts_.size() >= addresses_max_) counts_.clear();
  Count& count = counts_[std::string(address)];
  if (count.second != second) count = Count{second, 0};
  ++count.failures;
}

}  // namespace skerry::api
