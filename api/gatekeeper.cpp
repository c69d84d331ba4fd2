#include "api/gatekeeper.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/router.hpp"
#include "core/log.hpp"
#include "core/timestamp.hpp"
#include "crypto/token.hpp"
#include "store/tokens.hpp"

namespace skerry::api {
namespace {

constexpr std::int64_t use_noted_every_ms = 60'000;

struct NoteUse final : store::WriteJob {
  RecordId id;
  UnixMillis now;
  NoteUse(RecordId i, UnixMillis n) : id(i), now(n) {}
  Result<void> run(store::Connection& connection) override {
    store::note_token_use(connection, id, now);
    return {};
  }
  void done(Result<void> outcome) noexcept override {
    if (!outcome)
      log(Level::warning, "the use of a token was not noted: {}", outcome.error().detail);
  }
};

tl::unexpected<Error> unknown_token(std::string why) {
  return fail(Errc::unauthorized, std::move(why), "skerry token create");
}

}  // namespace

std::optional<TokenCache::Entry> TokenCache::find(const Hash& hash) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

bool TokenCache::should_note_use(const Hash& hash, UnixMillis now, std::int64_t every_ms) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return false;
  UnixMillis& noted = found->second.use_noted_at;
  if (now < noted + every_ms && now >= noted) return false;
  noted = now;
  return true;
}

std::uint64_t TokenCache::generation() {
  const MutexLock lock(mutex_);
  return generation_;
}

void TokenCache::insert(const Hash& hash, Entry entry, std::uint64_t generation) {
  const MutexLock lock(mutex_);
  if (generation == generation_) entries_.insert_or_assign(hash, std::move(entry));
}

void TokenCache::forget_all() {
  const MutexLock lock(mutex_);
  ++generation_;
  entries_.clear();
}

Result<std::shared_ptr<const Principal>> Gatekeeper::authenticate(std::string_view token,
                                                                  std::string_view) {
  if (!crypto::is_well_formed_token(token))
    return unknown_token("the token is not one of Skerry's, or a character of it is wrong");
  const Hash hash = crypto::token_hash(token);
  auto entry = context_.tokens->find(hash);
  if (!entry) {
    SKERRY_TRY(entry, look_up(hash));
  }
  const UnixMillis now = context_.node.clock.wall_ms();
  if (entry->expires_at && now >= *entry->expires_at)
    return unknown_token(
        fmt::format("the token expired at {}", format_timestamp(*entry->expires_at)));
  if (context_.tokens->should_note_use(hash, now, use_noted_every_ms)) note_use(entry->id, now);
  return entry->principal;
}

Result<TokenCache::Entry> Gatekeeper::look_up(const Hash& hash) {
  const std::uint64_t generation = context_.tokens->generation();
  std::optional<store::Token> token;
  {
    const store::Reader reader = context_.node.database.read();
    token = store::find_token_by_hash(*reader, hash);
  }
  if (!token) return unknown_token("the token is not known here");
  if (token->revoked_at) return unknown_token(fmt::format("the token {} was revoked", token->name));
  auto principal = std::make_shared<Principal>();
  principal->kind = Principal::Kind::token;
  principal->id = to_string(token->id);
  principal->name = token->name;
  principal->customers = token->customers;
  for (const std::string& name : token->access)
    if (const auto access = parse_access(name)) principal->grant(*access);
  if (principal->may(Access::read)) principal->grant(Access::log);
  TokenCache::Entry entry{std::move(principal), token->id, token->expires_at,
                          token->last_used_at.value_or(0)};
  context_.tokens->insert(hash, entry, generation);
  return entry;
}

Result<std::shared_ptr<const Principal>> Gatekeeper::find_session(std::string_view secret,
                                                                  Use use) {
  return context_.sessions->find(secret, context_.node.clock, use);
}

void Gatekeeper::refused(const Request& request, const Error& error) {
  const bool known = request.principal->kind != Principal::Kind::anonymous;
  store::Author author{known ? author_of(request).actor : "nobody", "api", request.id};
  context_.access_log->refused(context_.node, known ? "denied" : "token_refused",
                               {{"operation", request.route->operation_id},
                                {"from", request.peer},
                                {"code", info(error.code).slug}},
                               author);
}

// Nobody waits for it; a full queue means the next minute's request notes it.
void Gatekeeper::note_use(const RecordId& id, UnixMillis now) {
  if (auto queued = context_.node.database.submit(std::make_unique<NoteUse>(id, now)); !queued)
    log(Level::debug, "the use of a token was not noted: {}", queued.error().detail);
}

}  // namespace skerry::api
