#include "api/retry.hpp"

#include <algorithm>

#include "api/context.hpp"
#include "api/work.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t key_bytes_max = 255;
constexpr std::int64_t purged_with_each_answer = 2;  // so the table shrinks faster than it grows

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= key_bytes_max &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void add(crypto::Sha256& hash, std::string_view text) {
  hash.update(as_bytes(std::to_string(text.size())));
  hash.update(as_bytes(" "));
  hash.update(as_bytes(text));
}

}  // namespace

Hash hash_of(const Request& request) {
  crypto::Sha256 hash;
  add(hash, to_string(request.method));
  for (const std::string& segment : request.target.segments) add(hash, segment);
  for (const QueryParameter& parameter : request.queries()) {
    add(hash, parameter.name);
    add(hash, parameter.value);
  }
  add(hash, request.body);
  if (request.upload.file) hash.update(request.upload.sha256);
  return hash.finish();
}

bool RunningKeys::enter(const std::string& principal, const std::string& key) {
  const MutexLock lock(mutex_);
  return keys_.emplace(principal, key).second;
}

void RunningKeys::leave(const std::string& principal, const std::string& key) {
  const MutexLock lock(mutex_);
  keys_.erase({principal, key});
}

Result<Retry> Retry::begin(Context& context, const Request& request) {
  Retry retry;
  const std::string_view key = request.header("Idempotency-Key");
  if (!request.headers || request.headers->find("Idempotency-Key") == request.headers->end())
    return retry;  // an empty one is no key: who sends it believes in its protection
  if (!is_key(key))
    return fail(Errc::bad_request, "Idempotency-Key must be 1 to 255 printable ASCII characters");
  retry.principal_ = request.principal->id;
  retry.key_ = key;
  retry.request_hash_ = hash_of(request);
  retry.clock_ = context.run_clock;
  // Entered before the table is read: whoever held the key before has committed by then.
  if (!context.running_keys->enter(retry.principal_, retry.key_))
    return fail(Errc::idempotency_running, "the first request with this key is still running",
                "send it again in a moment");
  retry.running_ = context.running_keys;
  const store::Reader reader = context.node.database.read();
  retry.kept_ = store::find_kept_answer(*reader, retry.principal_, retry.key_, retry.clock_->now());
  if (retry.kept_ && retry.kept_->request_hash != retry.request_hash_)
    return fail(Errc::idempotency_mismatch, "this key was used for another request",
                "use a new key for a new request");
  return retry;
}

Retry::~Retry() {
  if (running_) running_->leave(principal_, key_);
}

std::optional<Response> Retry::replay() {
  if (!kept_) return std::nullopt;
  Response response = Response::json(static_cast<unsigned>(kept_->status), std::move(kept_->body));
  if (kept_->status >= 400) response.content_type = "application/problem+json";
  response.headers = std::move(kept_->headers);
  response.header("Idempotency-Replayed", "true");
  return response;
}

void Retry::keep(store::Connection& connection, const Response& response) const {
  if (!has_key()) return;
  const auto* body = std::get_if<std::string>(&response.body);
  SKERRY_CHECK(body != nullptr);
  const UnixMillis now = clock_->now();
  store::keep_answer(connection, principal_, key_,
                     {request_hash_, static_cast<int>(response.status), response.headers, *body},
                     now);
  store::purge_kept_answers(connection, now, purged_with_each_answer);
}

Task<Result<void>> Retry::keep_now(Context& context, const Response& response) const {
  if (!has_key()) co_return Result<void>();
  auto work = [&](store::Connection& connection) -> Result<void> {
    keep(connection, response);
    return {};
  };
  auto kept = co_await write(context, work);
  co_return kept;
}

}  // namespace skerry::api
