// Idempotency-Key: a request that is sent again gets the answer of the first time.
//
//   SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
//   if (auto again = retry.replay()) co_return std::move(*again);
//   …write job: … retry.keep(connection, response);     // with the effect, in its transaction
//
// Every other POST stands in the route table as handler<retried<function>>. The one POST without a
// key is /v1/exchange: it answers by content, and the same bundle again is a duplicate.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api/http_types.hpp"
#include "core/mutex.hpp"
#include "store/idempotency.hpp"
#include "store/run_clock.hpp"

namespace skerry::api {

struct Context;

// Of what makes two requests the same: method, path, query and body.
Hash hash_of(const Request& request);

// The keys whose first request has not been answered yet. Any thread.
class RunningKeys {
 public:
  bool enter(const std::string& principal, const std::string& key) SKERRY_EXCLUDES(mutex_);
  void leave(const std::string& principal, const std::string& key) SKERRY_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::set<std::pair<std::string, std::string>> keys_ SKERRY_GUARDED_BY(mutex_);
};

// One request's dealings with its key; does nothing for a request without one. Lives in the
// handler's frame until the answer is on its way.
class Retry {
 public:
  // Errors: bad_request (not a key: 1–255 printable ASCII characters), idempotency_mismatch (the
  // key was used for another request), idempotency_running.
  static Result<Retry> begin(Context& context, const Request& request);
  Retry(Retry&& other) noexcept = default;
  Retry& operator=(Retry&&) = delete;
  ~Retry();

  // The answer of the first time, with Idempotency-Replayed: true.
  std::optional<Response> replay();

  // Writer thread, inside the transaction of the effect. The answer is a text (CHECK).
  void keep(store::Connection& connection, const Response& response) const;
  // In a transaction of its own.
  Task<Result<void>> keep_now(Context& context, const Response& response) const;
  bool has_key() const { return !key_.empty(); }

 private:
  Retry() = default;

  std::shared_ptr<RunningKeys> running_;  // null without a key and after a move
  std::string principal_;
  std::string key_;
  Hash request_hash_{};
  std::shared_ptr<const store::RunClock> clock_;
  std::optional<store::KeptAnswer> kept_;
};

// For effects that are not one write job: the answer is kept behind the effect, in a transaction of
// its own, so a crash between the two lets a retry run once more. Refusals are not kept.
template <auto Function>
Task<Result<Response>> retried(Context& context, Request& request) {
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  auto response = co_await Function(context, request);
  if (!response) co_return tl::unexpected<Error>(std::move(response).error());
  if (request.target.flag("dry_run").value_or(false)) co_return response;  // nothing of it stays
  SKERRY_CHECK(std::holds_alternative<std::string>(response->body));
  auto kept = co_await retry.keep_now(context, *response);
  if (!kept) co_return tl::unexpected<Error>(std::move(kept).error());
  co_return response;
}

}  // namespace skerry::api
